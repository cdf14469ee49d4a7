"""What is wrong with `services` and with `uses` of the sites, once each value is right by itself."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from portico.config.mistake import Mistake
from portico.config.services.connections import count_least, limit_connections, list_users
from portico.config.services.urls import VARIABLES, list_used, name_role
from portico.config.settings import Settings, Site
from portico.config.settings.service import POSTGRES, VALKEY, Service
from portico.config.unknown_setting import CLOSE

# Names of roles and databases that a server of PostgreSQL has already, or keeps for itself.
_TAKEN = ("postgres", "template0", "template1")


def list_wrong_services(settings: Settings) -> Iterator[Mistake]:
    """What is wrong between services and sites."""
    names = [one.name for one in settings.services]
    for index, service in enumerate(settings.services):
        path = f"services[{index}]"
        if service.name in names[:index]:
            yield Mistake(f"{path}.name", f'"{service.name}" is listed twice; write each name once')
        if any(site.name == service.name for site in settings.sites):
            yield Mistake(f"{path}.name", f'"{service.name}" is the name of a site; write another, such as db')
        yield from _check_users(path, settings, service)
        if not service.managed:
            yield from _check_memory(path, settings, service)
    for index, site in enumerate(settings.sites):
        yield from _check_uses(f"sites[{index}]", settings, site)


def check_key(path: str, service: Service, region: str) -> Iterator[Mistake]:
    """Whether the key of a service that AWS runs is where that is."""
    if service.key and (there := service.key.split(":")[3]) != region:
        yield Mistake(f"{path}.key", f"is in {there}, and a service in {region} needs a key there; write its ARN")


def list_taken_variables(settings: Settings, secrets: Mapping[str, Collection[str]]) -> Iterator[Mistake]:
    """Where a site has a variable or a secret of its own that a service gives; `secrets` are names, by site."""
    for index, site in enumerate(settings.sites):
        for service in list_used(settings, site):
            name = VARIABLES[service.kind]
            said = f"the service {service.name} gives {name}"
            if name in site.environment:
                yield Mistake(
                    f"sites[{index}].uses", f"{said}, which sites[{index}].environment sets too; remove it there"
                )
            if name in secrets.get(site.name, ()):
                remove = f"pulumi config rm --path portico:secrets.{site.name}.{name}"
                yield Mistake(f"sites[{index}].uses", f"{said}, which is a secret of {site.name} too: {remove}")


def _check_users(path: str, settings: Settings, service: Service) -> Iterator[Mistake]:
    users = list_users(settings, service)
    if service.kind == VALKEY and len(users) > 1:
        shown = " and ".join(site.name for site in users)
        yield Mistake(
            f"{path}.name",
            f"{service.name} is used by {shown}, and each would read the other's keys; write a service for each",
        )
    if service.kind == POSTGRES and service.managed and len(users) > 1:
        shown = " and ".join(site.name for site in users)
        yield Mistake(
            f"{path}.name",
            f"{service.name} is used by {shown}, and a database that AWS runs belongs to one site, since no other "
            "site "
            "to it; write a service for each",
        )
    for site in users if service.kind == POSTGRES and not service.managed else ():
        role = name_role(site.name)
        if role in _TAKEN or role.startswith("pg_"):
            yield Mistake(
                f"sites[{settings.sites.index(site)}].name",
                f'"{site.name}" cannot be the name of a database: PostgreSQL reserves it; write another',
            )


def _check_memory(path: str, settings: Settings, service: Service) -> Iterator[Mistake]:
    least = count_least(settings, service)
    if service.memory and service.memory.mebibytes < least:
        why = (
            f"for the {limit_connections(settings, service)} connections that its sites may open"
            if service.kind == POSTGRES
            else "for Valkey"
        )
        yield Mistake(f"{path}.memory", f"{service.memory.mebibytes}M is too little {why}; write at least {least}M")


def _check_uses(path: str, settings: Settings, site: Site) -> Iterator[Mistake]:
    known = {one.name: one for one in settings.services}
    kinds: dict[str, str] = {}
    for name in site.uses:
        if (service := known.get(name)) is None:
            close = get_close_matches(name, known, n=1, cutoff=CLOSE)
            hint = f"; did you mean {close[0]}?" if close else "; write it in services, or leave it out here"
            yield Mistake(f"{path}.uses", f'there is no service "{name}"{hint}')
        elif kinds.setdefault(service.kind, name) != name:
            given = VARIABLES[service.kind]
            yield Mistake(
                f"{path}.uses",
                f"{kinds[service.kind]} and {name} would both give {given}; write one {service.kind} for a site",
            )
    if len(set(site.uses)) < len(site.uses):
        yield Mistake(f"{path}.uses", "names a service twice; write each once")
