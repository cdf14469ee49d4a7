"""What people and programs ask for."""

import os
import time
from datetime import UTC, datetime

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from notes.database import db, is_migrated
from notes.models import Job, Note, Purge
from notes.queue import order
from notes.uploads import save

NEWEST = 30  # notes on the first page

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> str:
    notes = db.session.scalars(
        select(Note).where(Note.binned_at.is_(None)).order_by(Note.id.desc()).limit(NEWEST)
    ).all()
    census = db.session.scalar(
        select(Job.result).where(Job.kind == "census", Job.result.is_not(None)).order_by(Job.id.desc()).limit(1)
    )
    waiting = db.session.scalar(select(func.count()).where(Job.finished_at.is_(None)))
    purge = db.session.scalar(select(Purge).order_by(Purge.id.desc()).limit(1))
    return render_template("index.html", notes=notes, census=census, waiting=waiting, purge=purge)


@pages.post("/notes")
def write_note() -> ResponseReturnValue:
    title = request.form.get("title", "").strip()
    if not title:
        abort(400, "A note needs a title.")
    # The files first: from the first statement to the commit nobody else can write to the database.
    uploads = [save(file.stream, file.filename) for file in request.files.getlist("file") if file.filename]
    note = Note(title=title, text=request.form.get("text", ""), uploads=uploads)
    db.session.add(note)
    db.session.flush()
    order("count", note.id)
    db.session.commit()
    return redirect(url_for("pages.index"), code=303)


@pages.post("/notes/<int:number>/bin")
def throw_away(number: int) -> ResponseReturnValue:
    """Put a note into the bin; the nightly job empties it."""
    note = db.get_or_404(Note, number)
    note.binned_at = time.time()
    db.session.commit()
    return redirect(url_for("pages.index"), code=303)


@pages.post("/files")
def upload() -> ResponseReturnValue:
    """Keep the body as a file, for programs: `curl --data-binary @photo.jpg 'http://…/files?name=photo.jpg'`."""
    kept = save(request.stream, request.args.get("name", ""))
    db.session.commit()
    url = url_for("pages.media", file=kept.file)
    return jsonify(file=kept.file, url=url, sha256=kept.sha256, length=kept.length), 201


@pages.get("/media/<file>")
def media(file: str) -> ResponseReturnValue:
    """Where a web server serves the media folder itself, nobody asks here: this is for `flask run`."""
    return send_from_directory(os.path.abspath(current_app.config["MEDIA_FOLDER"]), file, as_attachment=True)


@pages.post("/jobs")
def order_rehearsal() -> ResponseReturnValue:
    """Order a job that takes some seconds and does nothing else."""
    job = order("rehearse", request.args.get("seconds", 1.0, type=float))
    db.session.commit()
    return jsonify(job=job.id), 201


@pages.get("/jobs/<int:number>")
def tell_job(number: int) -> ResponseReturnValue:
    job = db.get_or_404(Job, number)
    return jsonify(job=job.id, kind=job.kind, result=job.result, attempts=job.attempts)


@pages.get("/whoami")
def whoami() -> ResponseReturnValue:
    """Which release and which replica answers."""
    return jsonify({name: os.environ.get(f"PORTICO_{name.upper()}", "") for name in ("site", "release", "replica")})


@pages.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Well, if the database can be read and has the migrations that this release needs."""
    if is_migrated():
        return Response("ok", mimetype="text/plain")
    return Response("the database lacks migrations: run `flask db upgrade`", status=503, mimetype="text/plain")


@pages.app_template_filter("when")
def spell_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
