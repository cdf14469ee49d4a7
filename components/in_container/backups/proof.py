"""Whether what was restored is what was backed up: asked of every file, and of every database by SQLite."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portico.components.in_container.backups.database import count_rows, examine
from portico.components.in_container.backups.tree import DATABASE, DUMP, FILE, FOLDER, LINK, Entry, hash_file

_SHOWN = 5  # faults that are reported of one backup


@dataclass
class Proof:
    """What was compared: the numbers of files, databases and rows.

    `servers` are databases of PostgreSQL, and `caches` those of Valkey, each started from what came back (server.py).

    `moving` are files that were written while they were backed up: they were restored as they were read. `gone` went
    before they were read. `faults` are sentences.
    """

    files: int = 0
    databases: int = 0
    rows: int = 0
    servers: int = 0
    server_rows: int = 0
    caches: int = 0
    keys: int = 0
    moving: int = 0
    gone: int = 0
    faults: list[str] = field(default_factory=list)

    def tell(self) -> str:
        """What is wrong, in one sentence; "" where nothing is."""
        more = f"; and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
        return "; ".join(self.faults[:_SHOWN]) + more


def compare(name: str, wanted: dict[str, Entry], files: Path, copies: Path, proof: Proof) -> None:
    """Look at one source that was restored, its files and the copies of its databases; `proof` gets what is found."""
    for path, entry in wanted.items():
        place = (copies if entry.kind in (DATABASE, DUMP) else files) / path
        for fault in _compare(entry, place, proof):
            proof.faults.append(f"{name}/{path} {fault}")


def _compare(entry: Entry, place: Path, proof: Proof) -> Iterator[str]:
    try:
        seen = place.lstat()
    except FileNotFoundError:
        if entry.kind in (DATABASE, DUMP):
            yield "was not restored"
        else:
            proof.gone += 1
        return
    if entry.kind == DATABASE:
        yield from _compare_database(entry, place, proof)
    elif entry.kind == DUMP:
        if hash_file(place) != entry.digest:
            yield "was restored with another content"
    elif entry.kind == LINK:
        if not stat.S_ISLNK(seen.st_mode) or os.readlink(place) != entry.link:
            proof.moving += 1
    elif entry.kind == FOLDER:
        if not stat.S_ISDIR(seen.st_mode):
            yield "is not a folder any more"
    elif entry.kind == FILE:
        # It was read later than it was listed, and what it was by then is seen by its time, as SQLite's users see it.
        if not stat.S_ISREG(seen.st_mode) or (seen.st_size, seen.st_mtime_ns) != (entry.size, entry.mtime):
            proof.moving += 1
        elif hash_file(place) != entry.digest:
            yield "was restored with another content"
        else:
            proof.files += 1


def _compare_database(entry: Entry, place: Path, proof: Proof) -> Iterator[str]:
    if hash_file(place) != entry.digest:
        yield "was restored with another content"
        return
    if found := examine(place):
        # Its copy is what was backed up, so it is not the backup that is damaged.
        yield f"is damaged in the data itself: {found}"
        return
    if (rows := count_rows(place)) != entry.tables:
        yield "was restored with other numbers of rows"
        return
    proof.databases += 1
    proof.rows += sum(one or 0 for one in rows.values())
