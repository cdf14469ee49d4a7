"""A scene for what makes backups: a folder of data with a database, and plain folders in the place of restic."""

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from portico.components.in_container.backups.job import Job
from portico.components.in_container.backups.repository import Failed, Missing, Repository, Snapshot
from portico.components.in_container.backups.source import Source
from portico.components.in_container.backups.tree import FOLDER

# A character of a pattern that stands for itself: "?" is any, two dollars are one.
_ESCAPED = re.compile(rb"\\(.)|(\?)|(\$\$)|(.)", re.DOTALL)


def read_pattern(line: bytes) -> re.Pattern[bytes]:
    """A line of a file of patterns, as restic understands it."""

    def spell(found: re.Match[bytes]) -> bytes:
        one, any_one, dollar, plain = found.groups()
        return b"[^/]" if any_one else re.escape(b"$" if dollar else one or plain)

    return re.compile(_ESCAPED.sub(spell, line) + rb"(/.*)?", re.DOTALL)


@dataclass(frozen=True)
class Shelf(Repository):
    """Keeps each snapshot as a folder below `place`; it knows nothing of keys."""

    place: Path = field(default_factory=Path)
    forgotten: list[dict[str, int]] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)

    def _read_id(self) -> str:
        if not (self.place / "config").is_file():
            raise Missing("nothing is there")
        return (self.place / "config").read_text()

    def save(self, folders: Sequence[Path], excluded: Path) -> tuple[Snapshot, dict[str, Any]]:
        """See Repository."""
        id = f"{max([0, *(int(one.id) for one in self.list_snapshots())]) + 1:08}"
        patterns = [read_pattern(line) for line in excluded.read_bytes().splitlines()]
        for folder in folders:
            self._copy(folder, self.place / id, patterns)
        (self.place / "list").open("a").write(f"{id}\n")
        return self.find(id), {"total_bytes_processed": 1, "data_added_packed": 1}

    def _copy(self, folder: Path, target: Path, patterns: Sequence[re.Pattern[bytes]]) -> None:
        def leave_out(here: str, names: list[str]) -> list[str]:
            return [one for one in names if any(it.fullmatch(os.fsencode(f"{here}/{one}")) for it in patterns)]

        shutil.copytree(folder, target.joinpath(*folder.parts[1:]), symlinks=True, ignore=leave_out)

    def list_snapshots(self) -> list[Snapshot]:
        """See Repository."""
        file, begin = self.place / "list", datetime(2026, 11, 30, tzinfo=UTC)
        ids = file.read_text().split() if file.is_file() else []
        return [Snapshot(id, begin + timedelta(hours=index)) for index, id in enumerate(ids)]

    def restore(self, snapshot: Snapshot, target: Path, folder: str = "") -> None:
        """See Repository."""
        if not (source := self.place / snapshot.id).is_dir():
            raise Failed("restic restore failed: nothing there")
        shutil.copytree(source / folder.lstrip("/"), target, symlinks=True, dirs_exist_ok=True)

    def read(self, snapshot: Snapshot, path: str) -> str:
        """See Repository."""
        return self.place.joinpath(snapshot.id, path.lstrip("/")).read_text()

    def check(self, part: str = "") -> None:
        """See Repository."""
        self.checked.append(part)

    def forget(self, keep: dict[str, int]) -> None:
        """See Repository."""
        self.forgotten.append(keep)

    def unlock(self) -> None:
        """See Repository."""

    def _run(self, name: str, *words: str, allowed: int = 0) -> str:
        assert name == "init", name
        self.place.mkdir(parents=True, exist_ok=True)
        (self.place / "config").write_text("the one")
        return ""


@dataclass(frozen=True)
class Scene:
    """The job, and the folder of data that it backs up."""

    job: Job
    folder: Path
    shelf: Shelf

    def write(self, path: str, text: str) -> None:
        """A file of the data."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def connect(self, path: str = "shop.db", mode: str = "wal") -> sqlite3.Connection:
        """A database of the data with a table `orders`."""
        database = sqlite3.connect(self.folder / path, isolation_level=None)
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, what TEXT)")
        return database

    def order(self, count: int, path: str = "shop.db", mode: str = "wal") -> None:
        """Add so many rows, and close the database."""
        with closing(self.connect(path, mode)) as database:
            database.executemany("INSERT INTO orders (what) VALUES (?)", [("tea",)] * count)

    def stored(self, path: str) -> Path:
        """Where the last snapshot has a path of this machine."""
        return self.shelf.place.joinpath(self.shelf.list_snapshots()[-1].id, *Path(path).parts[1:])

    @property
    def report(self) -> dict[str, Any]:
        """What was written down."""
        reported: dict[str, Any] = json.loads((self.job.work / "report.json").read_text())
        return reported


def make_scene(root: Path) -> Scene:
    """One site with one folder of data, in which a file and a database lie."""
    data, work, folder = root / "data", root / "work", root / "data" / "shop" / "instance"
    folder.mkdir(parents=True)
    work.mkdir()
    shelf = Shelf("the shelf", "portico.dev", work, place=root / "shelf")
    scene = Scene(Job(shelf, [Source("shop/instance", FOLDER, folder)], {"last": 2}, work, data), folder, shelf)
    scene.write("a/note.txt", "hello")
    scene.order(10)
    return scene
