"""The files of an application's source, as its image will see them."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.ignore import Unreadable, list_files, make_pattern, parse_ignore
from config.settings.mistake import Mistake, Mistakes, show_text

# What no image wants, where the source has no .dockerignore of its own to say so.
_IGNORED = (
    ".git",
    ".hg",
    ".venv",
    "venv",
    "**/__pycache__",
    "**/*.pyc",
    "**/.DS_Store",
    "**/.env",
    "**/node_modules",
    "**/.mypy_cache",
    "**/.pytest_cache",
    "**/.ruff_cache",
    ".portico",
)


@dataclass(frozen=True)
class File:
    """A file's content and whether it is executable; or, where `link` is set, what a symbolic link points to."""

    content: bytes
    executable: bool = False
    link: str | None = None


def read_source(folder: Path) -> Mapping[str, File]:
    """Read every file that belongs to the image: {path relative to `folder`: file}, sorted.

    A `.dockerignore` is honoured as Docker itself reads it; raises Mistakes where Docker would not.
    Symbolic links stay links; those that leave the folder are left out: nothing is there in the image.
    """
    ignore = folder / ".dockerignore"
    patterns = [make_pattern(line) for line in _IGNORED]
    if ignore.is_file():
        try:
            patterns = [make_pattern(".portico"), *parse_ignore(ignore.read_text(errors="surrogateescape"))]
        except Unreadable as error:
            text = f"{show_text(str(error))} is no pattern that Docker reads; mend the line, or leave it out"
            raise Mistakes([Mistake(f"{folder.name}/.dockerignore", text)]) from None
    files: dict[str, File] = {}
    inside = folder.resolve()
    for name in sorted(list_files(folder, patterns)):
        path = folder / name
        if path.is_symlink():
            target = os.readlink(path)
            # normpath, not resolve: links may lead to one another in a circle.
            reached = os.path.normpath(inside / os.path.dirname(name) / target)
            if not os.path.isabs(target) and Path(reached).is_relative_to(inside):
                files[name] = File(b"", link=target)
        elif path.is_file():
            files[name] = File(path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))
    return files
