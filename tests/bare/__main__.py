"""What the README says, tried on a bare machine: python3 -m tests.bare IMAGE. The environment says which variant.

BARE_GO: a folder with a Go toolchain that the machine has; without it the toolchain comes as a wheel.
BARE_REV: the commit that is tried, HEAD by default.
BARE_STRICT: the user has no HOME, the umask 077 and the locale POSIX.
BARE_TOOLS: a folder that gets what the machine built of Pulumi, as .tools has it: another checkout of the same commit
on the same system need not build it again.
BARE_KILLS: how often set-up is killed at a random moment before. BARE_SEED repeats the moments.
"""

import os
import random
import signal
import sys
from pathlib import Path

from tests.bare.journey import travel
from tests.bare.machine import Machine
from tests.bare.record import Record


def interrupt(number: int, frame: object) -> None:
    sys.exit(128 + number)


def main(image: str) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    go, kills = os.environ.get("BARE_GO"), int(os.environ.get("BARE_KILLS") or 0)
    tools = os.environ.get("BARE_TOOLS")
    record = Record()
    with Machine(image, os.environ.get("BARE_REV") or "HEAD", Path(go) if go else None) as machine:
        seed = int(os.environ.get("BARE_SEED") or random.randrange(10000))
        strict = bool(os.environ.get("BARE_STRICT"))
        travel(machine, record, strict=strict, kills=kills, seed=seed, tools=Path(tools) if tools else None)
    return record.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
