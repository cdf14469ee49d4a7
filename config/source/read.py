"""Find and read what a source says of its installation: one of the forms that Python projects have."""

import re
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from portico.config.source.collect import Collected, collect_all
from portico.config.source.lines import read_lines
from portico.config.source.other_locks import read_pdm_lock, read_pipfile_lock, read_pylock
from portico.config.source.package import Package, read_package
from portico.config.source.pins import add_index
from portico.config.source.place import LOCKS, OTHERS, Place
from portico.config.source.poetry_lock import read_poetry_lock
from portico.config.source.project import Project, Wanted, name_of
from portico.config.source.text import read_text
from portico.config.source.uv import find_uv_lock, place_sources, read_uv

# What a value of another kind than meant ends in, wherever that is noticed.
_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def read_project(place: Place) -> Project:
    """Read how `place` is installed; what cannot be used is in the project's `mistakes`, all of it."""
    found = Collected(place.afresh())
    if (place.source / "Dockerfile").is_file():
        return found.finish("")
    file = _choose(found.place)
    if file is not None:
        try:
            _read(found, file)
        except _ODD as error:
            # TOML and JSON have more forms than any tool writes: whatever stands in the place of something else.
            said = f"it is not as its tool writes it ({type(error).__name__}: {str(error)[:120]})"
            found.place.refuse(file, f"{said}; let that write it again, or fix it")
    _read_version_files(found)
    return found.finish(file.name if file else "")


def _choose(place: Place) -> Path | None:
    if place.requirements:
        chosen = place.source / place.requirements
        if chosen.is_file():
            return chosen
        place.refuse(chosen, "requirements names it, and there is no such file; write its path from the source")
        return None
    locks = [place.source / name for name in LOCKS if (place.source / name).is_file()]
    if not locks and (shared := find_uv_lock(place)) and (place.source / "pyproject.toml").is_file():
        locks = [shared]
    if len(locks) > 1:
        names = " and ".join(one.name for one in locks)
        place.refuse(locks[0], f"{names} both say what is installed; write requirements: {locks[0].name}, or the other")
        return None
    if locks:
        return locks[0]
    if (place.source / "Pipfile").is_file() and not (place.source / "requirements.txt").is_file():
        place.refuse(place.source / "Pipfile", "it is read through its lock, which does not exist; run pipenv lock")
        return None
    found = next((place.source / name for name in OTHERS if (place.source / name).is_file()), None)
    if found is None:
        said = "nothing here says what is installed; write requirements.txt, or name the file that does, requirements"
        place.refuse(place.source, said)
    return found


def _read(found: Collected, file: Path) -> None:
    place = found.place
    if file.name in ("uv.lock", "poetry.lock", "pdm.lock"):
        before = len(place.found)
        package = read_package(place, place.source)
        if package is None or not (place.source / "pyproject.toml").is_file():
            if len(place.found) == before:
                place.refuse(file, "there is no pyproject.toml beside it; a lock alone does not say what is asked for")
            return
        if package.requires is None:
            place.refuse(package.file, "its dependencies are dynamic, so that no lock can be compared; write them down")
            return
        if file.name == "uv.lock":
            read_uv(found, file, package)
        elif file.name == "poetry.lock":
            read_poetry_lock(found, file, package)
        else:
            read_pdm_lock(found, file, package)
        _take_itself(found, package)
    elif file.name == "Pipfile.lock":
        _refuse_extras(place, file)
        read_pipfile_lock(found, file)
    elif re.fullmatch(r"pylock(\.[^.]+)?\.toml", file.name):
        package = read_package(place, place.source) if (place.source / "pyproject.toml").is_file() else None
        read_pylock(found, file, package)
        if package:
            _take_itself(found, package)
    elif file.name in ("pyproject.toml", "setup.py", "setup.cfg"):
        if package := read_package(place, place.source):
            _read_wishes(found, package)
    else:
        _refuse_extras(place, file)
        for line in read_lines(place, file):
            found.add_line(line)
        if (place.source / "pyproject.toml").is_file() and (package := read_package(place, place.source)):
            # It says which Python, whoever says the packages.
            found.python += package.python
            found.roots += package.roots


def _refuse_extras(place: Place, file: Path) -> None:
    if place.extras:
        names = ", ".join(place.extras)
        said = f"it is a list of packages, and extras ({names}) are those of a project; leave extras out"
        has_project = (place.source / "pyproject.toml").is_file()
        place.refuse(file, f"{said}, or write requirements: pyproject.toml" if has_project else said)


def _read_wishes(found: Collected, package: Package) -> None:
    """A project without a lock: the newest that fit, as pip finds them."""
    place = found.place
    known = package.requires is not None
    if known and not package.poetry and not {"project", "build-system"} & {*package.values}:
        groups = " ([dependency-groups] are for those who work on it)" if "dependency-groups" in package.values else ""
        said = f'it names nothing that is to be installed{groups}; write [project] with dependencies = ["flask"]'
        place.refuse(package.file, f"{said}, or a requirements.txt")
    if package.poetry:
        for entry in package.poetry.loose:
            place.refuse(package.file, f"pip cannot be given {entry}: write one range for it, or run poetry lock")
        for name, source in package.poetry.pinned.items():
            said = f"{name} must come from the source {source} alone, and pip would take it from any"
            place.refuse(package.file, f"{said}; run poetry lock, and keep poetry.lock beside it")
        for name, url in package.poetry.indexes.items():
            add_index(found, url, name)
    for name in place.extras:
        if name not in package.extras and known:
            place.refuse(package.file, f"it has no extra {name}; write one of its optional-dependencies in extras")
    editable = package.poetry.editable if package.poetry else frozenset[str]()
    for one, as_editable in place_sources(found, package, package.list_required(place.extras)):
        collect_all(found, package.file, [one], editable | ({name_of(one)} if as_editable else set()))
    found.complete = found.complete and known
    _take_itself(found, package, known=known)


def _take_itself(found: Collected, package: Package, *, known: bool = True) -> None:
    """The project itself: what it requires has been taken, unless only its build `known`s it."""
    found.roots += package.roots
    found.python += package.python
    if package.installs:
        found.take_package(package, True, found.place.extras if not known else (), required=not known)


def _read_version_files(found: Collected) -> None:
    """.python-version, as uv and pyenv read it, and Heroku's runtime.txt."""
    place = found.place
    if place.image is not None:
        # Whoever names an image has chosen: these are for the machine of who develops.
        return
    for name in (".python-version", "runtime.txt"):
        file = place.source / name
        if not file.is_file() or (text := read_text(place, file)) is None:
            continue
        listed = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
        number, said = next(((n, line) for n, line in listed if line and not line.startswith("#")), (1, ""))
        match = re.fullmatch(r"(?:cpython-|cpython@|cpython|python-|python)?(3(?:\.\d+){0,2})(?:[-+].*)?", said)
        if not match:
            hint = "write one such as 3.13, or name the image, pythonImage"
            place.refuse(file, f"{said[:40]!r} is not a version of Python with a known image; {hint}", number)
            continue
        version = match[1].split(".")
        # A patch is the image's matter: it has the newest.
        text = ".".join(version[:2])
        try:
            ranges = (SpecifierSet(f"=={text}.*" if len(version) > 1 else ">=3"),)
        except InvalidSpecifier:
            continue
        found.python.append(Wanted(where=name, text=said, ranges=ranges))
