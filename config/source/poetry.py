"""What Poetry's own tables of a pyproject.toml ask for, read by Poetry's own library."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from portico.config.source.place import Place
from portico.config.source.project import Wanted
from portico.config.source.text import take_table

# Poetry's library multiplies them out: each one more doubles the time.
_JOINED = re.compile(r"\b(?:and|or)\b")
_MOST_JOINED = 12

Extras = Mapping[str, tuple[Requirement, ...]]


@dataclass(frozen=True, kw_only=True)
class Poetry:
    """`[tool.poetry]`: `requires` without what is optional, `optional` by its name; `indexes` are {name: URL}.

    `loose` are entries with more than one range, which only a lock can say: pip knows one.
    """

    name: str = ""
    requires: tuple[Requirement, ...] = ()
    optional: Mapping[str, tuple[Requirement, ...]] = field(default_factory=dict)
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    editable: frozenset[str] = frozenset()
    pinned: Mapping[str, str] = field(default_factory=dict)
    installs: bool = True
    python: tuple[Wanted, ...] = ()
    indexes: Mapping[str, str] = field(default_factory=dict)
    loose: tuple[str, ...] = ()

    def merge(
        self, requires: tuple[Requirement, ...], extras: Extras, *, listed: bool
    ) -> tuple[tuple[Requirement, ...], dict[str, tuple[Requirement, ...]]]:
        """Requirements and extras of all: `[project]` says which where it has them `listed`, Poetry from where."""
        own = {str(canonicalize_name(one.name)): one for one in self.requires}
        found = dict(extras)
        for name, names in self.extras.items():
            found.setdefault(name, tuple(one for wanted in names for one in self.optional.get(wanted, ())))
        if not listed:
            return self.requires, found
        placed = [own.get(str(canonicalize_name(one.name))) for one in requires]
        return tuple(new if new and new.url else one for one, new in zip(requires, placed, strict=True)), found


def read_poetry(place: Place, file: Path, values: dict[str, Any]) -> Poetry:
    """Read the tables; what Poetry would refuse, or pip cannot be seen, is noted."""
    table = take_table(place, file, values, "tool", "poetry")
    listed = take_table(place, file, table, "dependencies")
    requires: list[Requirement] = []
    optional: dict[str, tuple[Requirement, ...]] = {}
    editable, pinned, python, loose = set[str](), dict[str, str](), list[Wanted](), list[str]()
    for name, given in listed.items():
        normal = str(canonicalize_name(name))
        if normal == "python":
            python += _read_python(place, file, given)
            continue
        for one in given if isinstance(given, list) else [given]:
            requirement, extra = _convert(place, file, name, one, loose)
            if requirement is None:
                continue
            if extra:
                optional[normal] = (*optional.get(normal, ()), requirement)
            else:
                requires.append(requirement)
            if isinstance(one, dict) and one.get("develop"):
                editable.add(normal)
            if isinstance(one, dict) and isinstance(one.get("source"), str):
                pinned[normal] = one["source"]
    extras = {
        str(canonicalize_name(name)): tuple(str(canonicalize_name(one)) for one in names)
        for name, names in take_table(place, file, table, "extras").items()
        if isinstance(names, list)
    }
    sources = table.get("source")
    indexes = {
        str(one["name"]): str(one["url"])
        for one in (sources if isinstance(sources, list) else [])
        if isinstance(one, dict) and one.get("name") and one.get("url")
    }
    return Poetry(
        name=str(table.get("name") or ""),
        requires=tuple(requires),
        optional=optional,
        extras=extras,
        editable=frozenset(editable),
        pinned=pinned,
        installs=table.get("package-mode") is not False and bool(table.get("name") or values.get("project")),
        python=tuple(python),
        indexes=indexes,
        loose=tuple(loose),
    )


def read_range(text: str) -> tuple[SpecifierSet, ...]:
    """A constraint of Poetry's, such as ^3.11, as ranges of which one must hold. Raises ValueError."""
    from poetry.core.constraints.version import parse_constraint

    try:
        said = str(parse_constraint(text))
        return tuple(
            SpecifierSet("" if one == "*" else one if one[0] in "<>=!~" else f"=={one}") for one in said.split(" || ")
        )
    except (InvalidSpecifier, IndexError, AttributeError) as error:
        raise ValueError(str(error)) from None


def _read_python(place: Place, file: Path, given: object) -> list[Wanted]:
    text = given.get("version") if isinstance(given, dict) else given
    try:
        return [Wanted(where="tool.poetry.dependencies.python", text=str(text), ranges=read_range(str(text)))]
    except ValueError:
        place.refuse(file, f"python = {str(text)[:60]!r} is not a range that Poetry reads; write one such as ^3.11")
        return []


def _convert(place: Place, file: Path, name: str, given: object, loose: list[str]) -> tuple[Requirement | None, bool]:
    """One entry as pip's own kind of requirement, and whether only an extra brings it."""
    # Read late: no other source needs it.
    from poetry.core.factory import Factory

    if not isinstance(given, str | dict):
        place.refuse(file, f'{name} in tool.poetry.dependencies is not a version; write {name} = "^1.0"')
        return None, False
    if isinstance(given, dict) and len(_JOINED.findall(str(given.get("markers", "")))) > _MOST_JOINED:
        said = f"joins more than {_MOST_JOINED + 1} conditions"
        place.refuse(file, f"the marker of {name} in tool.poetry.dependencies {said}; write fewer")
        return None, False
    try:
        made = Factory.create_dependency(name, given, root_dir=file.parent)
        if isinstance(given, dict) and isinstance(given.get("path"), str):
            # Poetry would write the path of this machine.
            extras = f"[{','.join(sorted(made.extras))}]" if made.extras else ""
            target = (file.parent / given["path"]).absolute()
            marker = "" if made.marker.is_any() else f" ; {made.marker}"
            return Requirement(f"{made.name}{extras} @ {target.as_uri()}{marker}"), made.is_optional()
        # What brings it is known here, and no marker of its own.
        try:
            return Requirement(made.to_pep_508(with_extras=False)), made.is_optional()
        except InvalidRequirement:
            loose.append(f"{name} = {str(given)[:60]!r}")
            return Requirement(made.name), made.is_optional()
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        said = str(error).splitlines()[0] if str(error) else "it is not a version"
        place.refuse(file, f"Poetry does not read {name} = {str(given)[:60]!r}: {said}; fix it")
    return None, False
