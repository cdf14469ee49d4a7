"""Everything a stack says, checked."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from portico.config.mistake import CLOSE, Mistake, Mistakes, list_mistakes, show_text
from portico.config.settings.aws import Aws
from portico.config.settings.client import Client
from portico.config.settings.ecs import Ecs
from portico.config.settings.nginx import Nginx, read_version
from portico.config.settings.presets import apply_preset
from portico.config.settings.quantity import Size
from portico.config.settings.section import Filled, Section
from portico.config.settings.site import Site, derive_uid
from portico.config.settings.ssh import Ssh
from portico.config.settings.text import Address, EngineAddress, FilePath, ImageName, ReleaseId, SiteName
from portico.config.settings.tls import Tls

# What an application needs in memory besides its uploads.
_BESIDES = Size.parse("128M")


class Settings(Section):
    """The settings of one stack: plain values only; no secret and no Pulumi type is in them."""

    target: Literal["local", "ssh", "aws", "ecs"] = Field(
        default="local",
        description="Where the sites run: in Docker on this machine (or where DOCKER_HOST says), on one reached over "
        "SSH or on a VM on AWS; or on ECS, without a machine of one's own.",
    )
    docker: EngineAddress | None = Field(
        default=None,
        description="Docker's address, for target local; DOCKER_HOST or the usual socket otherwise.",
    )
    ssh: Ssh | None = Field(default=None, description="The machine of target ssh.")
    aws: Aws | None = Field(default=None, description="The VM of target aws.")
    ecs: Ecs | None = Field(default=None, description="The tasks and the load balancer of target ecs.")
    address: Address = Field(default="127.0.0.1", description="The address that NGINX is published on.")
    port: int = Field(default=8080, ge=1, le=65535, description="The port that NGINX is published on.")
    preset: Literal["default", "article", "strict"] = Field(
        default="default",
        description="What is meant where nothing is said: see docs/presets.md.",
    )
    upstream: Literal["socket", "container", "tcp"] = Field(
        default="socket",
        description="How NGINX reaches Gunicorn: unix socket, the container's name, or (make render alone) 127.0.0.1.",
    )
    replicas: int = Field(default=2, ge=1, le=32, description="Containers that serve each site.")
    nginx_image: ImageName = Field(default="nginx:1.30.6", description="NGINX's image, pinned.")
    python_image: ImageName = Field(
        default="python:3.13-slim", description="The image below an application that brings no Dockerfile, pinned."
    )
    ca_bundle: FilePath | None = Field(
        default=None,
        description="Certificates that image builds trust (PORTICO_CA_BUNDLE otherwise); never part of the image.",
    )
    health_timeout: int = Field(
        default=60, ge=5, le=3600, description="Seconds that a new replica has to become healthy."
    )
    keep_releases: int = Field(
        default=5, ge=1, le=50, description="Releases of each site that stay on the engine, to go back to."
    )
    rollback: dict[SiteName, ReleaseId] = Field(
        default_factory=dict,
        description="Sites held at a past release, by id; their source is not looked at. Written by `make rollback`.",
    )
    protect: bool = Field(default=False, description="Refuse to destroy the stack: its network and volumes.")
    tls: Tls | None = Field(default=None, description="HTTPS; plain HTTP alone where not set.")
    client: Client | None = Field(default=None, description="Proxies in front of NGINX, and how they name the client.")
    nginx: Nginx = Field(default_factory=Nginx, description="How NGINX runs.")
    sites: Filled[tuple[Site, ...]] = Field(
        examples=["a list of name, source, entry and hosts"], description="The applications served."
    )

    @field_validator("nginx_image")
    @classmethod
    def _know_version(cls, value: str) -> str:
        version = read_version(value)
        if version and version < (1, 22, 0):
            raise PydanticCustomError(
                "version", '"{value}" is older than Portico writes for; write nginx:1.22.0 or newer', {"value": value}
            )
        return value

    @field_validator("ca_bundle")
    @classmethod
    def _find_bundle(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not (Path((info.context or {}).get("root", ".")) / value).is_file():
            raise PydanticCustomError(
                "file", '"{value}" is not a file; write the path of a PEM bundle, or leave it out', {"value": value}
            )
        return value

    @property
    def nginx_version(self) -> tuple[int, int, int]:
        """The version that the configuration is written for; a digest alone is taken for the current stable."""
        written = read_version(f":{self.nginx.version}") if self.nginx.version else None
        return written or read_version(self.nginx_image) or (1, 30, 6)

    @property
    def hands_over(self) -> bool:
        """Whether a new NGINX takes the port from the old one, rather than wait until that is gone."""
        return "alpine" not in self.nginx_image if self.nginx.handover is None else self.nginx.handover

    def _list_contradictions(self) -> list[Mistake]:
        """What is wrong between settings that are right by themselves: all of it, so not by pydantic's validators."""
        return [
            *self._check_target(),
            *self._check_tls(),
            *self._check_version(),
            *self._check_names(),
            *self._check_bodies(),
        ]

    def _check_target(self) -> Iterator[Mistake]:
        if self.target == "ssh" and not self.ssh:
            yield Mistake("ssh", "is required for target ssh; write at least its host and user")
        if self.target == "aws" and not self.aws:
            yield Mistake("aws", "is required for target aws; write at least its region, ami and keys")
        if self.ssh and self.target != "ssh":
            yield Mistake("ssh", f"is for another target than {self.target}; write target: ssh, or leave it out")
        if self.aws and self.target != "aws":
            yield Mistake("aws", f"is for another target than {self.target}; write target: aws, or leave it out")
        if self.docker and self.target != "local":
            yield Mistake("docker", f"is for another target than {self.target}; write target: local, or leave it out")
        if self.ssh and self.ssh.jump and self.ssh.proxy_command:
            yield Mistake("ssh.jump", "does not go with ssh.proxyCommand: both say how to get there; write one of them")
        if self.aws:
            yield from self.aws.list_contradictions()
            yield from self.aws.list_unreachable(self.address, self.port, self.tls.port if self.tls else None)
        yield from self._check_ecs()

    def _check_ecs(self) -> Iterator[Mistake]:
        if self.target == "ecs" and not self.ecs:
            yield Mistake("ecs", "is required for target ecs; write at least its region")
        if self.ecs and self.target != "ecs":
            yield Mistake("ecs", f"is for another target than {self.target}; write target: ecs, or leave it out")
        if self.ecs and self.target == "ecs":
            # Read late: they are written in terms of these settings.
            from portico.config.targets.ecs.checks import list_taken
            from portico.config.targets.ecs.timing import list_contradictions

            yield from self.ecs.list_contradictions()
            yield from list_contradictions(self)
            yield from self.ecs.list_misfits(self.sites, self.nginx, self.replicas)
            yield from list_taken(self)
            if self.protect and not self.ecs.https:
                yield Mistake("ecs", "a protected stack speaks HTTPS; write ecs.certificate or ecs.dns")

    def _check_tls(self) -> Iterator[Mistake]:
        if self.tls and not self.tls.local_authority:
            lacking = [f"sites[{index}].certificate" for index, site in enumerate(self.sites) if not site.certificate]
            if lacking:
                yield Mistake(", ".join(lacking), "is required for tls; write it, or tls.localAuthority: true")
        if self.tls and self.tls.http3 and self.nginx_version < (1, 25, 0):
            yield Mistake("", "tls.http3 needs NGINX 1.25.0 or newer; write http3: false")
        if self.tls and self.tls.port == self.port:
            yield Mistake("", "tls.port is the port of plain HTTP too; write another")

    def _check_version(self) -> Iterator[Mistake]:
        said = read_version(f":{self.nginx.version}") if self.nginx.version else None
        tagged = read_version(self.nginx_image)
        if not said and not tagged and "@sha256:" not in self.nginx_image:
            yield Mistake(
                "nginxImage", f'"{self.nginx_image}" does not tell its version; write one such as nginx:1.30.6'
            )
        if said and tagged and said != tagged:
            yield Mistake("nginx.version", "is not the version of nginxImage; leave it out, or write the tag's")
        if said and said < (1, 22, 0):
            yield Mistake("nginx.version", "is older than Portico writes for; write 1.22.0")

    def _check_names(self) -> Iterator[Mistake]:
        if self.upstream == "container" and self.nginx_version < (1, 27, 3):
            for index, site in enumerate(self.sites):
                if site.weights or site.balance != "round_robin":
                    yield Mistake(
                        f"sites[{index}]",
                        "balance and weights over container names need NGINX 1.27.3; "
                        "write upstream: socket, or leave them out",
                    )

    def _check_bodies(self) -> Iterator[Mistake]:
        # On a machine of its own NGINX collects them on the disk, and so it does in a task.
        for index, site in enumerate(self.sites if self.upstream != "tcp" and self.target != "ecs" else ()):
            for path, body in site.list_collected():
                if body > self.nginx.uploads:
                    yield Mistake(
                        f"sites[{index}].{path}",
                        f"{body} does not fit into nginx.uploads, {self.nginx.uploads}, where bodies are collected; "
                        "raise that and nginx.memory, or write requestBuffering: false for the route that takes them",
                    )
            # /tmp is memory of the replica, beside what Python needs for itself.
            needed = site.scratch.mebibytes + _BESIDES.mebibytes
            if needed > site.gunicorn.memory.mebibytes and site.scratch > Size.parse("64M"):
                path, body = max(site.list_collected(), key=lambda one: one[1])
                yield Mistake(
                    f"sites[{index}].{path}",
                    f"{body} does not fit into gunicorn.memory, {site.gunicorn.memory}: /tmp is part of it, and takes "
                    f"two such bodies; write gunicorn.memory: {needed}M for this site",
                )

    def count_replicas(self, site: Site) -> int:
        """How many containers serve `site`."""
        return site.replicas or self.replicas

    @classmethod
    def read(cls, values: Mapping[str, Any], root: Path, held: Collection[str] = ()) -> Self:
        """Check plain values, as a stack file holds them; paths count from `root`.

        The sources of sites that are `held` at a past release are not looked at.
        Raises Mistakes with everything that is wrong, so that nothing needs a second try.
        """
        mistakes = [*_list_twins(values)]
        try:
            # By way of JSON: its arrays are tuples here, and nothing else is coerced.
            settings = cls.model_validate_json(json.dumps(apply_preset(values)), context={"root": root, "held": held})
        except ValidationError as error:
            raise Mistakes([*list_mistakes(cls, error), *mistakes]) from None
        if mistakes := [*settings._list_contradictions(), *mistakes]:
            raise Mistakes(mistakes)
        return settings


def _list_twins(values: Mapping[str, Any]) -> list[Mistake]:
    """Names and host names that stand twice: found in the raw values, so beside all other mistakes."""
    found: list[Mistake] = []
    names: dict[str, int] = {}
    hosts: dict[str, str] = {}
    users: dict[int, str] = {}
    sites = values.get("sites")
    for index, site in enumerate(sites if isinstance(sites, list) else []):
        if not isinstance(site, Mapping):
            continue
        name = str(site.get("name"))
        if (owner := users.setdefault(derive_uid(name), name)) != name:
            text = f'"{name}" would share its user with "{owner}"; write another'
            found.append(Mistake(f"sites[{index}].name", text))
        if names.setdefault(name, index) != index:
            text = f'"{name}" is the name of sites[{names[name]}] already; write another'
            found.append(Mistake(f"sites[{index}].name", text))
        listed = [
            (f"sites[{index}].{name}[{place}]", host)
            for name in ("hosts", "aliases")
            for place, host in enumerate(site[name] if isinstance(site.get(name), list) else [])
        ]
        for key, host in listed:
            if (owner := hosts.setdefault(str(host), key)) != key:
                text = f'"{host}" stands at {owner} already; a host name belongs to one site, once'
                found.append(Mistake(key, text))
    return found


def check_secrets(secrets: Mapping[str, Any], sites: list[str]) -> list[Mistake]:
    """What is wrong with the names (never the values) of `portico:secrets`."""
    found = []
    for site, values in secrets.items():
        path = f"secrets.{site}"
        if site not in sites:
            close = get_close_matches(site, sites, n=1, cutoff=CLOSE)
            hint = f"did you mean {close[0]}? " if close else ""
            gone = (
                f"if it is gone, take its secrets away: pulumi config rm --path portico:secrets.{show_text(site)[1:-1]}"
            )
            found.append(Mistake(path, f"there is no such site; {hint}{gone}"))
        elif not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
            found.append(Mistake(path, "does not fit; write NAME: text pairs"))
        else:
            found += [
                Mistake(f"{path}.{show_text(name)}", "is not a secret's name; write letters, digits and underscores")
                for name in values
                if not re.fullmatch(r"(?!PORTICO_)[A-Za-z_][A-Za-z0-9_]{0,127}", name)
            ]
    return found
