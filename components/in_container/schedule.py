"""Runs the jobs of one site when their time comes, in a container of its live release.

Only the container with the lock of the site's folder schedules, so a new one waits for the old one. On SIGTERM the old
one gives the lock up at once and starts nothing more, but stays for the jobs that it has begun. The schedule and the
results are recorded first, in one file: so no time is run twice, whichever container is killed, and a run that began
and never ended is reported.
"""

import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from portico.components.in_container.schedule_book import Book, take
from portico.components.in_container.scheduled_job import Job, Run, say, spell

LATE = 300  # seconds: a run that would begin later than that, since no container ran, is missed
WAIT = 0.5  # seconds between two looks at what other containers do
# A clock that goes back by less than this makes jobs wait; by more, what was scheduled before is forgotten.
BACK = 3600


class Scheduler:
    """Everything that is to be done at a time; `step` is called again and again."""

    def __init__(self, jobs: list[Job], folder: Path, release: str) -> None:
        self.jobs, self.folder, self.release = jobs, folder, release
        self.book, self.me = Book(folder), socket.gethostname()
        self.runs: list[Run] = []
        self.pending: dict[str, float] = {}
        self.until: dict[str, float] = {}
        self.ending = self.holds = False
        self.lock = (folder / "lock").open("a")
        self.alive = (folder / f"alive.{self.me}").open("a")
        fcntl.flock(self.alive, fcntl.LOCK_EX)

    def step(self) -> float:
        """Do what is due now; seconds until there may be something to do again."""
        self._reap()
        if self.ending and self.holds:
            fcntl.flock(self.lock, fcntl.LOCK_UN)
            self.holds = False
        if not self.ending and not self.holds and take(self.lock):
            self._begin()
        wait = WAIT if self.runs or self.pending or not self.holds else 30.0
        if self.holds:
            wait = min(wait, *(self._schedule(job) for job in self.jobs))
        for name in list(self.pending):
            self._try_again(name)
        return max(wait, 0.01)

    def is_done(self) -> bool:
        """Whether it was asked to end, and everything that it has begun has ended."""
        return self.ending and not self.runs and not self.pending

    def _begin(self) -> None:
        """Take over: mark runs in the book whose container is gone, since nobody else will."""
        now, names = time.time(), {job.name for job in self.jobs}
        with self.book.change() as book:
            for run in book["runs"]:
                if run["outcome"] == "running" and not self._lives(run["holder"]):
                    run["outcome"] = "lost"
                    say(run["job"], "of", run["due"], "was cut short: its container ended first")
            # A job that is new begins with the time that comes next.
            book["until"] = {name: at for name, at in book["until"].items() if name in names and at < now + BACK}
            for name in names - book["until"].keys():
                book["until"][name] = now
        self.until, self.holds = book["until"], True
        say("scheduling", len(self.jobs), "jobs of release", self.release)

    def _lives(self, holder: str) -> bool:
        path = self.folder / f"alive.{holder}"
        if holder == self.me or not path.exists():
            return False
        with path.open("a") as file:
            if not take(file):
                return True
            path.unlink()
        return False

    def _schedule(self, job: Job) -> float:
        """Start what is due of a job; seconds until its next time."""
        while True:
            now = time.time()
            due = job.find_next(self.until[job.name])
            if due is None:
                return 3600.0
            if due > now:
                return due - now
            try:
                if now - due > LATE:
                    self._miss(job, due, now)
                elif not self._start(job, due):
                    return WAIT
            except OSError as error:
                # Without a record it could be run twice: it is tried again until it is too late.
                say(job.name, "of", spell(due), "cannot be recorded, so it waits:", error.strerror)
                return WAIT

    def _write(self, job: Job, due: float, outcome: str, **more: object) -> None:
        with self.book.change() as book:
            book["until"][job.name] = max(due, book["until"].get(job.name, 0))
            run = {"job": job.name, "due": spell(due), "outcome": outcome, "release": self.release, "holder": self.me}
            book["runs"].append({**run, **more})
        self.until[job.name] = max(due, self.until[job.name])

    def _miss(self, job: Job, due: float, now: float) -> None:
        last, count = due, 1
        while (later := job.find_next(last)) is not None and later <= now - LATE:
            last, count = later, count + 1
        self._write(job, last, "missed", first=spell(due), count=count)
        say(job.name, "missed", count, "times from", spell(due), "to", spell(last), "since no container ran")

    def _start(self, job: Job, due: float) -> bool:
        """Start it, or skip it; False where it has to wait."""
        lock = (self.folder / f"{job.name}.run").open("a")
        if job.overlap == "allow" or take(lock):
            self._run(job, due, lock)
        elif job.overlap == "replace":
            lock.close()
            if before := self.pending.get(job.name):
                # It has not begun yet; the newer one does its work.
                self._finish(job, before, "replaced")
            self._write(job, due, "running", start=spell(time.time()))
            self.pending[job.name] = due
            self._ask_to_end(job, due)
        else:
            lock.close()
            if not self._ran(job, due):
                return False
            self._write(job, due, "skipped")
            say(job.name, "of", spell(due), "is skipped: the run before it has not ended")
        return True

    def _ran(self, job: Job, due: float) -> bool:
        """Whether what runs of the job ran at that time, too: what is late itself keeps none from its turn."""
        runs = [run for run in self.book.read()["runs"] if run["job"] == job.name and run["outcome"] == "running"]
        return any(run["start"] <= spell(due) for run in runs)

    def _ask_to_end(self, job: Job, due: float) -> None:
        """The container that runs it, whichever that is, ends what was due before."""
        with suppress(OSError):
            (self.folder / f"{job.name}.stop").write_text(repr(due))

    def _try_again(self, name: str) -> None:
        job, due = next(one for one in self.jobs if one.name == name), self.pending[name]
        lock = (self.folder / f"{name}.run").open("a")
        if take(lock):
            del self.pending[name]
            self._launch(job, due, lock)
        else:
            lock.close()

    def _run(self, job: Job, due: float, lock: Any) -> None:
        try:
            self._write(job, due, "running", start=spell(time.time()))
        except OSError:
            lock.close()
            raise
        self._launch(job, due, lock)

    def _launch(self, job: Job, due: float, lock: Any) -> None:
        say(job.name, "of", spell(due), "starts")
        try:
            self.runs.append(Run(job, due, lock))
        except OSError as error:
            lock.close()
            self._finish(job, due, "failed", why=f"{job.words[0]}: {error.strerror}")
            say(job.name, "cannot be run:", job.words[0], error.strerror)

    def _reap(self) -> None:
        for run in list(self.runs):
            code = run.process.poll()
            if code is None:
                if time.monotonic() - run.begun > run.job.timeout:
                    run.end("timeout")
                elif run.told is not None or self._is_replaced(run):
                    run.end(run.outcome if run.told is not None else "replaced")
                continue
            # What it has left behind is ended with it.
            run.signal(signal.SIGKILL)
            seconds = round(time.monotonic() - run.begun, 1)
            self.runs.remove(run)
            self._finish(run.job, run.due, run.outcome, code=code, seconds=seconds)
            run.lock.close()
            say(run.job.name, "of", spell(run.due), run.outcome, "with exit code", code, "after", seconds, "s")

    def _is_replaced(self, run: Run) -> bool:
        if run.job.overlap != "replace":
            return False
        try:
            return float((self.folder / f"{run.job.name}.stop").read_text()) > run.due
        except (OSError, ValueError):
            return False

    def _finish(self, job: Job, due: float, outcome: str, **more: object) -> None:
        try:
            with self.book.change() as book:
                for run in reversed(book["runs"]):
                    if (run["job"], run["due"], run["outcome"]) == (job.name, spell(due), "running"):
                        run.update(outcome=outcome, **more)
                        break
        except OSError as error:
            say("what became of", job.name, "of", spell(due), "cannot be recorded:", error.strerror)


def main() -> None:
    """Schedule until SIGTERM, and then wait for what runs."""
    told, folder = sys.argv[1:]
    jobs = [Job(**one) for one in json.loads(told)]
    path = Path(folder)
    path.mkdir(mode=0o750, exist_ok=True)
    scheduler = Scheduler(jobs, path, os.environ.get("PORTICO_RELEASE", ""))
    # A signal wakes the pause: a job that has ended, and the end of this container.
    ear, mouth = os.pipe()
    for end in (ear, mouth):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(mouth)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(scheduler, "ending", True))
    while not scheduler.is_done():
        wait = scheduler.step()
        if not scheduler.is_done():
            select.select([ear], [], [], wait)
            with suppress(BlockingIOError):
                os.read(ear, 4096)


if __name__ == "__main__":
    main()
