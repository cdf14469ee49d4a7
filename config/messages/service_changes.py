"""What an update will do to a service, reported before it is done."""

from collections.abc import Iterator, Mapping
from typing import Any

from portico.config.messages.change_summary import Change
from portico.config.release.digest import digest_values
from portico.config.services.connections import limit_connections, limit_memory
from portico.config.services.containers import describe_server
from portico.config.settings import Settings
from portico.config.settings.service import POSTGRES, Service

_NAMES = {POSTGRES: "PostgreSQL", "valkey": "Valkey"}
# What a server is made of, in the user's words.
_PARTS = {
    "image": "its image",
    "connections": "its limit of connections",
    "memory": "its memory",
    "users": "the site that has it",
    "parts": "how Portico starts it",
}


def tell_made(settings: Settings, service: Service, users: list[str]) -> dict[str, Any]:
    """What its server is made of, as plain values: with another one it is another server. `users` are sites."""
    return {
        "image": service.pinned,
        "connections": limit_connections(settings, service),
        "memory": limit_memory(settings, service),
        # Valkey reads its users when it begins.
        **({} if service.kind == POSTGRES else {"users": " ".join(users)}),
        "parts": digest_values(describe_server(settings, service, "", "")),
    }


def announce_service(
    service: Service, before: Mapping[str, Any] | None, after: Mapping[str, Any], users: list[str]
) -> Iterator[Change]:
    """One sentence where it begins or is started again. `before` is what it was made of, None where there was none."""
    what = f"{_NAMES[service.kind]} {service.release_line}"
    sites = " and ".join(users)
    if before is None:
        reach = f"{sites} alone reach{'' if len(users) > 1 else 'es'} it" if users else "no site uses it yet"
        yield Change("first", service.name, f"{what} starts; {reach}.")
        return
    # Which options follow from connections and memory, the digest tells too.
    changed = [name for name in _PARTS if before.get(name) != after.get(name)]
    if len(changed) > 1:
        changed = [name for name in changed if name != "parts"]
    if changed:
        reported = " and ".join(f"{_PARTS[name]}{_spell(before.get(name), after.get(name), name)}" for name in changed)
        gap = f"{sites} cannot reach it for some seconds" if users else "no site uses it"
        verb = "changes" if len(changed) == 1 else "change"
        yield Change("interruption", service.name, f"{what} ends and starts again ({reported} {verb}); {gap}.")


def _spell(before: object, after: object, name: str) -> str:
    if name == "connections":
        return f" from {before} to {after}"
    if name == "memory":
        return f" from {before}M to {after}M"
    return ""
