"""What happens when the program ends, and when the engine stops it because the update has failed."""

import atexit
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

# "The user has been informed": Pulumi's language host adds no words of its own to this exit code.
_REPORTED = 32
_last: list[Callable[[], object]] = []
# How many verdicts are expected: one for each Portico of the program.
_open: list[int] = []


def end_quietly() -> None:
    """On SIGINT, end without Python's KeyboardInterrupt trace below the message that matters."""
    signal.signal(signal.SIGINT, lambda *_: _end())


def at_end(clean: Callable[[], object]) -> None:
    """Call this when the program ends, by itself or on SIGINT."""
    _last.append(clean)
    atexit.register(clean)


def expect_verdict() -> None:
    """From now on this program may end well only after `settle`.

    Where the engine goes on after a failure (--continue-on-error), the program does not know of what depends on it, and
    would end well; the engine would then delete what still serves.
    """
    if not _open:
        _open.append(0)
        atexit.register(_require_verdict)
    _open[0] += 1


def settle() -> None:
    """What one of them was asked for is live."""
    _open[:] = [max(0, one - 1) for one in _open]


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
    os._exit(_REPORTED)
