"""Folders of data that would hide what the source has there: no later release of it would ever be seen."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from portico.config.mistake import Mistake
from portico.config.settings import Settings, Site
from portico.config.source.files import File
from portico.config.source.place import APP
from portico.config.source.static_folder import find_static_folder
from portico.config.source.wsgi_entry import FoundEntry

# Of these each release has its own, so none of them is data that a first release begins with, such as a picture.
_PROGRAM = (".py", ".html", ".htm", ".jinja", ".jinja2", ".j2", ".mako", ".css", ".js", ".mjs", ".map", ".mo")
_INSTEAD = "write a folder of the data's own, such as /app/instance"


def list_hidden(
    settings: Settings, site: Site, files: Mapping[str, File], entry: FoundEntry, below: str
) -> Iterator[Mistake]:
    """What is wrong with the paths of the data of `site`, in an image that Portico writes.

    `files` are those of the build context, by their paths in it, and the source is in its folder `below`, with a slash
    at the end where there is one.
    """
    index = next(number for number, one in enumerate(settings.sites) if one.name == site.name)
    own = {path.removeprefix(below): file for path, file in files.items() if path.startswith(below)}
    static = site.static or find_static_folder(entry, own)
    for number, data in enumerate(site.data):
        path = PurePosixPath(data.path)
        if APP in path.parents and (said := _find_hidden(path.relative_to(APP), files, static and below + static)):
            yield Mistake(f"sites[{index}].data[{number}].path", f"{data.path} {said}")


def _find_hidden(path: PurePosixPath, files: Mapping[str, File], static: str | None) -> str | None:
    for one in (path, *path.parents):
        if (file := files.get(str(one))) and not file.folder:
            what = "a link" if file.link is not None else "a file"
            return f"{'is' if one == path else 'is below'} {one}, {what} of the source; {_INSTEAD}"
    if static and PurePosixPath(static).is_relative_to(path):
        return f"holds the static files of the source, and those of later releases would never be seen; {_INSTEAD}"
    inside = sorted(one for one in files if one.startswith(f"{path}/"))
    if found := next((one for one in inside if one.endswith(_PROGRAM)), None):
        return (
            f"holds {found} of the source, and later releases of that would never be seen; {_INSTEAD}, or leave the "
            "file out in .dockerignore"
        )
    return None
