"""What was scheduled, and its results: for schedule.py."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KEPT = 20  # runs of each job that are remembered


class Book:
    """What was scheduled: {"until": {job: time}, "runs": [...]}, in a file that the containers of a site share."""

    def __init__(self, folder: Path) -> None:
        self.file, self.lock = folder / "schedule.json", folder / "book.lock"

    def read(self) -> dict[str, Any]:
        """Its content; nothing where it was never written."""
        try:
            found: dict[str, Any] = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return {"until": {}, "runs": []}
        return found

    @contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """Its content, to be changed in place, by one process at a time. Raises OSError where it cannot be written."""
        with self.lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self.read()
            yield found
            found["runs"] = trim(found["runs"])
            new = self.file.with_suffix(".new")
            with new.open("w") as file:
                json.dump(found, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.file)


def trim(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last ones of each job; those that are still going on are always among them."""
    seen: dict[str, int] = {}
    kept: list[dict[str, Any]] = []
    for run in reversed(runs):
        seen[run["job"]] = seen.get(run["job"], 0) + 1
        if seen[run["job"]] <= KEPT or run["outcome"] == "running":
            kept.insert(0, run)
    return kept


def take(file: Any) -> bool:
    """Take the lock of an open file, if nobody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
