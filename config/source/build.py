"""The build context of a site's image: its source, and what Portico adds to it."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portico.config.render.gunicorn import render_gunicorn
from portico.config.render.image import render_dockerfile
from portico.config.settings import Mistake, Mistakes, Settings, Site
from portico.config.source.data_paths import list_hidden
from portico.config.source.deployment import list_own
from portico.config.source.dockerfile import read_dockerfile
from portico.config.source.files import File, read_source
from portico.config.source.hooks import check_hooks
from portico.config.source.image import choose_image, is_other
from portico.config.source.place import Place, place_source
from portico.config.source.project import Project
from portico.config.source.read import read_project
from portico.config.source.recipe import FOLDER, write_recipe
from portico.config.source.uninstalled import check_installed
from portico.config.source.wsgi_entry import FoundEntry, find_entry

_TEXTS = (("context", "context"), ("requirements", "requirements"), ("python_image", "pythonImage"))
_LISTS = (("extras", "extras"), ("build_secrets", "buildSecrets"))


@dataclass(frozen=True, kw_only=True)
class Build:
    """What an image is built from.

    `context` is {path: file}, `files` those of the source, by their paths in it, and `place` what stands before such a
    path in the context. `entrypoint` are the words that a
    Dockerfile of its own puts before the command. `requires` are packages that are installed, by normalized names.
    """

    context: Mapping[str, File]
    files: Mapping[str, File]
    place: str
    entry: FoundEntry
    entrypoint: tuple[str, ...] = ()
    requires: frozenset[str] = frozenset()


def read_build(settings: Settings, site: Site, root: Path) -> Build:
    """Read the source of `site`; paths count from `root`. Raises Mistakes with all that cannot be used."""
    place = place_source(root, site.model_dump())
    mistakes: list[Mistake] = []
    try:
        found = read_source(place.context, [*list_own(place, root)])
    except Mistakes as wrong:
        found, mistakes = {}, [*wrong.all]
    place.check()
    project, own = read_project(place), read_dockerfile(place)
    hooks = check_hooks(place, site.gunicorn)
    below = "" if str(place.below) == "." else f"{place.below}/"
    # What .dockerignore says has been done; in the context it could hide what is added here.
    files = {path: file for path, file in found.items() if path != ".dockerignore"}
    _check_copied(place, project, files)
    entry = find_entry(place, site.entry, project)
    image = site.python_image or settings.python_image
    chosen = choose_image(project, image, given=bool(site.python_image) or image != _default())
    if chosen.problem and own is None:
        place.refuse(place.source / (project.origin or "."), chosen.problem)
    if site.static and own is None and not any(path.startswith(f"{below}{site.static}/") for path in found):
        said = "no file of it gets into the image; put one there, see .dockerignore, or leave static out"
        place.refuse(place.source / site.static, said)
    if (
        own is None
        and found
        and entry.file
        and (place.source / entry.file).is_file()
        and f"{below}{entry.file}" not in found
    ):
        said = f".dockerignore keeps it out, and entry: {site.entry} is in it; remove its pattern"
        place.refuse(place.source / entry.file, said)
    if own is None and project.git and is_other(chosen.image):
        said = f"it names an address of Git, and {chosen.image} is no Debian, from which Portico would install git"
        place.refuse(place.source / project.origin, f"{said}; write pythonImage: python:3.13-slim for this site")
    if own is None:
        check_installed(place, project, entry)
    mistakes += [*project.mistakes, *place.found]
    if own is None:
        mistakes += list_hidden(settings, site, found, entry, below)
    if mistakes:
        raise Mistakes(mistakes)
    served = render_gunicorn(site, entry.root, hooks=hooks, header=settings.nginx.longest_header)
    texts = {".portico/gunicorn.conf.py": served}
    if own is None:
        recipe = write_recipe(
            place,
            project,
            chosen.image,
            gunicorn=site.gunicorn.version,
            worker_class=site.gunicorn.worker_class,
            root=entry.root,
            packages=site.packages,
            build_packages=site.build_packages,
        )
        texts |= {f"{FOLDER}/requirements.txt": "", **recipe.files, "Dockerfile": render_dockerfile(site, recipe)}
        files = {f"app/{path}": _without_mark(path, file) for path, file in files.items()}
    else:
        texts["Dockerfile"] = render_dockerfile(site, None, own)
    return Build(
        context=files | {path: File(text.encode()) for path, text in texts.items()},
        place=below if own else f"app/{below}",
        files={path.removeprefix(below): file for path, file in found.items() if path.startswith(below)},
        entry=entry,
        entrypoint=own.entrypoint if own else (),
        requires=project.names,
    )


def check_sources(values: object, root: Path, pinned: Mapping[str, object]) -> list[Mistake]:
    """What is wrong with the sources of a stack whose settings are wrong, too: so that all is said at once."""
    found: list[Mistake] = []
    for site in values if isinstance(values, list | tuple) else ():
        if not isinstance(site, Mapping) or str(site.get("name")) in pinned:
            continue
        source = site.get("source")
        try:
            if not isinstance(source, str) or "\0" in source or not (root / source).is_dir():
                continue
            place = place_source(root, {"source": source, **_take(site)})
            if any((place.source / name).is_file() for name in ("Dockerfile", "requirements.txt", "pyproject.toml")):
                read_dockerfile(place)
                found += [*read_project(place).mistakes, *place.found]
        except (OSError, ValueError):
            # What is wrong with it has been said of the setting.
            continue
    return found


def _take(site: Mapping[str, object]) -> dict[str, object]:
    """The settings that a source is read by, as far as they are of the kind that they must be."""
    texts = {name: site[given] for name, given in _TEXTS if isinstance(site.get(given), str)}
    if set(str(texts.get("context", ""))) - set("./"):
        # It could be any folder of this machine, and is refused by the settings.
        del texts["context"]
    lists = {name: site.get(given) for name, given in _LISTS}
    return texts | {
        name: [one for one in listed if isinstance(one, str)]
        for name, listed in lists.items()
        if isinstance(listed, list | tuple)
    }


def _check_copied(place: Place, project: Project, files: Mapping[str, File]) -> None:
    """Note folders that are installed, and that .dockerignore keeps out."""
    for local in project.local if files else ():
        path = str(local.path)
        inside = path == "." or path in files or any(one.startswith(f"{path}/") for one in files)
        if not inside:
            said = f"{path} is to be installed, and .dockerignore keeps it out; remove its pattern"
            place.refuse(place.context / ".dockerignore", said)


def _without_mark(path: str, file: File) -> File:
    """The same, but a pyproject.toml without a byte order mark, which builds do not read."""
    if path.rpartition("/")[2] != "pyproject.toml" or not file.content.startswith(codecs.BOM_UTF8):
        return file
    return File(file.content.removeprefix(codecs.BOM_UTF8), file.executable, modified=file.modified)


def _default() -> str:
    return str(Settings.model_fields["python_image"].default)
