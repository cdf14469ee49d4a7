"""Whether every machine that a stack is on can be asked what lies on it.

A refresh asks all of them, and would end in the provider's words where one is gone. The update says it in ours, or
makes another machine.
"""

import subprocess
import sys
from typing import TYPE_CHECKING

from portico.cli.engine import PROVIDER, Export, list_resources, read_engine

if TYPE_CHECKING:
    from portico.components.docker.engine_client import Engine

SECONDS = 40.0


def list_silent(export: Export) -> list[str]:
    """The addresses of machines behind SSH that do not answer."""
    remote = [one for one in list_resources(export, PROVIDER) if is_remote(one)]
    engines = {read_engine(one) for one in remote}
    return sorted(str(engine.address) for engine in engines if not answers(engine))


def is_remote(provider: Export) -> bool:
    """Whether its engine is behind SSH."""
    return str((provider.get("inputs") or {}).get("host") or "").startswith("ssh://")


def answers(engine: "Engine") -> bool:
    """Whether a machine behind SSH can be reached."""
    from portico.components.docker.ssh_tunnel import run_remotely

    try:
        return run_remotely(str(engine.address), engine.options, "true", SECONDS).returncode == 0
    except (subprocess.TimeoutExpired, OSError):
        return False


def all_answer(export: Export) -> bool:
    """Whether every machine of the stack answers; those that do not are named on the error output."""
    silent = list_silent(export)
    for address in silent:
        print(f"{address} does not answer, so what runs there was not checked.", file=sys.stderr)
    return not silent
