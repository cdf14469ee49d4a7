"""Databases and caches of a Compose file, as services of Portico, and the variables with their addresses."""

import re
from collections.abc import Mapping
from typing import Final

from portico.cli.converted import Converted, spell_worker
from portico.config.services.urls import VARIABLES
from portico.config.settings.service import IMAGES, POSTGRES, VALKEY

# Images of PostgreSQL with extensions are built on the official one, and stay what they are.
_IMAGE: Final = re.compile(
    r"(?:docker\.io/)?(?:library/)?"
    r"(?P<image>postgres|pgvector/pgvector|postgis/postgis|redis|valkey/valkey)(?::(?P<tag>[\w.-]+))?(?:@\S+)?"
)
_VERSION: Final = re.compile(r"(?:pg)?(\d+)")
_NAMES: Final = {POSTGRES: "PostgreSQL", VALKEY: "Valkey"}


Taken = Mapping[str, Mapping[str, str]]


def take_services(made: Converted, images: Mapping[str, str]) -> Taken:
    """Take over what Portico runs, one of each kind: the settings by the name in the file, as `images` are."""
    taken: dict[str, Mapping[str, str]] = {}
    for name, image in images.items():
        service = _read_service(name, image)
        if service is None or any(one["kind"] == service["kind"] for one in made.services):
            continue
        taken[name] = service
        made.services.append(service)
        made.site.setdefault("uses", []).append(service["name"])
        made.left.append(_tell_data(name, service))
    return taken


def _read_service(name: str, image: str) -> dict[str, str] | None:
    found = _IMAGE.fullmatch(image)
    if found is None:
        return None
    kind = VALKEY if found["image"] in ("redis", "valkey/valkey") else POSTGRES
    service = {"name": spell_worker(name), "kind": kind}
    if kind == VALKEY:
        return service
    tagged = _VERSION.match(found["tag"] or "")
    if tagged and tagged[1] in IMAGES[POSTGRES]:
        service["version"] = tagged[1]
        return service | ({"image": image} if "/" in found["image"] else {})
    # Its extensions are in that image alone.
    return None if "/" in found["image"] else service


def _tell_data(name: str, service: Mapping[str, str]) -> str:
    kind = service["kind"]
    version = service.get("version") or next(iter(IMAGES[kind]))
    what = f"{name}: its data: {_NAMES[kind]} {version} begins empty"
    return f"{what}; write a dump with pg_dump, and bring it here with portico db load" if kind == POSTGRES else what


def drop_addresses(
    made: Converted, web: str, variables: Mapping[str, str | None], taken: Taken
) -> dict[str, str | None]:
    """The variables without those that lead to a service that was taken over; what is to be read instead is said."""
    kept: dict[str, str | None] = {}
    own = {VARIABLES[one["kind"]] for one in taken.values()}
    for key, value in variables.items():
        if key in own:
            continue
        service = next((one for name, one in taken.items() if value and _leads_to(value, name)), None)
        if service is None:
            kept[key] = value
            continue
        made.left.append(
            f"{web}: the variable {key} leads to {service['name']}, whose address is in the secret "
            f"{VARIABLES[service['kind']]} now; let the application read that variable"
        )
    return kept


def _leads_to(value: str, name: str) -> bool:
    host = re.escape(name)
    return bool(re.fullmatch(rf"{host}(:\d+)?|[\w+]+://([^/@\s]*@)?{host}([:/?].*)?", value))
