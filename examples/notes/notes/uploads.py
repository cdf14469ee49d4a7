"""Files that people send. They lie in the media folder under names that nobody chose."""

import hashlib
import re
import secrets
from pathlib import Path
from typing import BinaryIO

from flask import current_app

from notes.database import db
from notes.models import Upload

CHUNK = 64 * 1024


def save(stream: BinaryIO, name: str) -> Upload:
    """Write a file and its row. The file is whole before it has its name; the caller commits the row."""
    folder = Path(current_app.config["MEDIA_FOLDER"])
    file = secrets.token_hex(16) + _find_suffix(name)
    part = folder / f".{file}"
    digest, length = hashlib.sha256(), 0
    with part.open("xb") as out:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            length += len(chunk)
            out.write(chunk)
    part.rename(folder / file)
    upload = Upload(file=file, name=name, sha256=digest.hexdigest(), length=length)
    db.session.add(upload)
    return upload


def remove(file: str) -> None:
    """Remove a file, if it is there."""
    (Path(current_app.config["MEDIA_FOLDER"]) / file).unlink(missing_ok=True)


def _find_suffix(name: str) -> str:
    found = re.search(r"\.[a-z0-9]{1,8}$", name.lower())
    return found.group() if found else ""
