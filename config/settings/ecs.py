"""ECS on Fargate: containers on AWS without a machine to look after, behind a load balancer."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Final, Literal

from pydantic import Field

from portico.config.mistake import Mistake
from portico.config.settings.aws import RETENTION, Egress, list_twin_rules
from portico.config.settings.cloud_text import (
    CertificateArn,
    HostedZoneId,
    NetworkBlock,
    Region,
    TagKey,
    TagValue,
    Zone,
)
from portico.config.settings.nginx import Nginx
from portico.config.settings.quantity import Size
from portico.config.settings.region import find_partition
from portico.config.settings.section import Section
from portico.config.settings.site import Site

# Memory (MiB) that a task may have, by its CPU units, as Fargate sells them.
_SOLD: Final = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
}
# What containers that hand over secrets, or fill new folders of data, may use, in MiB each. They have ended before the
# others start, but AWS counts the limits of all containers of a task together.
INIT_MEMORY: Final = 64
# A task has a disk of 20 GiB, for all requests at once.
_DISK: Final = Size.parse("10G")
# Host names that a certificate of ACM holds, once the account's quota has been raised from 10.
_NAMES: Final = 100


# Names for which ACM gives certificates, as it describes them itself: `*.a` is none.
CERTIFIED: Final = re.compile(r"(\*\.)?((?!-)[a-z0-9-]{0,62}[a-z0-9]\.)+(?!-)[a-z0-9-]{1,62}[a-z0-9]")


class HostedZone(Section):
    """A zone of Route 53 that is there already, and answers for all host names."""

    zone: HostedZoneId = Field(examples=["Z0123456789ABCDEFGHIJ"], description="The id of the hosted zone.")


class Ecs(Section):
    """The tasks on ECS that serve the sites, and the load balancer and network around them."""

    region: Region = Field(examples=["eu-central-1"], description="The region.")
    zones: tuple[Zone, ...] = Field(
        default=(), description="The availability zones, at least two; the first two of the account where not set."
    )
    architecture: Literal["arm64", "x86_64"] = Field(
        default="arm64", description="The processor's kind; arm64 (Graviton) costs a fifth less for the same."
    )
    network: Literal["public", "nat", "endpoints"] = Field(
        default="public",
        description="How tasks reach what is outside. `public`: by addresses of their own, which nobody but the load "
        "balancer may connect to, about $3.65 a month for each task. `nat`: private, through a NAT gateway in each "
        "zone, about $38 a month each and $0.05 a GB. `endpoints`: private, and AWS's own services alone, four "
        "endpoints of about $9 a month in each zone.",
    )
    range: NetworkBlock = Field(
        default="10.0.0.0/16",
        description="The addresses of the network; others where it is to be connected with one that has the same.",
    )
    cpu: Literal[256, 512, 1024, 2048, 4096] = Field(
        default=256, description="CPU units of a task, 1024 for one processor; its memory follows from the limits."
    )
    most: int = Field(default=8, ge=1, le=1000, description="Tasks of each site that scaling out ends at.")
    cpu_target: int = Field(
        default=60, ge=10, le=95, description="Percent of its CPU that a task uses before there are more."
    )
    requests_target: int | None = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="Requests per task and minute before there are more; null to look at the CPU alone.",
    )
    certificate: CertificateArn | None = Field(
        default=None,
        description="A certificate of ACM for all host names. Without this and `dns` there is plain HTTP alone.",
    )
    dns: HostedZone | None = Field(
        default=None,
        description="Where a certificate is proven and all host names are led to the load balancer; nothing of both "
        "where not set.",
    )
    egress: tuple[Egress, ...] = Field(default=(), description="What may be reached besides HTTPS.")
    retention: int = Field(default=90, ge=1, le=3653, description="Days that logs are kept.")
    tags: dict[TagKey, TagValue] = Field(default_factory=dict, description="Tags of everything that is made.")

    @property
    def partition(self) -> str:
        """The part of AWS that the region is in, as names of resources (ARNs) begin."""
        return find_partition(self.region)

    @property
    def platform(self) -> Literal["linux/arm64", "linux/amd64"]:
        """The platform that images are built for, as Docker spells it."""
        return "linux/arm64" if self.architecture == "arm64" else "linux/amd64"

    @property
    def https(self) -> bool:
        """Whether the load balancer has a certificate, given or made."""
        return self.certificate is not None or self.dns is not None

    def memory_of(self, site: Site, nginx: Nginx) -> int | None:
        """The least memory (MiB) that Fargate sells with `cpu` and that holds NGINX's and Gunicorn's limits.

        None where there is none.
        """
        return self.find_memory(_sum_limits(site, nginx))

    def find_memory(self, needed: int) -> int | None:
        """The least memory (MiB) that Fargate sells with `cpu` and that is as much as is needed; None for none."""
        return next((sold for sold in _SOLD[self.cpu] if sold >= needed), None)

    def list_contradictions(self) -> Iterator[Mistake]:
        """What is wrong between settings of this section that are right by themselves."""
        yield from self._check_zones()
        if self.certificate and self.dns:
            yield Mistake("ecs.certificate", "cannot be used with ecs.dns, which makes one; write one of them")
        if self.certificate and (region := self.certificate.split(":")[3]) != self.region:
            yield Mistake(
                "ecs.certificate",
                f"is in {region}, and load balancers in {self.region} use those of {self.region}"
                " alone; write the ARN of one there",
            )
        if self.retention not in RETENTION:
            choice = ", ".join(map(str, RETENTION))
            yield Mistake("ecs.retention", f"CloudWatch keeps nothing for {self.retention} days; write one of {choice}")
        yield from list_twin_rules("ecs", self.egress, ("https",))

    def _check_zones(self) -> Iterator[Mistake]:
        if len(self.zones) == 1:
            yield Mistake("ecs.zones", "one zone is lost as a whole; write at least two, or leave it out")
        for index, zone in enumerate(self.zones):
            if zone[:-1] != self.region:
                text = f'"{zone}" is not in {self.region}; write one such as {self.region}a'
                yield Mistake(f"ecs.zones[{index}]", text)
            elif zone in self.zones[:index]:
                yield Mistake(f"ecs.zones[{index}]", f'"{zone}" is listed twice; write each zone once')

    def list_misfits(self, sites: Sequence[Site], nginx: Nginx, replicas: int) -> Iterator[Mistake]:
        """What is wrong between this section and `sites`; `replicas` are those of a site that says none itself."""
        hosts: set[str] = set()
        for index, site in enumerate(sites):
            tasks = site.replicas or replicas
            if tasks > self.most:
                path = f"sites[{index}].replicas" if site.replicas else "replicas"
                yield Mistake(path, f"{tasks} is above ecs.most, {self.most}; raise that too")
            if self.memory_of(site, nginx) is None:
                yield Mistake(f"sites[{index}].gunicorn.memory", self._refuse_memory(site, nginx))
            for path, body in site.list_collected():
                if body > _DISK:
                    text = f"{body} does not fit on a task's disk, where bodies are collected; write at most {_DISK}"
                    yield Mistake(f"sites[{index}].{path}", f"{text}, or requestBuffering: false for the route")
            hosts.update(site.hosts, site.aliases)
            for key, names in (("hosts", site.hosts), ("aliases", site.aliases)) if self.dns else ():
                for place, host in enumerate(names):
                    if _is_address(host) or not CERTIFIED.fullmatch(host):
                        text = f'"{host}" is not a name that a zone can answer for; leave it out, or leave ecs.dns out'
                        yield Mistake(f"sites[{index}].{key}[{place}]", text)
        if self.dns and len(hosts) > _NAMES:
            text = f"a certificate holds {_NAMES} names, and the sites have {len(hosts)}; write fewer"
            yield Mistake("ecs.dns", text)

    def _refuse_memory(self, site: Site, nginx: Nginx) -> str:
        return f"with NGINX {self.refuse_memory(_sum_limits(site, nginx))}"

    def refuse_memory(self, needed: int) -> str:
        """What is wrong with a task that needs so many MiB, for which `find_memory` finds none."""
        most = _SOLD[self.cpu][-1]
        larger = next((cpu for cpu, sold in _SOLD.items() if sold[-1] >= needed), None)
        hint = f"write ecs.cpu: {larger}, or less" if larger else "write less"
        return f"a task needs {needed} MiB, and Fargate gives at most {most} MiB to ecs.cpu: {self.cpu}; {hint}"


def _sum_limits(site: Site, nginx: Nginx) -> int:
    """What a task's containers may use together, in MiB."""
    inits = 3 if site.data else 2
    return nginx.memory.mebibytes + site.gunicorn.memory.mebibytes + inits * INIT_MEMORY


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
