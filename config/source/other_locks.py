"""pdm.lock, Pipfile.lock and pylock.toml."""

import os
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from portico.config.source.collect import Collected
from portico.config.source.conditions import ALWAYS, Edge, read_marker, spread
from portico.config.source.lines import list_variables
from portico.config.source.package import Package, parse_specifiers
from portico.config.source.pins import Pin, add_index, add_pins, check_fresh
from portico.config.source.project import Wanted, name_of
from portico.config.source.text import read_json, read_toml, take_table


def read_pdm_lock(found: Collected, lock: Path, package: Package) -> None:
    """Take what `pdm install --prod` would install from `lock` for the project `package`."""
    place = found.place
    if (values := read_toml(place, lock)) is None:
        return
    listed = [one for one in values.get("package", []) if isinstance(one, dict) and isinstance(one.get("name"), str)]
    required = package.list_required(place.extras)
    by_name: dict[str, list[int]] = {}
    versions: dict[str, list[str | None]] = {}
    for index, one in enumerate(listed):
        name = str(canonicalize_name(one["name"]))
        by_name.setdefault(name, []).append(index)
        plain = not any(key in one for key in ("git", "url", "path"))
        versions.setdefault(name, []).append(str(one.get("version")) if plain else None)
    check_fresh(found, lock, "pdm lock", required, versions)
    # Before PDM 2.8 the hashes stood apart.
    apart = take_table(place, lock, values, "metadata").get("files")

    def list_edges(requirement: Requirement) -> Iterator[Edge]:
        condition = read_marker(str(requirement.marker or ""))
        extras = {str(canonicalize_name(one)) for one in requirement.extras}
        for target in by_name.get(name_of(requirement), []):
            own = {str(canonicalize_name(one)) for one in listed[target].get("extras", ())}
            # One with extras is an entry of its own, which requires the plain one.
            version = listed[target].get("version")
            free = version is None or bool(requirement.url)
            if own <= extras and (free or requirement.specifier.contains(str(version), prereleases=True)):
                yield Edge(target, (), condition & _read(listed[target].get("marker")))

    def follow(node: Hashable, _: str) -> Iterator[Edge]:
        for text in listed[int(str(node))].get("dependencies", []):
            try:
                yield from list_edges(Requirement(text))
            except (InvalidRequirement, InvalidMarker):
                place.refuse(lock, f"{str(text)[:80]!r} is not a requirement; run pdm lock")

    pins: dict[tuple[str, str], Pin] = {}
    for node, condition in spread([edge for one in required for edge in list_edges(one)], follow).items():
        one = listed[int(str(node))]
        files = one.get("files") or (apart or {}).get(f"{one['name']} {one.get('version')}") or []
        hashes = tuple(str(file["hash"]) for file in files if isinstance(file, dict) and file.get("hash"))
        if "path" in one:
            target = Path(os.path.normpath(lock.parent / str(one["path"])))
            found.add_local(lock, None, target, one.get("editable") is True, required=False)
            continue
        url = str(one.get("url", ""))
        if "git" in one:
            below = f"#subdirectory={one['subdirectory']}" if one.get("subdirectory") else ""
            url, hashes = f"git+{one['git']}@{one.get('revision')}{below}", ()
        key = (str(canonicalize_name(one["name"])), str(one.get("version", "")))
        condition |= pins[key].condition if key in pins else 0
        pins[key] = Pin(name=key[0], version=key[1], hashes=hashes, url=url, condition=condition)
    sources = take_table(place, package.file, package.values, "tool", "pdm").get("source")
    for one in sources if isinstance(sources, list) else []:
        if isinstance(one, dict) and one.get("url"):
            add_index(found, str(one["url"]), str(one.get("name", "")))
    add_pins(found, pins.values())


def read_pipfile_lock(found: Collected, lock: Path) -> None:
    """Take what `pipenv sync` would install from `lock`."""
    place = found.place
    if (values := read_json(place, lock)) is None:
        return
    meta = take_table(place, lock, values, "_meta")
    asked = take_table(place, lock, meta, "requires")
    for key in ("python_full_version", "python_version"):
        if text := asked.get(key):
            spec = f"=={text}" if key == "python_full_version" else f"=={text}.*"
            if wanted := parse_specifiers(place, lock, key, spec):
                found.python.append(Wanted(where=key, text=str(text), ranges=wanted.ranges))
            break
    for one in meta.get("sources") or []:
        if isinstance(one, dict) and one.get("url"):
            add_index(found, str(one["url"]), str(one.get("name", "")))
            _check_variables(found, lock, str(one["url"]))
    pins = []
    default = values.get("default")
    for name, given in (default if isinstance(default, dict) else {}).items():
        if not isinstance(given, dict):
            place.refuse(lock, f"its entry for {name} is not an object; run pipenv lock")
            continue
        hashes = tuple(str(one) for one in given.get("hashes", []))
        local = given.get("path") or (given.get("file") if "://" not in str(given.get("file", "://")) else None)
        if local:
            target = Path(os.path.normpath(lock.parent / str(local)))
            found.add_local(lock, None, target, given.get("editable") is True, required=False)
            continue
        url, version = str(given.get("file") or ""), str(given.get("version", ""))
        if "git" in given:
            below = f"#subdirectory={given['subdirectory']}" if given.get("subdirectory") else ""
            url, hashes = f"git+{given['git']}@{given.get('ref')}{below}", ()
        elif not url and not version.startswith("=="):
            place.refuse(lock, f"it pins no version of {name}; run pipenv lock")
            continue
        try:
            condition = read_marker(str(given.get("markers", "")))
        except InvalidMarker:
            place.refuse(lock, f"the markers of {name} are not readable; run pipenv lock")
            continue
        pins.append(Pin(name=name, version=version.removeprefix("=="), hashes=hashes, url=url, condition=condition))
    add_pins(found, pins)


def read_pylock(found: Collected, lock: Path, package: Package | None) -> None:
    """Take what an installer would take from `lock`, a file as PEP 751 describes it."""
    place = found.place
    if (values := read_toml(place, lock)) is None:
        return
    if not str(values.get("lock-version", "")).startswith("1."):
        place.refuse(lock, "it says no lock-version of 1; let the tool that made it write it again")
        return
    if (text := values.get("requires-python")) and (wanted := parse_specifiers(place, lock, "requires-python", text)):
        found.python.append(wanted)
    pins, versions = [], dict[str, list[str | None]]()
    for one in values.get("packages", []):
        name, version = str(one.get("name", "")), str(one.get("version", ""))
        marker = str(one.get("marker", ""))
        versions.setdefault(str(canonicalize_name(name)), []).append(version or None)
        try:
            # Groups and extras that nobody asked for: as an installer without them.
            condition = ALWAYS if not marker else _read_pylock_marker(marker)
        except InvalidMarker:
            place.refuse(lock, f"the marker of {name} is not readable: {marker[:60]!r}")
            continue
        if folder := one.get("directory"):
            target = Path(os.path.normpath(lock.parent / str(folder.get("path", "."))))
            found.add_local(lock, None, target, folder.get("editable") is True, required=False)
            continue
        url, hashes = "", tuple(_list_hashes([*one.get("wheels", []), one.get("sdist") or {}]))
        if vcs := one.get("vcs"):
            below = f"#subdirectory={vcs['subdirectory']}" if vcs.get("subdirectory") else ""
            url, hashes = f"{vcs.get('type', 'git')}+{vcs.get('url')}@{vcs.get('commit-id')}{below}", ()
        elif archive := one.get("archive"):
            url, hashes = str(archive.get("url", "")), tuple(_list_hashes([archive]))
        pins.append(Pin(name=name, version=version, hashes=hashes, url=url, condition=condition))
        add_index(found, str(one.get("index", "")))
    if package:
        check_fresh(found, lock, "the tool that made it", package.list_required(place.extras), versions)
    add_pins(found, pins)


def _read(marker: object) -> int:
    try:
        return read_marker(str(marker or ""))
    except InvalidMarker:
        return ALWAYS


def _read_pylock_marker(marker: str) -> int:
    if "extras" in marker or "dependency_groups" in marker:
        parsed = Marker(marker)
        given: dict[str, Any] = {"extras": frozenset(), "dependency_groups": frozenset()}
        return ALWAYS if parsed.evaluate(given, context="lock_file") else 0
    return read_marker(marker)


def _list_hashes(files: list[dict[str, Any]]) -> list[str]:
    return [f"{kind}:{digest}" for file in files for kind, digest in file.get("hashes", {}).items()]


def _check_variables(found: Collected, lock: Path, url: str) -> None:
    for name in list_variables(url):
        if name not in found.place.variables:
            said = f"the address of an index names ${{{name}}}, which the build does not have"
            found.place.refuse(lock, f"{said}; write buildSecrets: [{name}] and set that secret of the site")
