"""What the Dockerfile that Portico writes does, in the order of its layers: a change of code alone installs nothing."""

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.markers import Marker

from portico.config.source.image import read_python
from portico.config.source.place import APP, Place
from portico.config.source.project import Local, Project, applies

# Where the files of requirements lie in the context, and where they are found while an image is built.
FOLDER = ".portico/requirements"
LISTS = "/tmp/requirements"
_PIP = "pip install --disable-pip-version-check"
# Where what only builds need lies: in no image.
_TOOLS = "/opt/build"
# Gunicorn's worker of that name needs both.
_GEVENT = "'gevent>=24.10.1' packaging"
# gunicorn.conf.py has the application believe NGINX by it. Flask brings it; other WSGI applications need not.
_WERKZEUG = "werkzeug==3.1.9"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Values of the template.

    `files` are the lists that pip reads, by their place in the context. The commands of `first` install what comes from
    elsewhere, those of `then` the projects of the source, once that was copied; `tools` makes what their builds need.
    `early` says that `first` needs no file of the source, `staged` that all is done in a stage which the image does not
    keep. `mounts` are those of a command besides pip's settings.
    """

    image: str
    workdir: PurePosixPath
    files: dict[str, str]
    first: tuple[str, ...]
    tools: tuple[str, ...]
    then: tuple[str, ...]
    early: bool
    packages: str
    build_packages: str
    path: str
    mounts: tuple[str, ...]

    @property
    def staged(self) -> bool:
        """Whether packages are built in a stage of its own, since Debian's are needed for it."""
        return bool(self.build_packages)

    @property
    def borrows(self) -> tuple[str, ...]:
        """Mounts of `then`: what builds need, from the stage that has it."""
        borrowed = f"type=bind,from=tools,source={_TOOLS},target={_TOOLS}"
        return (*self.mounts, borrowed) if self.tools and not self.staged else self.mounts


def write_recipe(
    place: Place,
    project: Project,
    image: str,
    *,
    gunicorn: str,
    worker_class: str = "gthread",
    root: str = ".",
    packages: tuple[str, ...] = (),
    build_packages: tuple[str, ...] = (),
) -> Recipe:
    """The recipe of an image of `project` below `image`; `root` is where the entry's module is imported from."""
    lists = {
        "constraints.txt": project.constraints,
        "direct.txt": project.direct,
        "build.txt": project.build,
    }
    files = {f"{FOLDER}/{name}": "".join(f"{line}\n" for line in lines) for name, lines in lists.items() if lines}
    files[f"{FOLDER}/requirements.txt"] = "".join(f"{line}\n" for line in project.lines)
    minor = read_python(image)[0] or "3.13"
    local = [one for one in project.local if applies(Marker(one.marker) if one.marker else None, minor)]
    first, then = _install(project), _install_local(project, local)
    # Only after these it is known whether something has brought a package.
    last = then or first
    version = f"gunicorn=={gunicorn}"
    if "gunicorn" not in project.names:
        if project.complete:
            first.append(f"{_PIP} {version}")
        else:
            last.append(_bring("gunicorn", version))
    if not project.names & {"flask", "werkzeug"}:
        last.append(_bring("werkzeug", _WERKZEUG))
    if worker_class == "gevent":
        # As for Gunicorn: where nothing else has brought them, or brought what is too old for it.
        last.append(_bring("gunicorn.workers.ggevent", _GEVENT))
    before = []
    if place.variables:
        before.append("set -a && . /run/secrets/build.env && set +a")
    if project.git:
        before.append("if grep -q BEGIN /run/secrets/ca.pem; then export GIT_SSL_CAINFO=/run/secrets/ca.pem; fi")
        build_packages = tuple(dict.fromkeys((*build_packages, "git", "ca-certificates")))
    tools = [f"python -m {_PIP} --target {_TOOLS} -r {LISTS}/build.txt"] if any(one.known for one in local) else []
    secret = ("type=secret,id=env,target=/run/secrets/build.env",) if place.variables else ()
    return Recipe(
        image=image,
        workdir=place.workdir,
        files=files,
        first=(*before, "python -m venv /opt/venv", *first),
        tools=(*before, *tools) if tools else (),
        then=(*before, *then) if then else (),
        early=project.early,
        packages=" ".join(packages),
        build_packages=" ".join(build_packages),
        path="" if root == "." else str(place.workdir / root),
        mounts=(*secret, "type=cache,target=/root/.cache/pip"),
    )


def _bring(module: str, packages: str) -> str:
    """The command that installs packages where nothing has brought a module."""
    return f"{{ python -c 'import {module}' || {_PIP} {packages}; }}"


def _install(project: Project) -> list[str]:
    constraints = f" -c {LISTS}/constraints.txt" if project.constraints else ""
    if not project.locked:
        return [f"{_PIP} -r {LISTS}/requirements.txt{constraints}"] if project.lines else []
    hashed = [f"{_PIP} --no-deps --require-hashes -r {LISTS}/requirements.txt"] if project.lines else []
    # Commits and addresses have no hash that pip could ask for: a commit is one itself.
    return hashed + ([f"{_PIP} --no-deps -r {LISTS}/direct.txt"] if project.direct else [])


def _install_local(project: Project, local: list[Local]) -> list[str]:
    commands = []
    if unknown := " ".join(_spell(one, extras=True) for one in local if not one.known):
        # Only their builds know what they require: all of it is found together.
        constraints = f" -c {LISTS}/constraints.txt" if project.constraints else ""
        commands.append(f"{_PIP} -r {LISTS}/requirements.txt{constraints} {unknown}")
    if known := " ".join(_spell(one) for one in local if one.known):
        commands.append(f"PYTHONPATH={_TOOLS} {_PIP} --no-deps --no-build-isolation {known}")
    return commands


def _spell(local: Local, *, extras: bool = False) -> str:
    path = str(APP / local.path)
    path += f"[{','.join(local.extras)}]" if extras and local.extras else ""
    return f"-e {shlex.quote(path)}" if local.editable else shlex.quote(path)
