"""Runs a checkout's set-up, which ends with the command that began it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType

from portico.cli.project import HOME

SCRIPT = HOME / "scripts" / "setup.sh"


def run_set_up(stack: str, environment: Mapping[str, str] | None = None, meanwhile: Callable[[], object] = int) -> int:
    """Its exit code. `meanwhile` is called while it runs; who needs what that lacks says so."""
    process: subprocess.Popen[bytes] | None = None
    heard = 0

    def end(number: int, _: FrameType | None) -> None:
        # A signal may name this process alone; without it set-up would go on for minutes.
        nonlocal heard
        heard = 128 + number
        if process:
            process.terminate()

    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with subprocess.Popen([str(SCRIPT), stack], env=environment and {**os.environ, **environment}) as process:
            if heard:
                process.terminate()
            with suppress(ImportError):
                meanwhile()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    if heard:
        sys.exit(heard)
    return int(process.returncode)
