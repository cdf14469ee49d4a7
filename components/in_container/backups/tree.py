"""The content of a folder of data: its files with their digests, and which of them are databases of SQLite."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE, FOLDER, LINK, DATABASE, OTHER = "file", "folder", "link", "database", "other"
# All that a server has, in one file.
DUMP = "dump"
# At the top of a folder of data: restored data before the switch, and the data from before a restore.
COMING, BEFORE = ".portico-restore", ".portico-before"
_MAGIC = b"SQLite format 3\x00"
# What SQLite keeps beside a database; without the database, each is a file like any other.
SIDES = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Entry:
    """One thing in a folder. `digest` is what a file, a copy of a database or a dump holds (SHA-256); `mtime` is in ns.

    `tables` are the rows of a database by the names of its tables, None of a table that cannot be counted.
    """

    kind: str
    mode: int
    uid: int
    gid: int
    size: int = 0
    mtime: int = 0
    digest: str = ""
    link: str = ""
    tables: dict[str, int | None] = field(default_factory=dict)

    def spell(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        return {key: value for key, value in asdict(self).items() if value or key in ("mode", "uid", "gid")}


def read_entry(told: dict[str, Any]) -> Entry:
    """The reverse of Entry.spell."""
    return Entry(**told)


def walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below `root` by its path from there, a folder before what is in it; no link is followed.

    A file that disappears meanwhile is left out. Portico's own folders at the top are not data.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            found = sorted(os.scandir(root / folder), key=lambda one: one.name)
        except FileNotFoundError:
            continue
        for one in found:
            if not folder and one.name in (COMING, BEFORE):
                continue
            path = f"{folder}/{one.name}" if folder else one.name
            try:
                seen = one.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield path, seen
            if stat.S_ISDIR(seen.st_mode):
                waiting.append(path)


def find_kind(path: Path, seen: os.stat_result) -> str:
    """The entry of a path; for a file, by its content."""
    if stat.S_ISDIR(seen.st_mode):
        return FOLDER
    if stat.S_ISLNK(seen.st_mode):
        return LINK
    if not stat.S_ISREG(seen.st_mode):
        return OTHER
    return DATABASE if is_database(path) else FILE


def is_database(path: Path) -> bool:
    """Whether a file is a database of SQLite; False for one that is gone."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except FileNotFoundError:
        return False


def hash_file(path: Path) -> str:
    """The SHA-256 digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe(path: Path, seen: os.stat_result, kind: str, digest: Callable[[Path, os.stat_result], str]) -> Entry:
    """The entry of anything but a database. Raises FileNotFoundError where it is gone."""
    common = (kind, stat.S_IMODE(seen.st_mode), seen.st_uid, seen.st_gid)
    if kind == FILE:
        return Entry(*common, size=seen.st_size, mtime=seen.st_mtime_ns, digest=digest(path, seen))
    if kind == LINK:
        return Entry(*common, link=os.readlink(path))
    return Entry(*common)
