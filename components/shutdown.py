"""What happens when the program ends, and when the engine stops it because the update has failed."""

import atexit
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

# "The user has been told": Pulumi's language host adds no words of its own to this exit code.
_TOLD = 32
_last: list[Callable[[], object]] = []
_open: list[bool] = []


def end_quietly() -> None:
    """On SIGINT, end without Python's KeyboardInterrupt trace below the message that matters."""
    signal.signal(signal.SIGINT, lambda *_: _end())


def at_end(clean: Callable[[], object]) -> None:
    """Call this when the program ends, by itself or on SIGINT."""
    _last.append(clean)
    atexit.register(clean)


def expect_verdict() -> None:
    """From now on this program may end well only after `settle`.

    Where the engine goes on after a failure (--continue-on-error), a program never hears of what depends on it, and
    would end well; the engine would then delete what still serves.
    """
    if not _open:
        _open.append(True)
        atexit.register(_require_verdict)


def settle() -> None:
    """What was asked for is live."""
    _open[:] = [False]


def _require_verdict() -> None:
    if any(_open):
        sys.stdout.flush()
        sys.stderr.flush()
        # What was to be called at the end and was asked for before this would not be called any more.
        _end()


def _end() -> None:
    for clean in _last:
        with suppress(Exception):
            clean()
    os._exit(_TOLD)
