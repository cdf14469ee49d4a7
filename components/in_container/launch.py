"""Runs a command with secrets as environment variables, which it reads from files: Docker has no value of them."""

import os
import sys
from pathlib import Path

names, *words = sys.argv[1:]
folder = Path("/run/secrets")
try:
    for name in names.split(","):
        # As bytes: the variable is exactly the content of the file.
        os.environb[name.encode()] = (folder / name).read_bytes()
    os.execvp(words[0], words)
except (OSError, ValueError) as error:
    # No traceback, since it could show the value of a variable.
    sys.exit(f"{words[0]} could not be started with its secrets: {getattr(error, 'strerror', None) or 'a NUL in one'}")
