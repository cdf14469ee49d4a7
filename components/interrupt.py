"""What happens when the program ends, and when the engine stops it because the update has failed."""

import atexit
import os
import signal
from collections.abc import Callable
from contextlib import suppress

# "The user has been told": Pulumi's language host adds no words of its own to this exit code.
_TOLD = 32
_last: list[Callable[[], object]] = []


def end_quietly() -> None:
    """On SIGINT, end without Python's KeyboardInterrupt trace below the message that matters."""
    signal.signal(signal.SIGINT, lambda *_: _end())


def at_end(clean: Callable[[], object]) -> None:
    """Call this when the program ends, by itself or on SIGINT."""
    _last.append(clean)
    atexit.register(clean)


def _end() -> None:
    for clean in _last:
        with suppress(Exception):
            clean()
    os._exit(_TOLD)
