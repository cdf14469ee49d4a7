"""What happens when the engine stops the program because the update has failed."""

import os
import signal

# "The user has been told": Pulumi's language host adds no words of its own to this exit code.
_TOLD = 32


def end_quietly() -> None:
    """On SIGINT, end without Python's KeyboardInterrupt trace below the message that matters."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(_TOLD))
