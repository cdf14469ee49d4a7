"""All services of a stack that AWS runs, and what a site gets of those that it uses."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from portico.components.managed.service import TYPE, ManagedService, ManagedServiceArgs
from portico.components.scope import name_owner, name_resource
from portico.components.services.passwords import OUTPUT, find_outputs
from portico.config.messages.managed_changes import announce_managed, announce_removed, list_refused
from portico.config.mistake import Mistake, Mistakes
from portico.config.services.connections import list_users
from portico.config.services.managed import name_managed, tell_managed
from portico.config.services.urls import VARIABLES, fill_in, list_used
from portico.config.settings import Settings, Site
from portico.config.settings.service import Service

# Bytes of a password, which is written in hexadecimal digits: both services and each URL take these as they are.
_PASSWORD, _TOKEN = 32, 4


@dataclass(frozen=True, kw_only=True)
class ManagedServicesArgs:
    """`resources` are those that the last update left. `retention` is how many days logs are kept."""

    settings: Settings
    region: str
    retention: int
    resources: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Planned:
    service: Service
    site: str
    token: str
    called: str
    made: Mapping[str, Any]
    password: str = field(repr=False)


class ManagedServices:
    """They are reported, and made by `start`; there are none in most stacks.

    Raises pulumi.RunError, before anything is made, where a change would make another one in place of what is there.
    """

    def __init__(self, args: ManagedServicesArgs) -> None:
        self._args = args
        self._planned: dict[str, _Planned] = {}
        self._made: dict[str, ManagedService] = {}
        wrong: list[Mistake] = []
        said: list[str] = []
        for index, service in enumerate(args.settings.services):
            if not service.managed:
                continue
            left = find_outputs(args.resources, _name(service.name), TYPE)
            planned = self._planned[service.name] = self._plan(service, left or {})
            before = left.get("made") if left else None
            if before:
                wrong += list_refused(f"services[{index}]", service, before, planned.made)
            said += announce_managed(service, before, planned.made)
        if wrong:
            raise pulumi.RunError(str(Mistakes(wrong)))
        said += [announce_removed(name, made) for name, made in self._list_removed()]
        for line in said if pulumi.runtime.is_dry_run() else ():
            pulumi.log.info(line)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._planned)

    def start(self, vpc: pulumi.Input[str], subnets: Sequence[pulumi.Input[str]], opts: pulumi.ResourceOptions) -> None:
        """Make them, in these subnets (ids), which have no way out."""
        for name, one in self._planned.items():
            self._made[name] = ManagedService(
                _name(name),
                ManagedServiceArgs(
                    settings=self._args.settings,
                    service=one.service,
                    called=one.called,
                    token=one.token,
                    site=one.site,
                    password=one.password,
                    vpc=vpc,
                    subnets=subnets,
                    retention=self._args.retention,
                    made=one.made,
                    tags=self._args.tags,
                ),
                opts,
            )

    def list_groups(self, site: Site) -> list[pulumi.Output[str]]:
        """The security groups (ids) whose members get to the services that `site` uses."""
        return [self._made[one.name].users for one in list_used(self._args.settings, site) if one.managed]

    def list_all_groups(self) -> list[pulumi.Output[str]]:
        """Those of all services: for a machine that all sites are on."""
        return [one.users for one in self._made.values()]

    def fill_in(
        self, site: Site, given: pulumi.Output[Mapping[str, str]] | None
    ) -> pulumi.Output[Mapping[str, str]] | None:
        """The secrets of `site` with passwords and AWS's names in the URLs of services."""
        used = {VARIABLES[one.kind]: one.name for one in list_used(self._args.settings, site) if one.managed}
        if given is None or not used:
            return given
        passwords = {variable: self._planned[name].password for variable, name in used.items()}
        addresses = pulumi.Output.all(**{variable: self._made[name].address for variable, name in used.items()})

        def fill(known: list[Any]) -> Mapping[str, str]:
            return fill_in(known[0], passwords, known[1])

        return pulumi.Output.secret(pulumi.Output.all(given, addresses).apply(fill))

    def _plan(self, service: Service, left: Mapping[str, Any]) -> _Planned:
        users = list_users(self._args.settings, service)
        known: Mapping[str, Any] = left.get(OUTPUT) or {}
        # Without a site it keeps what it had.
        site = users[0].name if users else next(iter(known), "")
        token = str(left.get("token") or secrets.token_hex(_TOKEN))
        called = name_managed(name_owner(), pulumi.get_stack(), service, token)
        return _Planned(
            service=service,
            site=site,
            token=token,
            called=called,
            made=tell_managed(service, called, site, self._args.region),
            password=str(known.get(site) or secrets.token_hex(_PASSWORD)),
        )

    def _list_removed(self) -> list[tuple[str, Mapping[str, Any]]]:
        found = [one["outputs"] for one in self._args.resources.values() if one["type"] == TYPE]
        return [
            (str(one["service"]), one.get("made") or {})
            for one in found
            # Another Portico's of the same program has another name before it.
            if one.get("component") == _name(str(one.get("service"))) and one.get("service") not in self._planned
        ]


def _name(service: str) -> str:
    return name_resource(f"{service}-managed")
