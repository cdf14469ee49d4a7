"""Copies of SQLite's databases as they are at one moment, while others write; and what is asked of a copy."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from portico.components.in_container.backups.tree import SIDES

_TRIES = 8
_PAGES = 4096  # copied at once where a writer has to wait for that: 16 MB with SQLite's usual pages
_PATIENT = 60.0  # seconds of trying so; a database that is written all the time is then copied at once
_STILL = 0.1  # seconds for which a file has to be as it is: a file system's clock is coarse
_BUSY = 30.0  # seconds to wait for a writer's lock


class NoCopy(Exception):
    """Why there is no copy of a database, as a sentence."""


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment. The source may lie where nothing can be written. Raises NoCopy.

    SQLite's own backup does it. It cannot open what it would have to recover or to share first: a database with a log
    (WAL) that nobody has open, or one whose writer was killed. Then the files are copied with their log, of
    which none may change meanwhile, and SQLite recovers the copy.
    """
    why: Exception = NoCopy("")
    for attempt in range(_TRIES):
        _remove(target)
        try:
            _copy_online(source, target)
            return
        except sqlite3.Error as error:
            why = error
        _remove(target)
        try:
            if _copy_still(source, target):
                return
        except (sqlite3.Error, OSError) as error:
            why = error
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                # Nobody wrote meanwhile, so it is not a database.
                break
        time.sleep(0.1 * 2**attempt)
    _remove(target)
    raise NoCopy(f"SQLite says: {why}")


def _copy_online(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{quote(bytes(source))}?mode=ro", uri=True, timeout=_BUSY)) as database,
        closing(sqlite3.connect(target)) as copy,
    ):
        until = time.monotonic() + _PATIENT
        (mode,) = database.execute("PRAGMA journal_mode").fetchone()

        def look(_status: int, _left: int, _all: int) -> None:
            if time.monotonic() > until:
                raise TimeoutError

        try:
            # With a log nobody waits for who reads.
            database.backup(copy, pages=-1 if mode == "wal" else _PAGES, progress=look, sleep=0.005)
        except TimeoutError:
            database.backup(copy, pages=-1)


def _copy_still(source: Path, target: Path) -> bool:
    """Copy the files of a database that nobody writes; False where somebody did."""
    before = _look(source)
    if any(time.time_ns() - one[2] < _STILL * 1e9 for one in before.values()):
        return False
    for side in before:
        shutil.copyfile(f"{source}{side}", f"{target}{side}")
    if _look(source) != before:
        return False
    with closing(sqlite3.connect(target)) as copy:
        # Reading it recovers it: SQLite applies a log, and rolls back what never ended.
        copy.execute("SELECT count(*) FROM sqlite_master").fetchone()
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return True


def _look(source: Path) -> dict[str, tuple[int, int, int]]:
    """The files of a database by their endings; the shared memory of a log is made again from it."""
    found = {}
    for side in ("", *(one for one in SIDES if one != "-shm")):
        try:
            seen = Path(f"{source}{side}").stat()
        except FileNotFoundError:
            continue
        found[side] = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
    return found


def _remove(target: Path) -> None:
    for side in ("", *SIDES):
        Path(f"{target}{side}").unlink(missing_ok=True)


def count_rows(path: Path) -> dict[str, int | None]:
    """The rows of each table of a copy; None of one that this SQLite cannot count, such as of an extension."""
    found: dict[str, int | None] = {}
    with closing(sqlite3.connect(path)) as copy:
        try:
            names = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        except sqlite3.Error:
            # `examine` says what is wrong with it.
            return {}
        for (name,) in names:
            quoted = name.replace('"', '""')
            try:
                (found[name],) = copy.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()
            except sqlite3.Error:
                found[name] = None
    return found


def examine(path: Path) -> str:
    """What SQLite's integrity_check finds wrong with a copy; "" where it is whole."""
    try:
        with closing(sqlite3.connect(path)) as copy:
            found = [str(line) for (line,) in copy.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        return str(error)
    return "" if found == ["ok"] else "; ".join(found)
