"""Whose a cloud is: it ends with the process that made it, whatever ends that."""

import os
from pathlib import Path
from typing import Final

LABEL: Final = "portico.test-cloud"  # on all that a cloud has in Docker; its value is the owner
_FILE: Final = "owner"


def claim(folder: Path) -> None:
    """Say that this process is the owner of the cloud in `folder`."""
    (folder / _FILE).write_text(_identify(os.getpid()) or "")


def name_owner(folder: Path) -> str:
    """The owner, for a label: `4711-123456`; empty where nobody has claimed the cloud."""
    file = folder / _FILE
    return file.read_text() if file.is_file() else ""


def is_wanted(folder: Path) -> bool:
    """Whether the cloud's folder is there, and its owner runs."""
    return folder.is_dir() and lives(name_owner(folder))


def lives(owner: str) -> bool:
    """Whether this owner runs; nobody, who has no end, does."""
    return not owner or _identify(int(owner.partition("-")[0])) == owner


def _identify(pid: int) -> str | None:
    """A process, by its number and when it began, as numbers are given again."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return f"{pid}-{fields[19]}" if fields[0] != "Z" else None
