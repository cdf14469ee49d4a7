"""The result of each backup, recorded where the next run and `portico status` find it."""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_KEPT = 200  # runs

Run = dict[str, Any]


def spell(at: datetime) -> str:
    """A time as people and programs read it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Book:
    """The file `report.json`: the id of the repository, since when there are backups, and the last runs.

    Each run has `at`, `outcome` (running, proven, failed or cut) and, as far as it came, `snapshot` and what was found.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._told: dict[str, Any] = {"repository": "", "place": "", "since": "", "checked": 0, "kept": [], "runs": []}
        with suppress(OSError, ValueError):
            self._told |= json.loads(file.read_text())

    def begin(self, place: str) -> None:
        """Another place has another repository, of which nothing is known."""
        if self._told["place"] != place:
            self._told |= {"repository": "", "place": place, "since": spell(datetime.now(UTC)), "kept": [], "runs": []}
            self._write()

    def close_cut(self) -> bool:
        """Record a run that began and never ended, since no process is left that could; whether there was one."""
        cut = [run for run in self.runs if run["outcome"] == "running"]
        for run in cut:
            run |= {"outcome": "cut", "why": "it was ended before it had finished"}
        if cut:
            self._write()
        return bool(cut)

    @property
    def runs(self) -> list[Run]:
        """The oldest first."""
        found: list[Run] = self._told["runs"]
        return found

    @property
    def repository(self) -> str:
        """The id of the repository that was there the last time, "" before the first."""
        return str(self._told["repository"])

    def remember(self, repository: str) -> None:
        """Record it."""
        self._told["repository"] = repository

    @property
    def kept(self) -> set[str]:
        """The ids of the backups that were there at the end of the last run: nobody but a run removes one."""
        return set(self._told["kept"])

    def keep(self, ids: Iterable[str]) -> None:
        """Record them."""
        self._told["kept"] = sorted(ids)

    def turn(self, parts: int) -> str:
        """Which part of the data is to be read this time, such as 3/7: each in its turn."""
        self._told["checked"] = self._told["checked"] % parts + 1
        return f"{self._told['checked']}/{parts}"

    def add(self, run: Run) -> None:
        """A run that begins."""
        self._told["runs"] = [*self.runs[-_KEPT + 1 :], run]
        self._write()

    def update(self, run: Run, **more: object) -> None:
        """Record its result."""
        run |= more
        self._write()

    def find_proven(self) -> set[str]:
        """The ids of the backups that were proven."""
        return {str(run["snapshot"]) for run in self.runs if run["outcome"] == "proven"}

    def _write(self) -> None:
        partial = self._file.with_suffix(".part")
        partial.write_text(json.dumps(self._told))
        partial.replace(self._file)
