"""uv.lock, and what `[tool.uv]` says of sources and indexes."""

import os
import tomllib
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from packaging.markers import InvalidMarker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from portico.config.source.collect import Collected
from portico.config.source.conditions import ALWAYS, Edge, read_marker, spread
from portico.config.source.package import Package, parse_specifiers
from portico.config.source.pins import Pin, add_index, add_pins, check_fresh
from portico.config.source.place import Place
from portico.config.source.project import name_of
from portico.config.source.text import read_toml, take_table

_LOCAL = ("editable", "directory", "virtual", "path")


def read_uv(found: Collected, lock: Path, package: Package) -> None:
    """Take what `uv sync --no-dev` would install from `lock` for the project `package`."""
    place = found.place
    if (values := read_toml(place, lock)) is None:
        return
    if values.get("version") != 1:
        place.refuse(
            lock, f"its version is {values.get('version')}, and version 1 is known; write it by a uv that does"
        )
        return
    if values.get("conflicts"):
        said = "extras or groups that exclude one another cannot be handed to pip"
        place.refuse(
            lock, f"{said}; run uv export --no-dev -o requirements.txt, and write requirements: requirements.txt"
        )
        return
    listed = [one for one in values.get("package", []) if isinstance(one, dict) and isinstance(one.get("name"), str)]
    by_name: dict[str, list[int]] = {}
    for index, one in enumerate(listed):
        by_name.setdefault(one["name"], []).append(index)
    here = os.path.normpath(os.path.relpath(package.folder, lock.parent))
    root = next((index for index, one in enumerate(listed) if here in map(_normalize, _local_of(one))), None)
    if root is None:
        place.refuse(lock, f"it holds no package of {package.folder.name}; run uv lock, then this again")
        return
    if (text := values.get("requires-python")) and (wanted := parse_specifiers(place, lock, "requires-python", text)):
        found.python.append(wanted)
    _check(found, lock, package, listed, listed[root])

    def choose(dependency: dict[str, Any]) -> list[int]:
        return [
            index
            for index in by_name.get(str(dependency.get("name")), [])
            if all(key not in dependency or dependency[key] == listed[index].get(key) for key in ("version", "source"))
        ]

    def follow(node: Hashable, extra: str) -> Iterator[Edge]:
        one = listed[int(str(node))]
        wanted = one.get("optional-dependencies", {}).get(extra, []) if extra else one.get("dependencies", [])
        for dependency in wanted:
            try:
                condition = read_marker(str(dependency.get("marker", "")))
            except InvalidMarker:
                condition = ALWAYS
            for target in choose(dependency):
                yield Edge(target, tuple(dependency.get("extra", ())), condition)

    brought = spread([Edge(root, place.extras)], follow)
    _check_extras(place, package, listed[root])
    pins = []
    for node, condition in brought.items():
        one = listed[int(str(node))]
        source = one.get("source", {})
        local = next(((kind, source[kind]) for kind in _LOCAL if kind in source), None)
        if local is None:
            pins.append(_pin(one, source, condition))
            registry = str(source.get("registry", ""))
            add_index(found, registry, _name_index(place, package, lock, registry))
        elif local[0] != "virtual":
            target = lock.parent / local[1]
            found.add_local(lock, None, target, local[0] == "editable", required=False)
    add_pins(found, pins)


def find_uv_lock(place: Place) -> Path | None:
    """The uv.lock of the source, or of the workspace around it, inside the context."""
    folder = place.source
    while True:
        if (folder / "uv.lock").is_file():
            return folder / "uv.lock"
        if folder == place.context or place.find(folder.parent) is None or folder == folder.parent:
            return None
        folder = folder.parent


def place_sources(found: Collected, package: Package, required: list[Requirement]) -> list[tuple[Requirement, bool]]:
    """Requirements with the places that `[tool.uv.sources]` names, where there is no lock; and whether as editable."""
    place, file = found.place, package.file
    sources = take_table(place, file, package.values, "tool", "uv", "sources")
    normal = {str(canonicalize_name(name)): given for name, given in sources.items()}
    placed = []
    for one in required:
        given = normal.get(name_of(one))
        choices = given if isinstance(given, list) else [given] if given is not None else []
        if not choices:
            placed.append((one, False))
        for choice in choices:
            placed += _place(found, package, one, choice if isinstance(choice, dict) else {})
    for index in _indexes(place, package, None):
        if index.get("explicit"):
            continue
        add_index(found, str(index.get("url", "")), str(index.get("name", "")))
    return placed


def _place(
    found: Collected, package: Package, one: Requirement, choice: dict[str, Any]
) -> list[tuple[Requirement, bool]]:
    place, file = found.place, package.file
    marker = " and ".join(f"({part})" for part in (str(one.marker or ""), str(choice.get("marker", ""))) if part)
    extras = f"[{','.join(sorted(one.extras))}]" if one.extras else ""

    def at(url: str) -> Requirement:
        return Requirement(f"{one.name}{extras} @ {url}{f' ; {marker}' if marker else ''}")

    if isinstance(path := choice.get("path"), str):
        target = Path(os.path.normpath(package.folder / path)).absolute()
        return [(at(target.as_uri()), choice.get("editable") is True)]
    if choice.get("workspace"):
        if member := _find_member(place, package.folder, name_of(one)):
            return [(at(member.absolute().as_uri()), True)]
        said = "is a member of a workspace that is not in the folder that the image is built from"
        place.refuse(file, f"{one.name} {said}; write context: {_find_workspace(place, package.folder)}")
        return []
    if isinstance(git := choice.get("git"), str):
        revision = next((str(choice[key]) for key in ("rev", "tag", "branch") if key in choice), "")
        below = f"#subdirectory={choice['subdirectory']}" if "subdirectory" in choice else ""
        return [(at(f"git+{git}{f'@{revision}' if revision else ''}{below}"), False)]
    if isinstance(url := choice.get("url"), str):
        return [(at(url), False)]
    if "index" in choice:
        said = f"{one.name} must come from the index {choice['index']} alone, and pip would take it from any"
        place.refuse(file, f"{said}; run uv lock, and keep uv.lock beside it")
        return []
    place.refuse(file, f"the source of {one.name} in tool.uv.sources is not known; write path, git, url or workspace")
    return []


def _find_member(place: Place, folder: Path, name: str) -> Path | None:
    """The folder of the package `name` in the workspace around `folder`."""
    above = folder
    while place.find(above) is not None:
        if (above / "pyproject.toml").is_file() and (values := read_toml(place, above / "pyproject.toml")):
            members = take_table(place, above / "pyproject.toml", values, "tool", "uv", "workspace").get("members")
            for pattern in members if isinstance(members, list) else []:
                for target in sorted(above.glob(str(pattern))):
                    if (target / "pyproject.toml").is_file() and (inner := read_toml(place, target / "pyproject.toml")):
                        project = take_table(place, target / "pyproject.toml", inner, "project")
                        if canonicalize_name(str(project.get("name", ""))) == name:
                            return target
        if above == above.parent:
            break
        above = above.parent
    return None


def _indexes(place: Place, package: Package, lock: Path | None) -> list[dict[str, Any]]:
    table = take_table(place, package.file, package.values, "tool", "uv")
    listed = table.get("index")
    found = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)]
    plain = [table.get("index-url"), *(table.get("extra-index-url") or [])]
    found += [{"url": url} for url in plain if isinstance(url, str)]
    shared = lock.parent / "pyproject.toml" if lock else package.file
    if shared != package.file and shared.is_file() and (values := read_toml(place, shared)):
        inner = take_table(place, shared, values, "tool", "uv").get("index")
        found += [one for one in (inner if isinstance(inner, list) else []) if isinstance(one, dict)]
    return found


def _name_index(place: Place, package: Package, lock: Path, url: str) -> str:
    return next((str(one.get("name", "")) for one in _indexes(place, package, lock) if one.get("url") == url), "")


def _pin(one: dict[str, Any], source: dict[str, Any], condition: int) -> Pin:
    files = [*one.get("wheels", []), *([one["sdist"]] if "sdist" in one else [])]
    hashes = tuple(str(file["hash"]) for file in files if isinstance(file, dict) and file.get("hash"))
    url = ""
    if "git" in source:
        parts = urlsplit(str(source["git"]))
        below = parse_qs(parts.query).get("subdirectory", [""])[0]
        plain = parts._replace(query="", fragment="").geturl()
        url, hashes = f"git+{plain}@{parts.fragment}{f'#subdirectory={below}' if below else ''}", ()
    elif "url" in source:
        url = str(source["url"])
        below = str(source.get("subdirectory", ""))
        url += f"#subdirectory={below}" if below else ""
    return Pin(name=one["name"], version=str(one.get("version", "")), hashes=hashes, url=url, condition=condition)


def _check(found: Collected, lock: Path, package: Package, listed: list[dict[str, Any]], root: dict[str, Any]) -> None:
    versions: dict[str, list[str | None]] = {}
    for one in listed:
        plain = "registry" in one.get("source", {})
        versions.setdefault(one["name"], []).append(str(one.get("version")) if plain else None)
    check_fresh(found, lock, "uv lock", package.list_required(found.place.extras), versions)


def _find_workspace(place: Place, folder: Path) -> str:
    """The folder of the workspace that `folder` is a member of, from the source; what it is, where it is not found."""
    for above in folder.absolute().parents:
        try:
            values = tomllib.loads((above / "pyproject.toml").read_text("utf-8"))
            if "workspace" in values["tool"]["uv"]:
                return os.path.relpath(above, place.source.absolute())
        except (OSError, ValueError, LookupError, TypeError):
            continue
    return "with the workspace's folder, from the source"


def _check_extras(place: Place, package: Package, root: dict[str, Any]) -> None:
    for name in place.extras:
        if name not in root.get("optional-dependencies", {}):
            place.refuse(package.file, f"it has no extra {name}; write one of its optional-dependencies in extras")


def _local_of(one: dict[str, Any]) -> list[str]:
    source = one.get("source", {})
    return [str(source[kind]) for kind in ("editable", "virtual", "directory") if kind in source]


def _normalize(path: str) -> str:
    return os.path.normpath(path)
