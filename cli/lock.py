"""One command at a time changes a stack from this machine.

Pulumi has a lock of its own for its updates; what Portico does besides, such as bringing data back, it does not know.
The kernel takes this lock back with the process, however that ends.
"""

import fcntl
import os
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from portico.cli.prepare import Place
from portico.cli.refused import Refused

_TAKEN: Final[dict[Path, IO[str]]] = {}


def try_lock(file: Path) -> IO[str] | None:
    """The file, locked until it is closed; None where another process has it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    opened = file.open("a+")
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        opened.close()
        return None
    return opened


def take_lock(place: Place) -> None:
    """Have the stack until this process ends. Raises Refused where another command has it."""
    file = place.root / ".tools" / "locks" / place.stack
    if file in _TAKEN:
        return
    if (opened := try_lock(file)) is None:
        who = file.read_text().strip() or "a command that has just begun"
        raise Refused(
            f"Another run is working on the stack {place.stack}: {who}. Nothing was changed by this one. "
            "Wait until that one has ended, then run this again"
        )
    opened.truncate(0)
    opened.write(f"process {os.getpid()}, since {datetime.now():%Y-%m-%d %H:%M:%S}")
    opened.flush()
    _TAKEN[file] = opened
