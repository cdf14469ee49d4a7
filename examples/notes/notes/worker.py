"""A worker: `python -m notes.worker`. It takes one job after the other. At SIGTERM it finishes the one it has."""

import signal
import socket
import time
from collections.abc import Callable
from threading import Event
from types import FrameType

from sqlalchemy import func, select

from notes import create_app
from notes.database import db
from notes.models import Note, Upload
from notes.queue import Taken, finish, take

IDLE = 0.5  # seconds between two looks into an empty queue
LONGEST = 30.0  # seconds that a rehearsal may take


def count_words(note_id: str) -> str:
    """Count the words of a note."""
    note = db.session.get(Note, int(note_id))
    if note is None:
        return "the note is gone"
    note.words = len(note.text.split())
    return f"{note.words} words"


def take_census(_: str) -> str:
    """Count everything, for the first page."""
    notes = db.session.scalar(select(func.count()).where(Note.binned_at.is_(None)))
    files, length = db.session.execute(select(func.count(), func.coalesce(func.sum(Upload.length), 0))).one()
    return f"{notes} notes, {files} files of {length} bytes"


def rehearse(seconds: str) -> str:
    """Take some seconds: such a job must survive a release."""
    time.sleep(max(0.0, min(float(seconds), LONGEST)))
    return f"took {seconds} s"


KINDS: dict[str, Callable[[str], str]] = {"count": count_words, "census": take_census, "rehearse": rehearse}


def work(worker: str) -> bool:
    """Do one job. False: there was none. What the job wrote and its result are one transaction."""
    job = take(worker)
    if job is None:
        return False
    result = _run(job)
    if finish(job, worker, result):
        db.session.commit()
    else:
        db.session.rollback()
        result = "somebody else did it meanwhile"
    print(f"job {job.id}, {job.kind} {job.argument}: {result}", flush=True)
    return True


def _run(job: Taken) -> str:
    try:
        return KINDS[job.kind](job.argument)
    except Exception as error:  # one bad job must not end the worker
        db.session.rollback()
        return f"failed: {error!r}"


def main() -> None:
    """Work until SIGTERM or SIGINT."""
    stop = Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with create_app().app_context():
        while not stop.is_set():
            if not work(socket.gethostname()):
                stop.wait(IDLE)


if __name__ == "__main__":
    main()
