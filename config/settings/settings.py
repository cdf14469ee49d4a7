"""Everything a stack says; what is checked between its parts: config/checks.py."""

from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from portico.config.settings.aws import Aws
from portico.config.settings.backups import Backups
from portico.config.settings.bundle import Bundle
from portico.config.settings.client import Client
from portico.config.settings.data import Data
from portico.config.settings.ecs import Ecs
from portico.config.settings.nginx import Nginx, read_version
from portico.config.settings.section import Filled, Section
from portico.config.settings.service import Service
from portico.config.settings.site import Site
from portico.config.settings.ssh import Ssh
from portico.config.settings.text import Address, EngineAddress, ImageName, ReleaseId, SiteName
from portico.config.settings.tls import Tls


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
    ca_bundle: Bundle | None = Field(
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
        description="Sites pinned to an earlier release, by id; their source is not looked at. "
        "Written by `make rollback`.",
    )
    protect: bool = Field(default=False, description="Refuse to destroy the stack: its network and volumes.")
    tls: Tls | None = Field(default=None, description="HTTPS; plain HTTP alone where not set.")
    client: Client | None = Field(default=None, description="Proxies in front of NGINX, and how they name the client.")
    nginx: Nginx = Field(default_factory=Nginx, description="How NGINX runs.")
    backups: Backups | None = Field(
        default=None, description="Encrypted backups of the folders of data; none are made where not set."
    )
    services: tuple[Service, ...] = Field(
        default=(), description="Databases and caches beside the sites; a site says which it `uses`."
    )
    sites: Filled[tuple[Site, ...]] = Field(
        examples=["a list of name, source, entry and hosts"], description="The applications served."
    )

    @field_validator("nginx_image")
    @classmethod
    def _know_version(cls, value: str) -> str:
        version = read_version(value)
        if version and version < (1, 22, 0):
            raise PydanticCustomError(
                "version", '"{value}" is older than Portico supports; write nginx:1.22.0 or newer', {"value": value}
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

    @property
    def ordered(self) -> tuple[Site, ...]:
        """The sites whose certificates are ordered by ACME; of those that share a host, the one with the shortest path.

        Its server has that one's certificate (config/render/shared_hosts.py).
        """
        first: dict[str, Site] = {}
        for site in sorted(self.sites, key=lambda site: (len(site.path), site.path)):
            first.setdefault(site.hosts[0], site)
        return tuple(site for site in self.sites if self.is_ordered(site) and first[site.hosts[0]] is site)

    def is_ordered(self, site: Site) -> bool:
        """Whether the certificate of `site` is ordered by ACME."""
        return bool(self.tls and self.tls.acme) and site.certificate is None

    @property
    def contained_services(self) -> tuple[Service, ...]:
        """The services that are containers; AWS runs the others."""
        return tuple(one for one in self.services if not one.managed)

    def list_data(self) -> tuple[tuple[str, Data], ...]:
        """All folders that last, each with the name of the site or of the service whose it is."""
        return tuple((one.name, data) for one in self.sites for data in one.data) + tuple(
            (one.name, one.data) for one in self.contained_services
        )

    def count_replicas(self, site: Site) -> int:
        """How many containers serve `site`."""
        return site.replicas or self.replicas
