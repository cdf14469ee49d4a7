"""The nightly job: `flask purge`."""

import socket
import time

import click
from flask.cli import with_appcontext
from sqlalchemy import delete, select

from notes.database import db
from notes.models import Job, Note, Purge
from notes.uploads import remove

DAY = 24 * 3600.0  # seconds


@click.command()
@click.option("--days", default=30.0, show_default=True, help="How long things are kept.")
@with_appcontext
def purge(days: float) -> None:
    """Remove what has been in the bin for some days, and jobs that were finished before."""
    begun = time.time()
    before = begun - days * DAY
    old = db.session.scalars(select(Note).where(Note.binned_at < before)).all()
    files = [upload.file for note in old for upload in note.uploads]
    for note in old:
        db.session.delete(note)
    jobs = db.session.execute(delete(Job).where(Job.finished_at < before).returning(Job.id)).all()
    row = Purge(container=socket.gethostname(), begun_at=begun, notes=len(old), files=len(files), jobs=len(jobs))
    db.session.add(row)
    db.session.commit()
    # Last: a file without a row is only waste, a row without its file is a broken page.
    for file in files:
        remove(file)
    click.echo(f"removed {len(old)} notes, {len(files)} files and {len(jobs)} jobs")
