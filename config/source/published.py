"""What of a static folder is not published: hidden files, and links that lead to such or out of the folder."""

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

from portico.config.settings.hidden import OUT, list_hidden
from portico.config.source.files import File

# Of links that lead to links; Linux follows no more.
_MOST = 40


@dataclass(frozen=True)
class Unpublished:
    """Paths in the source: hidden `files`, and `links` that neither NGINX nor the application may follow."""

    files: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def find_unpublished(files: Mapping[str, File], static: str, published: Collection[str]) -> Unpublished:
    """Look at all that lies in the folder `static` of a source; a site's `published` kinds are not hidden."""
    base, hidden = _follow(files, static), list_hidden(published)
    if base is None:
        return Unpublished()
    below = {path: file for path, file in files.items() if path.startswith(f"{base}/") and not file.folder}
    found: list[str] = []
    links: list[str] = []
    for path, file in below.items():
        if _is_hidden(path.removeprefix(f"{base}/"), hidden):
            found.append(path)
        elif file.link is not None and _misleads(_follow(files, path), base, hidden):
            links.append(path)
    return Unpublished(tuple(found), tuple(links))


def _misleads(target: str | None, base: str, hidden: Collection[str]) -> bool:
    """Whether what a link leads to is not published; what is no file of the source, nobody reads."""
    if target is None:
        return OUT in hidden
    if target == base or target.startswith(f"{base}/"):
        return _is_hidden(target[len(base) + 1 :], hidden)
    return OUT in hidden or _is_hidden(target, hidden)


def _is_hidden(path: str, hidden: Collection[str]) -> bool:
    return any(fnmatch(name.lower(), pattern) for name in path.split("/") for pattern in hidden)


def _follow(files: Mapping[str, File], path: str) -> str | None:
    """Where a path leads, with all links on the way followed; None out of the source, and in a circle."""
    for _ in range(_MOST):
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            file = files.get("/".join(parts[:count]))
            if file is not None and file.link is not None:
                above = "/".join(parts[: count - 1])
                path = posixpath.normpath(posixpath.join(above, file.link, *parts[count:]))
                break
        else:
            return path
        if path.startswith(("/", "..")):
            return None
    return None
