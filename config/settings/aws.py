"""A VM on AWS: where it is, what it is made of, who may reach it."""

from collections.abc import Collection, Iterator, Sequence
from ipaddress import ip_network
from typing import Literal

from pydantic import Field

from portico.config.instance_kind import find_arch, is_mac, is_xen
from portico.config.mistake import Mistake
from portico.config.settings.cloud_text import (
    AmiId,
    HostedZoneId,
    InstanceType,
    NetworkBlock,
    PublicKey,
    Region,
    RuleName,
    TagKey,
    TagValue,
    TopicArn,
    Zone,
)
from portico.config.settings.host_name import HostName
from portico.config.settings.machine_text import KeyPath
from portico.config.settings.quantity import Size
from portico.config.settings.region import find_partition
from portico.config.settings.section import Filled, Section
from portico.config.settings.text import NetworkRange

# The shortest prefix of a network that is somebody's own, by the version of IP.
_WIDEST = {4: 8, 6: 16}
# What each VM may reach anyway, and each task of it by HTTPS alone.
_PORTS = {"http": 80, "https": 443}
# What Amazon Data Lifecycle Manager takes in no key of a tag, and others do.
_UNFIT = frozenset(" @")
# Days that CloudWatch Logs can keep something; 0, forever, is not offered.
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


class Dns(Section):
    """A name for the VM's address, in a zone of Route 53 that is there already."""

    zone: HostedZoneId = Field(examples=["Z0123456789ABCDEFGHIJ"], description="The id of the hosted zone.")
    name: HostName = Field(examples=["shop.example"], description="The name that leads to the VM.")


class Egress(Section):
    """One thing outside that the applications may reach besides HTTP and HTTPS, such as a database."""

    name: RuleName = Field(examples=["database"], description="What it is, and the name of its rule.")
    protocol: Literal["tcp", "udp"] = Field(default="tcp", description="The protocol.")
    port: int = Field(ge=1, le=65535, examples=["5432"], description="The port.")
    network: NetworkRange = Field(examples=["203.0.113.0/24"], description="The addresses.")


def list_twin_rules(section: str, rules: Sequence[Egress], own: Collection[str]) -> Iterator[Mistake]:
    """Rules that have the name of another of `rules` or of the `own` ones, or open the same: AWS takes each once."""
    names, opened = {*own}, {("tcp", _PORTS[name], "0.0.0.0/0"): name for name in own}
    for index, rule in enumerate(rules):
        path = f"{section}.egress[{index}]"
        if rule.name in names:
            yield Mistake(f"{path}.name", f'"{rule.name}" is another rule already; write another name')
        elif other := opened.get((rule.protocol, rule.port, rule.network)):
            yield Mistake(path, f'opens what "{other}" opens already, and AWS accepts each rule once; leave it out')
        names.add(rule.name)
        opened.setdefault((rule.protocol, rule.port, rule.network), rule.name)


class Aws(Section):
    """The VM that Portico makes on AWS, and the network around it."""

    region: Region = Field(examples=["eu-central-1"], description="The region.")
    zone: Zone | None = Field(
        default=None, description="The availability zone; the first that has such a VM where not set."
    )
    instance_type: InstanceType = Field(
        default="t4g.small", description="The kind of VM; Graviton (such as t4g, m7g) is arm64, all others are x86."
    )
    ami: AmiId = Field(
        examples=["ami-0123456789abcdef0"],
        description="The image of Ubuntu 24.04 LTS, pinned; docs/settings.md says how to find one.",
    )
    range: NetworkBlock = Field(
        default="10.80.0.0/16",
        description="The addresses of its network; others where it is to be connected with one that has the same.",
    )
    disk: Size = Field(default=Size.parse("20G"), description="The VM's disk, encrypted; whole G.")
    swap: Size = Field(default=Size.parse("1G"), description="Swap on that disk, for moments of short memory.")
    data_disk: Size = Field(
        default=Size.parse("10G"),
        description="A disk of its own for `data` of the sites, encrypted; whole G, and never less than before.",
    )
    data_snapshots: int = Field(default=14, ge=1, le=1000, description="Daily snapshots of that disk that are kept.")
    keys: Filled[tuple[PublicKey, ...]] = Field(
        examples=['["ssh-ed25519 AAAA… ann"]'], description="Public SSH keys of those who deploy."
    )
    key: KeyPath | None = Field(
        default=None, description="The private key's path, from Pulumi.yaml or ~; keys of the agent where not set."
    )
    access: Literal["ssm", "ssh"] = Field(
        default="ssm",
        description="How the VM is reached: through AWS Systems Manager, no port open, or by SSH from `sshFrom`.",
    )
    ssh_from: tuple[NetworkRange, ...] = Field(
        default=(), description="The networks that may use SSH; for `access: ssh` alone, and never everybody."
    )
    egress: tuple[Egress, ...] = Field(default=(), description="What may be reached besides HTTP and HTTPS.")
    dns: Dns | None = Field(default=None, description="A DNS record for the address; none where not set.")
    retention: int = Field(default=90, ge=1, le=3653, description="Days that flow logs are kept.")
    alarm_topic: TopicArn | None = Field(
        default=None, description="An SNS topic that is notified of failed status checks; the VM is recovered anyway."
    )
    ready_timeout: int = Field(
        default=600, ge=60, le=3600, description="Seconds that a new VM has to become ready for containers."
    )
    tags: dict[TagKey, TagValue] = Field(default_factory=dict, description="Tags of everything that is made.")

    @property
    def arch(self) -> Literal["arm64", "amd64"]:
        """The processor's kind, by Debian's names."""
        return find_arch(self.instance_type)

    @property
    def partition(self) -> str:
        """The part of AWS that the region is in, as names of resources (ARNs) begin."""
        return find_partition(self.region)

    def list_contradictions(self) -> Iterator[Mistake]:
        """What is wrong between settings that are right by themselves."""
        if self.access == "ssh" and not self.ssh_from:
            yield Mistake("aws.sshFrom", "is required for access: ssh; write the networks of those who deploy")
        if self.access == "ssm" and self.ssh_from:
            yield Mistake("aws.sshFrom", "is for access: ssh; leave it out, or write access: ssh")
        for index, text in enumerate(self.ssh_from):
            # Two halves of everybody are everybody too.
            if (network := ip_network(text)).prefixlen < _WIDEST[network.version]:
                yield Mistake(f"aws.sshFrom[{index}]", f'"{text}" lets everybody in; write your own networks')
            elif text in self.ssh_from[:index]:
                yield Mistake(f"aws.sshFrom[{index}]", f'"{text}" is listed twice; write each network once')
        if self.zone and self.zone[:-1] != self.region:
            yield Mistake("aws.zone", f'"{self.zone}" is not in {self.region}; write one such as {self.region}a')
        if is_mac(self.instance_type):
            yield Mistake("aws.instanceType", f"{self.instance_type} runs no Ubuntu; write one such as t4g.small")
        if self.retention not in RETENTION:
            choice = ", ".join(map(str, RETENTION))
            yield Mistake("aws.retention", f"CloudWatch keeps nothing for {self.retention} days; write one of {choice}")
        yield from list_twin_rules("aws", self.egress, ("http", "https"))
        if self.disk < Size.parse("8G"):
            yield Mistake("aws.disk", f'"{self.disk}" is less than the image itself needs; write at least 8G')
        if self.data_disk < Size.parse("1G"):
            yield Mistake("aws.dataDisk", f'"{self.data_disk}" is less than a disk can have; write at least 1G')
        if self.swap.bytes * 2 > self.disk.bytes:
            yield Mistake("aws.swap", f'"{self.swap}" is more than half of the disk; write less')

    def list_unfit(self) -> Iterator[Mistake]:
        """What is wrong where sites have data."""
        if is_xen(self.instance_type):
            family = self.instance_type.split(".")[0]
            text = f"{family} does not show a data disk's id to the VM; write one of the Nitro kind, such as t4g.small"
            yield Mistake("aws.instanceType", text)
        for key in self.tags:
            if set(key) & _UNFIT:
                text = f'"{key}" is no key for what makes snapshots of data: it takes no space and no @; write another'
                yield Mistake("aws.tags", text)

    def list_unreachable(self, address: str, port: int, tls_port: int | None) -> Iterator[Mistake]:
        """What is wrong with where NGINX is published: on the VM only 80 and 443 are open, and for everybody."""
        if address not in ("0.0.0.0", "::"):
            yield Mistake("address", f'"{address}" cannot be reached from outside the VM; write 0.0.0.0')
        if port != 80:
            yield Mistake("port", f"{port} is not open on the VM; write 80")
        if tls_port not in (None, 443):
            yield Mistake("tls.port", f"{tls_port} is not open on the VM; write 443")
