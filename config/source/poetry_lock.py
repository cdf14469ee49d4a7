"""poetry.lock: what `poetry install --only main` would install."""

import os
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from portico.config.source.collect import Collected
from portico.config.source.conditions import ALWAYS, NEVER, Edge, read_marker, spread
from portico.config.source.package import Package
from portico.config.source.pins import Pin, add_index, add_pins, check_fresh
from portico.config.source.poetry import read_range
from portico.config.source.project import Wanted, name_of
from portico.config.source.text import read_toml, take_table


def read_poetry_lock(found: Collected, lock: Path, package: Package) -> None:
    """Take what `lock` pins for the project `package`."""
    place = found.place
    if (values := read_toml(place, lock)) is None:
        return
    listed = [one for one in values.get("package", []) if isinstance(one, dict) and isinstance(one.get("name"), str)]
    metadata = take_table(place, lock, values, "metadata")
    if not metadata.get("lock-version"):
        place.refuse(lock, "it says no lock-version; write it by poetry lock, of Poetry 1.1 or newer")
        return
    if text := metadata.get("python-versions"):
        try:
            found.python.append(Wanted(where="python-versions", text=str(text), ranges=read_range(str(text))))
        except ValueError:
            place.refuse(lock, f"python-versions is not a range: {str(text)[:60]!r}; run poetry lock")
    required = package.list_required(place.extras)
    versions: dict[str, list[str | None]] = {}
    by_name: dict[str, list[int]] = {}
    for index, one in enumerate(listed):
        name = str(canonicalize_name(one["name"]))
        by_name.setdefault(name, []).append(index)
        versions.setdefault(name, []).append(None if one.get("source") else str(one.get("version")))
    check_fresh(found, lock, "poetry lock", required, versions)
    # Before Poetry 1.5 the hashes stood apart.
    apart = take_table(place, lock, metadata, "files")

    def list_edges(requirement: Requirement) -> Iterator[Edge]:
        condition = read_marker(str(requirement.marker or ""))
        for target in by_name.get(name_of(requirement), []):
            if _fits(listed[target], requirement.specifier):
                yield Edge(target, tuple(map(canonicalize_name, sorted(requirement.extras))), condition)

    def follow(node: Hashable, extra: str) -> Iterator[Edge]:
        one = listed[int(str(node))]
        optional = [name for name, given in _list_given(one) if given.get("optional")]
        wanted = {
            str(canonicalize_name(Requirement(text).name))
            for name, texts in one.get("extras", {}).items()
            if extra and canonicalize_name(name) == extra
            for text in texts
        }
        for name, given in _list_given(one):
            normal = str(canonicalize_name(name))
            if (normal in wanted) if extra else (name not in optional):
                yield from _follow_one(listed, by_name, normal, given, extra)

    brought = spread([edge for one in required for edge in list_edges(one)], follow)
    pins = []
    for node, condition in brought.items():
        one = listed[int(str(node))]
        source = one.get("source", {})
        condition &= _read_own(one)
        files = one.get("files") or apart.get(one["name"]) or []
        hashes = tuple(str(file["hash"]) for file in files if isinstance(file, dict) and file.get("hash"))
        kind, url = source.get("type"), str(source.get("url", ""))
        if kind in ("directory", "file"):
            target = Path(os.path.normpath(lock.parent / url))
            found.add_local(lock, None, target, one.get("develop") is True, required=False)
            continue
        if kind == "legacy":
            add_index(found, url, str(source.get("reference", "")))
            url = ""
        elif kind == "git":
            below = f"#subdirectory={source['subdirectory']}" if source.get("subdirectory") else ""
            url, hashes = f"git+{url}@{source.get('resolved_reference')}{below}", ()
        pins.append(Pin(name=one["name"], version=str(one["version"]), hashes=hashes, url=url, condition=condition))
    add_pins(found, pins)


def _list_given(one: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The entries of `[package.dependencies]`, each with its choices one by one."""
    found = []
    for name, given in one.get("dependencies", {}).items():
        for choice in given if isinstance(given, list) else [given]:
            found.append((name, choice if isinstance(choice, dict) else {"version": str(choice)}))
    return found


def _follow_one(
    listed: list[dict[str, Any]], by_name: dict[str, list[int]], name: str, given: dict[str, Any], extra: str
) -> Iterator[Edge]:
    try:
        condition = read_marker(str(given.get("markers", "")), extra)
    except InvalidMarker:
        condition = ALWAYS
    try:
        ranges = read_range(str(given.get("version", "*")))
    except ValueError:
        ranges = (SpecifierSet(),)
    for target in by_name.get(name, []):
        if any(_fits(listed[target], one) for one in ranges):
            yield Edge(target, tuple(map(canonicalize_name, given.get("extras", ()))), condition)


def _fits(one: dict[str, Any], specifier: SpecifierSet) -> bool:
    if one.get("source"):
        return True
    try:
        return specifier.contains(Version(str(one.get("version"))), prereleases=True)
    except InvalidVersion:
        return True


def _read_own(one: dict[str, Any]) -> int:
    """When Poetry installs it, where the lock says it: since 2.0 it does, for each group."""
    said = one.get("markers")
    if isinstance(said, dict):
        said = said.get("main")
    if not isinstance(said, str) or "extra" in said:
        return ALWAYS
    try:
        return read_marker(said)
    except (InvalidMarker, InvalidRequirement):
        return NEVER | ALWAYS
