"""Whether every machine that a stack is on can be asked what lies on it.

A refresh asks all of them, and would end in the provider's words where one is gone. The update says it in ours, or
makes another machine.
"""

import subprocess
import sys

from cli.engine import PROVIDER, Export, list_resources, read_engine
from components.engine import Engine
from components.tunnel import run_remotely

SECONDS = 40.0


def list_silent(export: Export) -> list[str]:
    """The addresses of machines behind SSH that do not answer."""
    engines = {read_engine(one) for one in list_resources(export, PROVIDER)}
    return sorted(str(engine.address) for engine in engines if not answers(engine))


def answers(engine: Engine) -> bool:
    """Whether it is this machine's own, or can be reached."""
    if not engine.address or not engine.address.startswith("ssh://"):
        return True
    try:
        return run_remotely(engine.address, engine.options, "true", SECONDS).returncode == 0
    except (subprocess.TimeoutExpired, OSError):
        return False


def all_answer(export: Export) -> bool:
    """Whether every machine of the stack answers; those that do not are named on the error output."""
    silent = list_silent(export)
    for address in silent:
        print(f"{address} does not answer: what lies on it is not looked at.", file=sys.stderr)
    return not silent
