"""Set-up that is killed at random moments."""

import random
import threading
import time

from tests.bare.clone import Clone
from tests.bare.record import Record, Wrong

# Half of a set-up's time is a good part to be killed in; the next one is killed in what it does then.
LONGEST_SECONDS = 150

# The group is that of `make`: what set-up itself has put into others must notice.
_START = 'echo $$ >/run/set-up; exec "$@"'
WAYS = {
    "its process group": 'kill -9 -- "-$(cat /run/set-up)"',
    "everything on the machine": "kill -9 -1",
}


def be_killed(clone: Clone, record: Record, times: int, seed: int) -> None:
    """Each set-up goes on with what the one before it has left."""
    moments = random.Random(seed)
    for number in range(times):
        way, command = list(WAYS.items())[number % len(WAYS)]
        after = moments.uniform(1, LONGEST_SECONDS)
        with record.step(f"make setup, killed after {after:.1f} s with {way} (seed {seed})"):
            kill(clone, after, command)


def kill(clone: Clone, after: float, command: str) -> None:
    killing = threading.Timer(after, lambda: clone.machine.try_(command))
    began = time.monotonic()
    killing.start()
    try:
        code, _ = clone.make("setup", "setsid", "--wait", "sh", "-c", _START, "-")
    finally:
        killing.cancel()
    if code == 0 and time.monotonic() - began < after:
        print("   it was done before that")
    elif code == 0:
        raise Wrong("it was not killed")
