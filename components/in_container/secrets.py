"""Runs once before Gunicorn, where secrets come as environment variables: makes them files that it alone can read."""

import os
from pathlib import Path

PREFIX = b"PORTICO_SECRET_"

folder = Path("/run/secrets")
for name, value in os.environb.items():
    if name.startswith(PREFIX):
        path = folder / os.fsdecode(name.removeprefix(PREFIX))
        # Of an attempt before this one; it could not be written to again.
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
            file.write(value)
