"""Backups, as what makes them has written it down: which one was proven last, and what is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from cronsim import CronSim

Run = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Backups:
    """All of a stack: when they are made, since when, and the last runs, the oldest first.

    A run is what components/in_container/backups/book.py says.
    """

    every: str
    since: datetime | None = None
    runs: Sequence[Run] = ()

    @classmethod
    def read(cls, every: str, report: Mapping[str, Any]) -> Self:
        """As it stands in the report. Raises ValueError where that is none."""
        since = str(report.get("since") or "")
        return cls(
            every=every, since=datetime.fromisoformat(since) if since else None, runs=tuple(report.get("runs") or ())
        )

    @property
    def proven(self) -> Run | None:
        """The newest that was brought back and compared; None where there is none."""
        return next((run for run in reversed(self.runs) if run["outcome"] == "proven"), None)

    @property
    def ended(self) -> Run | None:
        """The last one that came to an end."""
        return next((run for run in reversed(self.runs) if run["outcome"] != "running"), None)

    def tell(self, now: datetime) -> Iterator[str]:
        """What people are informed of, in lines."""
        if run := self.proven:
            yield f"backups: the newest proven one is {run['snapshot']}, made {_spell_age(run, now)}: {count(run)}"
        else:
            yield "backups: none is proven yet"
        if self.runs and self.runs[-1]["outcome"] == "running":
            yield f"  one is being made since {_spell(self.runs[-1])}"
        if (last := self.ended) and last["outcome"] != "proven":
            yield f"  the last one of {_spell(last)} {_fail(last)}"
        yield f"  made at {self.every} (UTC)"

    def warn(self, now: datetime) -> Iterator[str]:
        """What is wrong: a sentence each, without the dot."""
        if (last := self.ended) and last["outcome"] != "proven":
            yield f"backups: the last one, of {_spell(last)}, {_fail(last)}"
        # One may be in the making; of two that were due, one must be there.
        due = find_due(self.every, now)
        newest = self.proven
        if newest and read_time(newest) < due:
            yield (
                f"backups: the newest proven one is of {_spell(newest)}, and two were due since {due:%Y-%m-%d %H:%M} "
                "UTC"
            )
        elif not newest and self.since and self.since < due:
            yield f"backups: none was proven since {self.since:%Y-%m-%d %H:%M} UTC"

    def spell(self) -> dict[str, Any]:
        """For a script."""
        return {"every": self.every, "proven": self.proven, "last": self.runs[-1] if self.runs else None}


def find_due(every: str, now: datetime) -> datetime:
    """The time before the last one at which a cron expression was due."""
    times = CronSim(every, now.astimezone(UTC), reverse=True)
    next(times)
    return next(times)


def read_time(run: Run) -> datetime:
    """When a run began."""
    return datetime.fromisoformat(str(run["at"]))


def count(run: Run) -> str:
    """What was compared when a backup was proven."""
    proof: Mapping[str, int] = run.get("proof") or {}
    reported = f"{_number(proof.get('files', 0), 'file')}, {_number(proof.get('databases', 0), 'database')} of SQLite"
    reported += f" with {_number(proof.get('rows', 0), 'row')}" if proof.get("databases") else ""
    if proof.get("servers"):
        reported += f", {_number(proof['servers'], 'database')} of PostgreSQL with "
        reported += _number(proof.get("server_rows", 0), "row")
    if proof.get("caches"):
        reported += f", {_number(proof['caches'], 'cache')} with {_number(proof.get('keys', 0), 'key')}"
    moving = proof.get("moving", 0)
    return reported + (f"; {_number(moving, 'file')} changed while it was made" if moving else "")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _spell(run: Run) -> str:
    return f"{read_time(run):%Y-%m-%d %H:%M} UTC"


def _spell_age(run: Run, now: datetime) -> str:
    age = max(now - read_time(run), timedelta(0))
    hours = age.total_seconds() / 3600
    reported = (
        f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} min"
    )
    return f"{_spell(run)} ({reported} ago)"


def _fail(run: Run) -> str:
    return f"{'was cut' if run['outcome'] == 'cut' else 'failed'}: {run.get('why') or 'nobody knows why'}"
