"""The record of a site's release commands: a line for each that came to an end."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from portico.config.release.replica import SOCKETS


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run of a release command, as components/in_container/once.py has written it down.

    `began` is when, in UTC, and it took `seconds`. `release` and `command` are "" where a version of Portico wrote the
    line that did not know them yet.
    """

    key: str
    code: int
    began: datetime
    seconds: float
    release: str = ""
    command: str = ""

    @classmethod
    def read(cls, line: str) -> Self:
        """Raises ValueError, OverflowError or OSError where the line is none of that record."""
        key, code, began, seconds, *rest = line.split(" ", 5)
        # The site's own user may write to the file, and people and scripts are shown what stands there.
        if not line.isprintable() or not math.isfinite(float(seconds)):
            raise ValueError(line)
        release, command = (*rest, "", "")[:2]
        return cls(
            key=key,
            code=int(code),
            began=datetime.fromtimestamp(int(began), UTC),
            seconds=float(seconds),
            release=release,
            command=command,
        )

    @property
    def start(self) -> str:
        """When it began, as ISO 8601 writes it."""
        return self.began.strftime("%Y-%m-%dT%H:%M:%SZ")


def name_record(site: str) -> str:
    """Where the record of a site lies, in each container that has the volume of the sockets."""
    return f"{SOCKETS}/{site}/once"


def read_record(text: str) -> list[Ran]:
    """The runs, the oldest first; what is no line of the record is left out."""
    return [*_read(text)]


def _read(text: str) -> Iterator[Ran]:
    for line in text.split("\n"):
        try:
            yield Ran.read(line)
        except (ValueError, OverflowError, OSError):
            continue
