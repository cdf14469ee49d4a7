"""What an update will do to a service that AWS runs, and what is refused because it would be another one."""

from collections.abc import Iterator, Mapping
from typing import Any

from portico.config.mistake import Mistake
from portico.config.settings.service import POSTGRES, Service

_NAMES = {POSTGRES: "PostgreSQL", "valkey": "Valkey"}
_WHERE = {POSTGRES: "RDS", "valkey": "ElastiCache"}
# Minutes until it answers, as users of AWS report them: AWS itself names none. Not measured.
_BEGINS = {POSTGRES: "5 to 15 minutes", "valkey": "5 to 10 minutes"}


def list_refused(path: str, service: Service, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Mistake]:
    """What nobody can change of one that is there: AWS would make an empty one in its place."""
    again = "write another service, move the data as docs/services.md says, and remove this one later"
    if before.get("kind") != after["kind"]:
        yield Mistake(f"{path}.kind", f"{service.name} is {before.get('kind')} already; {again}")
        return
    if before.get("region") != after["region"]:
        text = f"{service.name} is in {before.get('region')}, and stays there; write that region, or {again}"
        yield Mistake(path, text)
    if before.get("version") != after["version"]:
        text = f"{service.name} has data of {_NAMES[service.kind]} {before.get('version')}, which AWS would convert"
        yield Mistake(f"{path}.version", f"{text} with no way back; {again}")
    if before.get("key") != after["key"]:
        yield Mistake(f"{path}.key", f"{service.name} is encrypted with another key, for all its life; {again}")
    if (had := int(before.get("storage") or 0)) > after["storage"]:
        text = f"the disk of {service.name} has {had}G, and AWS makes none smaller; write {had}G"
        yield Mistake(f"{path}.storage", text)


def announce_managed(service: Service, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that happens to it. `before` is what it was made of, None where there was none."""
    what = f"{service.name}: {_NAMES[service.kind]} {service.release_line} on {_WHERE[service.kind]}"
    site = after["site"]
    reach = f"{site} alone reaches it" if site else "no site uses it yet"
    if before is None:
        begins = f"from the snapshot {service.snapshot}" if service.snapshot else "empty"
        waits = f", and {site} waits for it" if site else ""
        return [
            f"{what}, {service.machine}, begins {begins}; {reach}. AWS takes {_BEGINS[service.kind]} to make it{waits}."
        ]
    said = []
    if before.get("machine") != after["machine"]:
        gap = "a minute or two, while the standby takes over" if service.standby else "5 to 10 minutes"
        moves = f"{what} moves from {before.get('machine')} to {service.machine}"
        said.append(f"{moves}: {site} cannot reach it for {gap}." if site else f"{moves}.")
    if before.get("standby") != after["standby"]:
        how = "gets a second one in another zone, while it serves" if service.standby else "loses its second one"
        said.append(f"{what} {how}.")
    if before.get("site") != after["site"]:
        said.append(
            f"{what} gets another password, and is then reached by {site or 'nobody'} alone, with all its data."
        )
    if before.get("storage") != after["storage"]:
        said.append(f"{what} gets a disk of {after['storage']}G, while it serves; AWS changes it again after 6 hours.")
    if before.get("evict") != after["evict"]:
        way = "forgets the oldest keys" if service.evict else "refuses to write"
        said.append(f"{what} {way} from now on where its memory ends.")
    return said


def announce_removed(name: str, before: Mapping[str, Any]) -> str:
    """The sentence for one that is taken out of the settings."""
    kind = str(before.get("kind"))
    return (
        f"{name}: {_NAMES[kind]} on {_WHERE[kind]} is removed; AWS keeps its last state as the snapshot "
        f"{before.get('name')}, which is paid for until you delete it. `snapshot: {before.get('name')}` begins with it."
    )
