"""Digests of files, kept from one backup to the next: a file that did not change is not read again."""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from portico.components.in_container.backups.tree import hash_file

# A file that was written in these last nanoseconds may be written again without another time.
_FRESH = 2_000_000_000


class Hashes:
    """Kept in `file`, by a file's path, time and size."""

    def __init__(self, file: Path) -> None:
        self._file, self._now = file, dict[str, list[object]]()
        self._before: Mapping[str, list[object]] = {}
        with suppress(OSError, ValueError):
            self._before = json.loads(file.read_text())

    def find(self, path: Path, seen: os.stat_result) -> str:
        """What the file holds. Raises FileNotFoundError."""
        looks = [seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns]
        known = self._before.get(str(path))
        digest = str(known[-1]) if known and known[:-1] == looks else hash_file(path)
        if time.time_ns() - seen.st_ctime_ns > _FRESH:
            self._now[str(path)] = [*looks, digest]
        return digest

    def keep(self) -> None:
        """Record what was found; files that are gone are forgotten."""
        partial = self._file.with_suffix(".part")
        partial.write_text(json.dumps(self._now))
        partial.replace(self._file)
        self._before, self._now = self._now, {}
