"""The program of the container that makes backups: at its times, or once, as its arguments say.

portico-backup            makes one each time that is due, until SIGTERM
portico-backup now        makes one, and prints what became of it
portico-backup list       prints those that there are
portico-backup check      reads everything that is stored, and prints what is wrong
portico-backup fetch ID FOLDER...     and so on: for `portico restore` and `portico rehearse`
"""

import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cronsim import CronSim

from portico.components.in_container.backups.book import spell
from portico.components.in_container.backups.bringing import act as bring
from portico.components.in_container.backups.bringing import choose, fetch, lay
from portico.components.in_container.backups.job import Busy, Job
from portico.components.in_container.backups.repository import Failed, end_all

DATA, WORK, SECRETS = Path("/data"), Path("/work"), Path("/secrets")
_AGAIN = 900  # seconds until the next try after one that failed, at most so many times
_TRIES = 3


def say(*words: object) -> None:
    """A line of the container's log."""
    print(*words, flush=True)


def find_next(every: str, after: float) -> float:
    """The first time after `after` that a cron expression means, in UTC."""
    return next(iter(CronSim(every, datetime.fromtimestamp(after, UTC)))).timestamp()


def keep_on(job: Job, every: str, ending: threading.Event) -> None:
    """Make one each time that is due; the first one at once, where there was none."""
    book, failed = job.book, 0
    last = book.runs[-1]["at"] if book.runs else ""
    # What was due while nothing ran here is made now, once.
    after = datetime.fromisoformat(last).timestamp() if last else 0.0
    due = 0.0 if is_first(job) else find_next(every, after or time.time())
    say("backups at", every, "(UTC), the next at", spell(datetime.fromtimestamp(max(due, time.time()), UTC)))
    while True:
        # A machine that slept, or whose clock was set, is noticed soon.
        while (rest := due - time.time()) > 0:
            if ending.wait(min(rest, 60.0)):
                return
        if ending.is_set():
            return
        try:
            run = job.run()
            say(run["at"], run["outcome"], run.get("snapshot", ""), run.get("why", ""))
            failed = failed + 1 if run["outcome"] == "failed" else 0
        except Busy as error:
            say(error)
        due = find_next(every, time.time())
        if 0 < failed <= _TRIES:
            due = min(due, time.time() + _AGAIN)


def is_first(job: Job) -> bool:
    """Whether no backup was ever made: on a new machine with old backups, one of them is restored first."""
    if job.book.runs:
        return False
    try:
        return not job.repository.list_snapshots()
    except Failed:
        # There is none, or the first backup will report what is wrong.
        return True


def act(job: Job, name: str, words: list[str]) -> Any:
    """What a command prints, as JSON. Raises Failed, and OSError."""
    if name == "now":
        return job.run(wait=True)
    if name == "check":
        return job.check()
    if name == "list":
        runs = {run["snapshot"]: run for run in job.book.runs if "snapshot" in run}
        return [{**one.spell(), "run": runs.get(one.id[:8])} for one in job.repository.list_snapshots()]
    stamp = spell(datetime.now(UTC)).replace(":", "")
    # The command waits for a backup that is being made.
    with job.alone(wait=True):
        if name == "fetch":
            return fetch(job, job.repository.find(words[0]), words[1:])
        if name == "lay":
            return lay(job, job.repository.find(words[0]), words[1:])
        return [bring(one, name, stamp) for one in choose(job, words)]


def main() -> None:
    """See above."""
    os.umask(0o077)
    told = json.loads(os.environ["PORTICO_BACKUPS"])
    job, ending = Job.read(told, DATA, WORK, SECRETS), threading.Event()

    def end(*_: object) -> None:
        ending.set()
        end_all()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if len(sys.argv) < 2:
        keep_on(job, told["every"], ending)
        return
    try:
        say(json.dumps({"answer": act(job, sys.argv[1], sys.argv[2:])}))
    except (Failed, OSError) as error:
        say(json.dumps({"error": str(error)}))


if __name__ == "__main__":
    main()
