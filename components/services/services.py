"""All services of a stack, and what a site gets of those that it uses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from portico.components.barrier import Barrier
from portico.components.docker.data_volumes import DataVolumes
from portico.components.docker.dumpers import Served
from portico.components.docker.engine_client import Engine
from portico.components.docker.preview import is_announced
from portico.components.scope import name_resource
from portico.components.services.managed import Managed
from portico.components.services.memory import require_memory
from portico.components.services.passwords import find_outputs, keep_passwords
from portico.components.services.service import Service, ServiceArgs
from portico.config.messages.service_changes import announce_service, tell_made
from portico.config.services.connections import list_users
from portico.config.services.urls import VARIABLES, fill_in, list_used
from portico.config.settings import Settings, Site
from portico.config.settings.service import Service as Plain


@dataclass(frozen=True, kw_only=True)
class ServicesArgs:
    """`engine`, `resources` and `place` are PorticoArgs'. `managed` are the services that AWS runs, where it may."""

    settings: Settings
    resources: Mapping[str, Any] = field(default_factory=dict)
    engine: Engine | None = None
    place: str = ""
    managed: Managed | None = None


class Services:
    """The services, by name; there are none in most stacks. What they give to sites is there once `start` was called.

    Raises pulumi.RunError, before anything is made, where one would need more memory than the machine has.
    """

    def __init__(self, args: ServicesArgs, opts: pulumi.ResourceOptions) -> None:
        self._args, self._opts = args, opts
        self._made: dict[str, Service] = {}
        self._passwords: dict[str, dict[str, str]] = {}
        self._plain: dict[str, dict[str, Any]] = {}
        require_memory(args.settings, args.engine)
        for service in args.settings.contained_services:
            users = [site.name for site in list_users(args.settings, service)]
            self._passwords[service.name] = keep_passwords(args.resources, _name(service.name), users)
            self._describe(service, users)

    def _describe(self, service: Plain, users: list[str]) -> None:
        """Announce the changes of its server; a move to another machine is reported of all that has data."""
        made = self._plain[service.name] = tell_made(self._args.settings, service, users)
        left = find_outputs(self._args.resources, _name(service.name))
        if is_announced() and not (left and self._args.place):
            for change in announce_service(service, left.get("made") if left else None, made, users):
                pulumi.log.info(str(change))

    def start(self, data: DataVolumes, engine: Engine | None) -> None:
        """Make them; their volumes are among the `data`. `engine` is the one that is asked why something failed."""
        for service in self._args.settings.contained_services:
            self._made[service.name] = Service(
                # It stays what it is where it moves to another machine: it has the passwords.
                _name(service.name),
                ServiceArgs(
                    settings=self._args.settings,
                    service=service,
                    volume=data.of(service.name)[service.data.name],
                    passwords=self._passwords[service.name],
                    made=self._plain[service.name],
                    place=self._args.place,
                    engine=engine,
                ),
                self._opts,
            )

    def list_served(self, data: DataVolumes) -> Iterator[tuple[str, Served]]:
        """Those that a site uses, by name: their servers run, and their data is in volumes of `data`."""
        for service in self._args.settings.contained_services:
            if list_users(self._args.settings, service):
                image, volume = self._made[service.name].image, data.of(service.name)[service.data.name]
                yield service.name, Served(service=service, image=image, volume=volume)

    def list_networks(self, site: Site) -> dict[str, pulumi.Output[str]]:
        """The networks of the services that `site` uses, by the name of the service."""
        return {name: self._made[name].network for name in site.uses if name in self._made}

    def list_barriers(self, site: Site) -> Sequence[Barrier]:
        """What is open once all services that `site` uses are healthy and have what it needs."""
        return [self._made[name].barrier for name in site.uses if name in self._made]

    def fill_in(
        self, site: Site, secrets: pulumi.Output[Mapping[str, str]] | None
    ) -> pulumi.Output[Mapping[str, str]] | None:
        """The secrets of `site` with the passwords in the URLs of services."""
        if self._args.managed:
            secrets = self._args.managed.fill_in(site, secrets)
        passwords = {
            VARIABLES[one.kind]: self._passwords[one.name][site.name]
            for one in list_used(self._args.settings, site)
            if not one.managed
        }
        if secrets is None or not passwords:
            return secrets
        return pulumi.Output.secret(secrets.apply(lambda given: _fill(given, passwords)))


def _name(service: str) -> str:
    return name_resource(f"{service}-service")


def _fill(given: Mapping[str, str], passwords: Mapping[str, str]) -> Mapping[str, str]:
    return fill_in(given, passwords)
