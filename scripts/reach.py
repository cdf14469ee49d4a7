"""Whether every machine that a stack is on can be asked what lies on it: reach.py STACK. Ends with 1 where one cannot.

A refresh asks all of them, and would end in the provider's words where one is gone. The update says it in ours, or
makes another machine.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from portico.components.docker.engine_client import Engine
from portico.components.docker.ssh_tunnel import run_remotely
from scripts.deployed import Refused, read_export
from scripts.engine import PROVIDER, Export, list_resources, read_engine

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


def main(stack: str) -> int:
    try:
        silent = list_silent(read_export(stack))
    except Refused:
        return 0  # the update itself says it
    for address in silent:
        print(f"{address} does not answer: what lies on it is not looked at.", file=sys.stderr)
    return int(bool(silent))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
