"""The queue, kept in the database: a job that is ordered in a transaction is there if that transaction is.

A worker takes a job for a while (`LEASE`). If it is killed, another one takes the job after that. The result counts
only if the job still belongs to the worker that brings it, so no job has two results.
"""

import time
from dataclasses import dataclass

from sqlalchemy import select, update

from notes.database import db
from notes.models import Job

LEASE = 60.0  # seconds; longer than the longest job


@dataclass(frozen=True)
class Taken:
    """A job as its worker has it."""

    id: int
    kind: str
    argument: str


def order(kind: str, argument: object = "") -> Job:
    """Put a job into the queue. The caller commits."""
    job = Job(kind=kind, argument=str(argument))
    db.session.add(job)
    db.session.flush()
    return job


def take(worker: str) -> Taken | None:
    """Take the oldest job that nobody has. One statement does it, so two workers never get the same one."""
    now = time.time()
    oldest = select(Job.id).where(Job.finished_at.is_(None), Job.leased_until < now).order_by(Job.id).limit(1)
    # Of SQLite only one writes at a time; PostgreSQL would have both wait for one row, and give it to both.
    oldest = oldest.with_for_update(skip_locked=True)
    taken = db.session.execute(
        update(Job)
        .where(Job.id == oldest.scalar_subquery())
        .values(worker=worker, leased_until=now + LEASE, attempts=Job.attempts + 1)
        .returning(Job.id, Job.kind, Job.argument)
    ).one_or_none()
    db.session.commit()
    return Taken(*taken) if taken else None


def finish(job: Taken, worker: str, result: str) -> bool:
    """Write the result down. False: the job belongs to somebody else by now; then the caller rolls back."""
    done = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.worker == worker, Job.finished_at.is_(None))
        .values(finished_at=time.time(), result=result)
        .returning(Job.id)
    ).one_or_none()
    return done is not None
