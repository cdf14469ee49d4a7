"""The files of an application's source, as its image will see them."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from docker.utils.build import exclude_paths

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
    """A file's content and whether it is executable."""

    content: bytes
    executable: bool = False


def read_source(folder: Path) -> Mapping[str, File]:
    """Read every file that belongs to the image: {path relative to `folder`: file}, sorted.

    A `.dockerignore` is honoured as Docker itself reads it. Symbolic links are followed to files
    inside the folder; links that leave it are left out, as Docker's own build would.
    """
    ignore = folder / ".dockerignore"
    patterns = ignore.read_text().splitlines() if ignore.is_file() else []
    patterns = [line.strip() for line in patterns if line.strip() and not line.startswith("#")]
    wanted = exclude_paths(str(folder), [*_IGNORED, *patterns] if patterns else list(_IGNORED))
    files: dict[str, File] = {}
    inside = folder.resolve()
    for name in sorted(wanted):
        path = folder / name
        if path.is_file() and path.resolve().is_relative_to(inside):
            mode = path.stat().st_mode
            files[name.replace(os.sep, "/")] = File(path.read_bytes(), bool(mode & stat.S_IXUSR))
    return files
