"""A folder that can be installed: what its pyproject.toml, setup.cfg or setup.py says, without running it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from portico.config.source.lines import read_lines
from portico.config.source.place import Place
from portico.config.source.poetry import Poetry, read_poetry
from portico.config.source.project import Wanted
from portico.config.source.text import read_toml, take_list, take_table

# pip's own choice where nothing is said.
_SETUPTOOLS = ("setuptools>=40.8.0",)
# What the backends ask for besides, by the time they make an installation that leads to the source.
_BESIDES = ("editables", "wheel")
# What takes the version from Git, which is no part of an image.
_SCM = {"setuptools-scm", "hatch-vcs", "versioningit", "setuptools-git-versioning", "poetry-dynamic-versioning"}
_FALLBACKS = (
    ("tool", "setuptools_scm", "fallback_version"),
    ("tool", "hatch", "version", "fallback-version"),
    ("tool", "versioningit", "default-version"),
    ("tool", "poetry-dynamic-versioning", "enable"),
)


@dataclass(frozen=True, kw_only=True)
class Package:
    """One project's folder.

    `requires` are its requirements, `extras` those of each extra, both as `requires_dist` would list them; None where
    only its build can tell. `installs` says whether it is a package at all, rather than a list of requirements.
    `values` is its pyproject.toml.
    """

    folder: Path
    name: str = ""
    requires: tuple[Requirement, ...] | None = ()
    extras: dict[str, tuple[Requirement, ...]] = field(default_factory=dict)
    installs: bool = False
    build: tuple[str, ...] = ()
    python: tuple[Wanted, ...] = ()
    roots: tuple[str, ...] = ()
    poetry: Poetry | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The file that says it."""
        return self.folder / "pyproject.toml"

    def list_required(self, extras: tuple[str, ...] = ()) -> list[Requirement]:
        """All that it requires with these `extras`."""
        found = list(self.requires or ())
        for name in extras:
            found += self.extras.get(str(canonicalize_name(name)), ())
        return found


def read_package(place: Place, folder: Path) -> Package | None:
    """Read the project in `folder`; None where nothing there can be installed, or where it cannot be read."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        old = [name for name in ("setup.py", "setup.cfg") if (folder / name).is_file()]
        return Package(folder=folder, requires=None, installs=True, build=(*_SETUPTOOLS, *_BESIDES)) if old else None
    if (values := read_toml(place, file)) is None:
        return None
    before = len(place.found)
    project = take_table(place, file, values, "project")
    system = take_table(place, file, values, "build-system")
    poetry = read_poetry(place, file, values) if "poetry" in take_table(place, file, values, "tool") else None
    dynamic = take_list(place, file, project.get("dynamic"), "project.dynamic")
    requires: tuple[Requirement, ...] | None = _parse_all(
        place, file, take_list(place, file, project.get("dependencies"), "project.dependencies")
    )
    extras = {
        str(canonicalize_name(name)): _parse_all(place, file, take_list(place, file, listed, f"project.{name}"))
        for name, listed in take_table(place, file, project, "optional-dependencies").items()
    }
    if poetry:
        requires, extras = poetry.merge(requires or (), extras, listed="dependencies" in project)
    installs = bool(system)
    setup = (folder / "setup.py").is_file() or (folder / "setup.cfg").is_file()
    if poetry:
        installs = poetry.installs
    elif not project and setup:
        # A pyproject.toml of tools alone beside what setuptools reads.
        requires, installs = None, True
    elif "dependencies" in dynamic:
        requires = _read_dynamic(place, file, values)
    if "dependencies" in dynamic and "dependencies" in project:
        place.refuse(file, "dependencies is both written and dynamic; remove it from project.dynamic")
    uv = take_table(place, file, values, "tool", "uv").get("package")
    pdm = take_table(place, file, values, "tool", "pdm").get("distribution")
    installs = next((bool(one) for one in (uv, pdm) if isinstance(one, bool)), installs)
    build = take_list(place, file, system.get("requires"), "build-system.requires") or list(_SETUPTOOLS)
    if installs and len(place.found) == before:
        _check_version(place, file, values, build, dynamic)
    return Package(
        folder=folder,
        name=str(canonicalize_name(str(project.get("name") or (poetry.name if poetry else "")))),
        requires=requires,
        extras=extras,
        installs=installs,
        build=(*build, *_BESIDES),
        python=(*_read_python(place, file, project), *(poetry.python if poetry else ())),
        roots=_list_roots(values),
        poetry=poetry,
        values=values,
    )


def parse_specifiers(place: Place, path: Path, where: str, text: object) -> Wanted | None:
    """A range of versions of Python; noted where it is none."""
    try:
        return Wanted(where=where, text=str(text), ranges=(SpecifierSet(str(text)),))
    except InvalidSpecifier:
        place.refuse(path, f"{where} is not a range of versions: {str(text)[:60]!r}; write one such as >=3.11")
        return None


def _read_python(place: Place, file: Path, project: dict[str, Any]) -> tuple[Wanted, ...]:
    if (text := project.get("requires-python")) is None:
        return ()
    found = parse_specifiers(place, file, "requires-python", text)
    return (found,) if found else ()


def _parse_all(place: Place, file: Path, listed: list[str]) -> tuple[Requirement, ...]:
    found = []
    for text in listed:
        try:
            found.append(Requirement(text))
        except InvalidRequirement as error:
            place.refuse(file, f"{text[:80]!r} is not a requirement: {str(error).splitlines()[0]}; fix it")
    return tuple(found)


def _read_dynamic(place: Place, file: Path, values: dict[str, Any]) -> tuple[Requirement, ...] | None:
    """Dependencies that are read from files, where the backend is one that says which."""
    said = take_table(place, file, values, "tool", "setuptools", "dynamic").get("dependencies")
    names = said.get("file") if isinstance(said, dict) else None
    if names is None:
        hooks = take_table(place, file, values, "tool", "hatch", "metadata", "hooks")
        said = hooks.get("requirements_txt")
        names = said.get("files") if isinstance(said, dict) else None
    if names is None:
        return None
    found: list[Requirement] = []
    for name in [names] if isinstance(names, str) else take_list(place, file, names, "file"):
        listed = file.parent / name
        if not listed.is_file():
            place.refuse(file, f"the dependencies are in {name}, and there is no such file; write its path from here")
            continue
        for line in read_lines(place, listed):
            if line.options or line.editable or not line.text:
                place.refuse(listed, "a build takes requirements alone from here; move the option away", line.number)
                continue
            try:
                found.append(Requirement(line.text))
            except InvalidRequirement as error:
                place.refuse(listed, f"it is not a requirement: {str(error).splitlines()[0]}; fix it", line.number)
    return tuple(found)


def _check_version(place: Place, file: Path, values: dict[str, Any], build: list[str], dynamic: list[str]) -> None:
    names = {
        str(canonicalize_name(one.split("[")[0].split("=")[0].split(">")[0].split("~")[0].strip())) for one in build
    }
    tools = sorted(names & _SCM)
    if (
        not tools
        or (file.parent / "PKG-INFO").is_file()
        or ("version" not in dynamic and "poetry" not in values["tool"])
    ):
        return
    for path in _FALLBACKS:
        found: Any = values
        for part in path:
            found = found.get(part) if isinstance(found, dict) else None
        if found:
            return
    place.refuse(
        file,
        f'its version comes from Git by {tools[0]}, and an image holds no .git; write version = "...", '
        "or the fallback version of that tool",
    )


def _list_roots(values: dict[str, Any]) -> tuple[str, ...]:
    """Folders that the build takes packages from, besides the source and src."""
    found: list[str] = []

    def take(*path: str) -> Any:
        inner: Any = values
        for part in path:
            inner = inner.get(part) if isinstance(inner, dict) else None
        return inner

    where = take("tool", "setuptools", "packages", "find", "where")
    found += [one for one in where if isinstance(one, str)] if isinstance(where, list) else []
    renamed = take("tool", "setuptools", "package-dir")
    found += (
        [one for key, one in renamed.items() if key == "" and isinstance(one, str)] if isinstance(renamed, dict) else []
    )
    packages = take("tool", "poetry", "packages")
    for one in packages if isinstance(packages, list) else []:
        found += [one["from"]] if isinstance(one, dict) and isinstance(one.get("from"), str) else []
    listed = take("tool", "hatch", "build", "targets", "wheel", "packages")
    found += [str(Path(one).parent) for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    reported = take("tool", "pdm", "build", "package-dir")
    found += [reported] if isinstance(reported, str) else []
    plain = (one.strip("/").removeprefix("./") for one in found)
    return tuple(dict.fromkeys(one for one in plain if one not in ("", ".", "src") and ".." not in one.split("/")))
