"""The jobs of a site, and the processes that they are: for schedule.py."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timezone, tzinfo
from typing import Any

from cronsim import CronSim

# Of images with a Python before 3.11, too.
UTC_ZONE = timezone.utc  # noqa: UP017
KILL = 10  # seconds that a job has after SIGTERM


def find_zone(name: str) -> tzinfo:
    """The time zone of that name; the program ends where the image does not know it."""
    if name == "UTC":
        return UTC_ZONE
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        sys.exit(f"The image knows no time zone {name}: write packages: [tzdata] for the site, or timeZone: UTC.")


def spell(at: float) -> str:
    """A time as people and logs have it."""
    return datetime.fromtimestamp(at, UTC_ZONE).strftime("%Y-%m-%dT%H:%M:%SZ")


def say(*words: object) -> None:
    """A line in the container's log."""
    print("schedule:", *words, flush=True)


class Job:
    """One job, as the settings have it."""

    def __init__(self, name: str, expression: str, zone: str, words: Sequence[str], overlap: str, timeout: int) -> None:
        self.name, self.expression, self.zone = name, expression, find_zone(zone)
        self.words, self.overlap, self.timeout = words, overlap, timeout

    def find_next(self, after: float) -> float | None:
        """The first time after `after`, in seconds since 1970; None where there is none."""
        for one in CronSim(self.expression, datetime.fromtimestamp(after, self.zone)):
            # Of an hour that comes twice, the first one could be meant, which is over.
            if (at := one.timestamp()) > after:
                return at
        return None


class Run:
    """One process of a job, with the lock by which other runs of the job see it."""

    def __init__(self, job: Job, due: float, lock: Any) -> None:
        self.job, self.due, self.lock, self.begun = job, due, lock, time.monotonic()
        self.outcome = "ended"
        self.told: float | None = None
        variables = {**os.environ, "PORTICO_JOB": job.name, "PORTICO_SCHEDULED": spell(due)}
        self.process = subprocess.Popen(job.words, stdin=subprocess.DEVNULL, start_new_session=True, env=variables)

    def end(self, outcome: str) -> None:
        """Tell it to end, and kill it where it does not."""
        if self.told is None:
            self.outcome, self.told = outcome, time.monotonic()
            self.signal(signal.SIGTERM)
        elif time.monotonic() - self.told > KILL:
            self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send it and all that it has started a signal."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
