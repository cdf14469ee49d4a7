"""Runs a command with secrets as environment variables: it reads their files, so nobody has to be told the values."""

import os
import sys
from pathlib import Path

names, *words = sys.argv[1:]
folder = Path("/run/secrets")
try:
    for name in names.split(","):
        # As bytes: what the variable holds is what the file holds, whatever this is.
        os.environb[name.encode()] = (folder / name).read_bytes()
    os.execvp(words[0], words)
except (OSError, ValueError) as error:
    # No traceback, for it could show what a variable was to be.
    sys.exit(f"{words[0]} could not be started with its secrets: {getattr(error, 'strerror', None) or 'a NUL in one'}")
