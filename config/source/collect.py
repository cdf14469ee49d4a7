"""What pip is given, gathered from requirements as they come: those of the index, and folders of the source."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from portico.config.odd_letters import tell_odd
from portico.config.source.addresses import read_file_url, split_extras, split_marker
from portico.config.source.asked import Asked
from portico.config.source.lines import Line
from portico.config.source.package import Package, read_package
from portico.config.source.place import APP, Place
from portico.config.source.project import Local, Project, Wanted, applies, name_of

_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".tar")
_INSIDE = "the image is built from the source alone"


@dataclass
class Collected:
    """A project while it is read: what `Project` says, and where it comes from."""

    place: Place
    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    direct: list[str] = field(default_factory=list)
    local: dict[str, Local] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    python: list[Wanted] = field(default_factory=list)
    roots: list[str] = field(default_factory=lambda: [".", "src"])
    complete: bool = True
    early: bool = True
    hashed: bool = False
    locked: bool = False
    asked: Asked = field(default_factory=Asked)

    def finish(self, origin: str) -> Project:
        """The project that was read from `origin`."""
        return Project(
            origin=origin,
            lines=tuple(dict.fromkeys(self.lines)),
            constraints=tuple(dict.fromkeys(self.constraints)),
            direct=tuple(dict.fromkeys(self.direct)),
            locked=self.locked,
            local=tuple(self.local.values()),
            names=frozenset(self.names),
            complete=self.complete,
            early=self.early,
            python=tuple(self.python),
            roots=tuple(dict.fromkeys(self.roots)),
            mistakes=tuple(self.place.found),
        )

    def add_line(self, line: Line) -> None:
        """Take a line of a file of requirements."""
        if not line.text:
            self._add_options(line)
            return
        self.hashed = self.hashed or any(name == "--hash" for name, _ in line.options)
        options = "".join(f" {name}={value}" for name, value in line.options)
        text, marker = split_marker(line.text)
        if self._as_local(line, text, marker):
            if line.constraint:
                self._refuse(line, "pip takes no folder as a constraint; name the package and its version")
            return
        if line.constraint and line.editable:
            self._refuse(line, "pip takes no -e as a constraint; name the package and its version")
            return
        target = self.constraints if line.constraint else self.lines
        if "://" in text.partition("@")[0]:
            # pip's older way to write an address; its name, if it has one, stands behind #egg=.
            prefix = "-e " if line.editable else ""
            target.append(f"{prefix}{text}{f' ; {marker}' if marker else ''}{options}")
            if not line.constraint:
                self._add_egg(text, marker)
            return
        try:
            requirement = Requirement(line.text)
        except InvalidRequirement as error:
            if odd := tell_odd(line.text):
                self._refuse(line, f"{line.text[:80]!r} is no requirement: {odd}")
                return
            hint = "; write == for exactly that version" if "=" in text and not set("<>!~") & set(text) else ""
            said = str(error).splitlines()[0] if "/" not in text else "there is no such folder in the source"
            self._refuse(line, f"{line.text[:80]!r} is not a requirement: {said}{hint or '; fix the line'}")
            return
        if line.editable:
            self._refuse(line, f"-e takes a folder or an address of Git, not {text[:60]!r}; remove -e")
            return
        target.append(f"{line.text}{options}")
        self.asked.add(self.place, line.path, line.number, requirement)
        if not line.constraint and applies(requirement.marker):
            self.names.add(name_of(requirement))

    def add_requirement(
        self, file: Path, requirement: Requirement, editable: bool = False, number: int | None = None
    ) -> None:
        """Take a requirement that stands in `file`; one that leads to a folder is that folder."""
        if requirement.url and requirement.url.startswith("file:"):
            target = read_file_url(requirement.url, self.place.source)
            marker = str(requirement.marker or "")
            self.add_local(file, number, target, editable, tuple(sorted(requirement.extras)), marker)
            return
        self.lines.append(str(requirement))
        self.asked.add(self.place, file, number, requirement)
        if applies(requirement.marker):
            self.names.add(name_of(requirement))

    def add_local(
        self,
        file: Path,
        number: int | None,
        target: Path,
        editable: bool = False,
        extras: tuple[str, ...] = (),
        marker: str = "",
        *,
        required: bool = True,
    ) -> None:
        """Take a folder or an archive of the source, with `required` also what it requires itself."""
        where = self.place.find(target)
        shown = os.path.relpath(target, self.place.source)
        if where is None:
            above = os.path.relpath(
                os.path.commonpath([target.absolute(), self.place.source.absolute()]), self.place.source
            )
            said = (
                f"{shown} lies outside of the folder that the image is built from; write context: {above} for this site"
            )
            self.place.refuse(file, f"{said}, so that it is built from there", number)
            return
        if target.is_file() and target.name.endswith(_ARCHIVES):
            self.local[str(where)] = Local(path=where, marker=marker, extras=extras, folder=False, known=False)
            self.complete = False
            return
        if not target.exists():
            self.place.refuse(file, f"there is no {shown}; write the path of a folder, from the source", number)
            return
        before = len(self.place.found)
        package = read_package(self.place, target) if target.is_dir() else None
        if package is None:
            if len(self.place.found) == before:
                said = f"{shown} cannot be installed: it holds neither pyproject.toml nor setup.py"
                self.place.refuse(file, f"{said}; write one, or remove the line", number)
            return
        if self.hashed and required:
            self.place.refuse(file, f"pip takes no folder, {shown}, where hashes are asked for; remove it", number)
        self.take_package(package, editable, extras, marker, required=required)

    def take_package(
        self,
        package: Package,
        editable: bool,
        extras: tuple[str, ...] = (),
        marker: str = "",
        *,
        required: bool = True,
    ) -> None:
        """Install `package` once the source was copied, and what it requires before."""
        known = package.requires is not None
        where = self.place.find(package.folder) or self.place.below
        key = str(where)
        again = key in self.local
        self.local[key] = Local(
            path=where,
            editable=editable,
            extras=extras,
            marker=marker,
            build=package.build,
            known=known or not required,
        )
        self.python += package.python
        if package.name:
            self.names.add(package.name)
        if again or not required:
            return
        self.complete = self.complete and known
        for one in package.list_required(extras):
            self.add_requirement(package.file, one)

    def _as_local(self, line: Line, text: str, marker: str) -> bool:
        """Take it as a folder or file of the source, and whether pip would."""
        target, extras = text, tuple[str, ...]()
        if "://" in text or text.startswith("file:"):
            if not text.startswith("file:"):
                return False
            target = str(read_file_url(text, self.place.source))
        else:
            target, extras = split_extras(text)
            path = self.place.source / target
            looks = "/" in target or target.startswith(".") or line.editable
            if " @ " in text or "@" in text.split("/")[0]:
                try:
                    given = Requirement(line.text)
                except InvalidRequirement:
                    return False
                if given.url and given.url.startswith("file:"):
                    self.add_requirement(line.path, given, line.editable, line.number)
                    return True
                return False
            archive = target.endswith(_ARCHIVES) and path.is_file()
            if not archive and not (looks and (path.is_dir() or target.startswith((".", "/")))):
                return False
        path = Path(os.path.normpath(self.place.source / target))
        self.add_local(line.path, line.number, path, line.editable, extras, marker)
        return True

    def _add_options(self, line: Line) -> None:
        for name, value in line.options:
            if name == "--require-hashes":
                self.hashed = True
            if name in ("--requirement", "--constraint"):
                self.complete = False
            if name == "--find-links" and "://" not in value:
                # As pip: from the file that names it, or else from where it runs.
                beside = [line.path.parent / value, self.place.source / value]
                path = next((one for one in beside if one.exists()), None)
                where = self.place.find(path) if path else None
                if where is None:
                    said = "there is no such folder in the source" if path is None else f"it lies outside: {_INSIDE}"
                    self._refuse(line, f"--find-links {value}: {said}; write the path of a folder in it")
                    continue
                value, self.early = str(APP / where), False
            (self.constraints if line.constraint else self.lines).append(f"{name} {value}".strip())

    def _add_egg(self, text: str, marker: str) -> None:
        egg = urlsplit(text).fragment.removeprefix("egg=").partition("&")[0].partition("[")[0]
        file = urlsplit(text).path.rpartition("/")[2]
        name = egg or (file.partition("-")[0] if file.endswith(".whl") else "")
        if not name:
            self.complete = False
        elif not marker or applies(Marker(marker)):
            self.names.add(str(canonicalize_name(name)))

    def _refuse(self, line: Line, text: str) -> None:
        self.place.refuse(line.path, text, line.number)


def collect_all(found: Collected, file: Path, requirements: Iterable[Requirement], editable: frozenset[str]) -> None:
    """Take requirements of one file; those of `editable` lead to their folder."""
    for one in requirements:
        found.add_requirement(file, one, name_of(one) in editable)
