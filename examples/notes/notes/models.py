"""What is kept. All times are seconds since 1970."""

import time

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from notes.database import Base


class Note(Base):
    """A note. Its words are counted by a worker; `binned_at` says since when it lies in the bin."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    text: Mapped[str]
    words: Mapped[int | None]
    created_at: Mapped[float] = mapped_column(default=time.time)
    binned_at: Mapped[float | None]
    uploads: Mapped[list["Upload"]] = relationship(cascade="all, delete-orphan", order_by="Upload.id")


class Upload(Base):
    """A file that somebody sent. `file` is its name in the media folder, `name` the sender's, `length` its bytes."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))
    file: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sha256: Mapped[str]
    length: Mapped[int]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Job(Base):
    """Work for a worker. Until `leased_until` it belongs to the `worker` that took it; see queue.py."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    argument: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)
    leased_until: Mapped[float] = mapped_column(default=0.0)
    worker: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[float | None]
    result: Mapped[str | None]


class Beat(Base):
    """One life of the beat, in the container `container`. `ended_at` is None while it runs, or after it was killed."""

    __tablename__ = "beats"

    id: Mapped[int] = mapped_column(primary_key=True)
    container: Mapped[str]
    begun_at: Mapped[float] = mapped_column(default=time.time)
    seen_at: Mapped[float] = mapped_column(default=time.time)
    ended_at: Mapped[float | None]


class Purge(Base):
    """One run of the nightly job: how many notes, files and jobs it removed."""

    __tablename__ = "purges"

    id: Mapped[int] = mapped_column(primary_key=True)
    container: Mapped[str]
    begun_at: Mapped[float]
    notes: Mapped[int]
    files: Mapped[int]
    jobs: Mapped[int]
