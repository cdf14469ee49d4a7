"""What the Dockerfile that Portico writes does, in the order of its layers: a change of code alone installs nothing."""

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

from config.source.image import read_python
from config.source.place import APP, Place
from config.source.project import Local, Project, applies

# Where the files of requirements lie in the context, and where they are found while an image is built.
FOLDER = ".portico/requirements"
LISTS = "/tmp/requirements"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Values of the template.

    `files` are the lists that pip reads, by their place in the context. `first` are the words of pip's commands before
    the source is copied, `then` of those after it, with what builds need in /opt/build. `staged` says that all of this
    is done in a stage of its own, with `build_packages`.
    """

    image: str
    workdir: PurePosixPath
    files: dict[str, str]
    first: tuple[str, ...]
    then: tuple[str, ...]
    gunicorn: str | None
    certain: bool
    early: bool
    build: str
    packages: str
    build_packages: str
    path: str
    secrets: bool
    git: bool

    @property
    def staged(self) -> bool:
        """Whether packages are built in a stage that the image does not keep."""
        return bool(self.build_packages)


def write_recipe(
    place: Place,
    project: Project,
    image: str,
    *,
    gunicorn: str,
    root: str = ".",
    packages: tuple[str, ...] = (),
    build_packages: tuple[str, ...] = (),
) -> Recipe:
    """The recipe of an image of `project` below `image`; `root` is where the entry's module is imported from."""
    minor = read_python(image)[0] or "3.13"
    lists = {
        "requirements.txt": project.lines,
        "constraints.txt": project.constraints,
        "direct.txt": project.direct,
        "build.txt": project.build,
    }
    files = {f"{FOLDER}/{name}": "".join(f"{line}\n" for line in lines) for name, lines in lists.items() if lines}
    constraints = f" -c {LISTS}/constraints.txt" if project.constraints else ""
    asked = f" -r {LISTS}/requirements.txt" if project.lines else ""
    first = []
    if project.locked:
        first += [f"--no-deps --require-hashes{asked}"] if asked else []
        first += [f"--no-deps -r {LISTS}/direct.txt"] if project.direct else []
    elif asked:
        first.append(f"{asked.strip()}{constraints}")
    local = [one for one in project.local if applies_to(one, minor)]
    known = [one for one in local if one.known]
    then = []
    if unknown := [one for one in local if not one.known]:
        # Only their builds know what they require: all of it is found together.
        then.append(f"{asked}{constraints} {' '.join(_spell(one, extras=True) for one in unknown)}".strip())
    if known:
        then.append(f"--no-deps --no-build-isolation {' '.join(_spell(one) for one in known)}")
    if project.git:
        build_packages = tuple(dict.fromkeys((*build_packages, "git", "ca-certificates")))
    return Recipe(
        image=image,
        workdir=place.workdir,
        files=files,
        first=tuple(first),
        then=tuple(then),
        gunicorn=None if "gunicorn" in project.names else gunicorn,
        certain=project.complete,
        early=project.early,
        build=f"-r {LISTS}/build.txt" if known and project.build else "",
        packages=" ".join(packages),
        build_packages=" ".join(build_packages),
        path="" if root == "." else str(place.workdir / root),
        secrets=bool(place.variables),
        git=project.git,
    )


def applies_to(local: Local, minor: str) -> bool:
    """Whether it is installed in an image with Python `minor`."""
    from packaging.markers import Marker

    return applies(Marker(local.marker) if local.marker else None, minor)


def _spell(local: Local, *, extras: bool = False) -> str:
    path = str(APP / local.path)
    path += f"[{','.join(local.extras)}]" if extras and local.extras else ""
    return f"-e {shlex.quote(path)}" if local.editable else shlex.quote(path)
