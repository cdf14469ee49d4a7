"""What a source says of its installation, as plain values: how an image is made of it follows from these."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from portico.config.mistake import Mistake


@dataclass(frozen=True, kw_only=True)
class Local:
    """A folder or a file of the build's context that is installed once it has been copied.

    `path` counts from the context. `build` is what its build needs, `known` whether its requirements are known, and so
    installed before.
    """

    path: PurePosixPath
    editable: bool = False
    extras: tuple[str, ...] = ()
    marker: str = ""
    build: tuple[str, ...] = ()
    known: bool = True
    folder: bool = True


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which versions of Python something takes: a range is one of `ranges`; `where` says what it is."""

    where: str
    text: str
    ranges: tuple[SpecifierSet, ...]

    def takes(self, minor: str, patch: int | None = None) -> bool:
        """Whether it takes Python `minor`, such as 3.13; of an unknown patch, whether it takes any."""
        versions = [f"{minor}.{patch}"] if patch is not None else [f"{minor}.{number}" for number in range(60)]
        return any(one.contains(version, prereleases=True) for one in self.ranges for version in versions)


@dataclass(frozen=True, kw_only=True)
class Project:
    """How a source is installed.

    `origin` is the file that says it, empty where a Dockerfile of its own does. `lines` are what pip installs first:
    requirements and its options; with `locked` they are all that is needed, each with its hashes. `direct` are those of
    a lock that have no hashes: commits, and files of an address. `local` are installed once the source was copied.
    `names` are the packages that Linux gets, by their normalized names, which are all with `complete`. `early` says
    that `lines` name no file of the source.
    """

    origin: str = ""
    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    locked: bool = False
    local: tuple[Local, ...] = ()
    names: frozenset[str] = frozenset()
    complete: bool = True
    early: bool = True
    python: tuple[Wanted, ...] = ()
    roots: tuple[str, ...] = (".", "src")
    mistakes: tuple[Mistake, ...] = field(default=())

    @property
    def build(self) -> tuple[str, ...]:
        """What the builds of `local` need."""
        return tuple(dict.fromkeys(one for local in self.local for one in local.build))

    @property
    def git(self) -> bool:
        """Whether something is fetched by Git."""
        return any("git+" in line for line in (*self.lines, *self.constraints, *self.direct))


def applies(marker: Marker | None, minor: str = "3.13", extras: tuple[str, ...] = ()) -> bool:
    """Whether `marker` holds in an image: on Linux, with Python `minor`."""
    if marker is None:
        return True
    environment = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": minor,
        "python_full_version": f"{minor}.0",
    }
    return any(marker.evaluate({**environment, "extra": extra}) for extra in extras or ("",))


def name_of(requirement: Requirement) -> str:
    """A requirement's name, normalized as package indexes do."""
    return str(canonicalize_name(requirement.name))
