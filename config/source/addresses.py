"""The parts of requirements that are no names: markers, extras, and paths written as addresses."""

import os
from pathlib import Path
from urllib.parse import unquote

from packaging.markers import InvalidMarker, Marker


def split_marker(text: str) -> tuple[str, str]:
    """The text and the marker behind it, as pip parts them."""
    separator = "; " if "://" in text else ";"
    before, _, after = text.partition(separator)
    marker = after.strip()
    try:
        return (before.strip(), str(Marker(marker)) if marker else "")
    except InvalidMarker:
        return text, ""


def split_extras(text: str) -> tuple[str, tuple[str, ...]]:
    """A path and the extras behind it, in brackets."""
    path, bracket, rest = text.partition("[")
    if not bracket or not rest.endswith("]"):
        return text, ()
    return path.strip(), tuple(one.strip() for one in rest[:-1].split(",") if one.strip())


def read_file_url(url: str, base: Path) -> Path:
    """The path that a file: address names; a relative one counts from `base`, as pip counts it."""
    path = unquote(url.removeprefix("file:"))
    path = path.removeprefix("//localhost") if path.startswith("//localhost/") else path
    return Path(os.path.normpath(base / (path[2:] if path.startswith("//") else path)))
