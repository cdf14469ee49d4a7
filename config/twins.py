"""What is listed twice, or would hide another of its kind: found in the raw values, so beside all other mistakes."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

from portico.config.mistake import Mistake
from portico.config.settings import derive_uid
from portico.config.settings.processes import SCHEDULE
from portico.config.shared_hosts import list_quarrels, list_twin_hosts

# The lists of a site whose entries differ by a text: the list, the key, and what is said of one that is listed twice.
_LISTS = (
    ("routes", "path", '"{}" is listed twice; write each path once'),
    ("data", "name", 'the name "{}" is listed twice; write each name once'),
    ("data", "url", 'the url "{}" is listed twice; write each url once'),
    ("workers", "name", '"{}" names two workers; write another name'),
    ("schedule", "name", '"{}" names two jobs; write another name'),
)


def list_twins(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """All of a stack; values of other kinds than theirs are somebody else's to refuse."""
    names: dict[str, str] = {}
    users: dict[int, str] = {}
    sites = [(f"sites[{index}]", one) for index, one in enumerate(_list(values, "sites")) if isinstance(one, Mapping)]
    yield from list_twin_hosts(sites)
    yield from list_quarrels(sites)
    for path, site in sites:
        name = str(site.get("name"))
        if (owner := users.setdefault(derive_uid(name), name)) != name:
            yield Mistake(f"{path}.name", f'"{name}" would share its user with "{owner}"; write another')
        if (owner := names.setdefault(name, path)) != path:
            yield Mistake(f"{path}.name", f'"{name}" is the name of {owner} already; write another')
        yield from _list_inside(path, site)
        yield from _list_nested(path, site)


def _list_inside(path: str, site: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, key, text in _LISTS:
        found = _list_texts(site, name, key)
        yield from (Mistake(f"{path}.{name}", text.format(one)) for one in dict.fromkeys(found) if found.count(one) > 1)
    if _list(site, "schedule") and SCHEDULE in _list_texts(site, "workers", "name"):
        yield Mistake(f"{path}.schedule", f"{SCHEDULE} is what runs the jobs; write another name for that worker")


def _list_nested(path: str, site: Mapping[str, Any]) -> Iterator[Mistake]:
    folders = [PurePosixPath(one) for one in _list_texts(site, "data", "path") if one.startswith("/")]
    for one, other in combinations(folders, 2):
        inner, outer = (one, other) if one.is_relative_to(other) else (other, one)
        if inner.is_relative_to(outer):
            yield Mistake(
                f"{path}.data",
                f"{inner} is in {outer}, which is data too, and one would hide a part of the other; write folders "
                "beside one another",
            )


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    found = values.get(name)
    return list(found) if isinstance(found, list | tuple) else []


def _list_texts(site: Mapping[str, Any], name: str, key: str) -> list[str]:
    found = [one.get(key) for one in _list(site, name) if isinstance(one, Mapping)]
    return [one for one in found if isinstance(one, str)]
