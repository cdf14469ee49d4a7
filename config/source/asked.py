"""Which versions of a package were asked for, and where: no installer can follow two that exclude one another."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from portico.config.source.place import Place
from portico.config.source.project import applies, name_of

_MINORS: Final = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


@dataclass
class Asked:
    """The requirements so far, by the package's name, each with where it stands."""

    found: dict[str, list[tuple[str, SpecifierSet]]] = field(default_factory=dict)

    def add(self, place: Place, path: Path, number: int | None, requirement: Requirement) -> None:
        """Take one more, and note where it excludes one before it: certain where a version is named whole."""
        if requirement.url or not all(applies(requirement.marker, minor) for minor in _MINORS):
            # Which Python the image has is found later.
            return
        before = self.found.setdefault(name_of(requirement), [])
        for where, other in before:
            if _exclude(other, requirement.specifier):
                said = f"asks for {requirement.name}{requirement.specifier}, and {where} for {requirement.name}{other}"
                place.refuse(path, f"{said}: no version is both; leave one of them out", number)
                break
        shown = path.name if number is None else f"{path.name}:{number}"
        before.append((shown, requirement.specifier))


def _exclude(one: SpecifierSet, other: SpecifierSet) -> bool:
    """Whether one of them names a version, and no version that is named fits both."""
    named = [
        spec.version for spec in (*one, *other) if spec.operator in ("==", "===") and not spec.version.endswith(".*")
    ]
    try:
        versions = [Version(version) for version in named]
    except InvalidVersion:
        return False
    both = one & other
    return bool(versions) and not any(both.contains(version, prereleases=True) for version in versions)
