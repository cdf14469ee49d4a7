"""The container that makes a stack's backups: its record, and the commands that it is sent."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from portico.cli.deployed import Deployed
from portico.cli.engine import name_docker
from portico.cli.refused import Refused
from portico.cli.spelling import spell
from portico.components.docker.container_file import read_file
from portico.config.backups import PROGRAM, ROLE, VARIABLE, WORK
from portico.config.live.backups import Backups


def find_maker(deployed: Deployed) -> Container | None:
    """The container; None where the stack makes no backups. Raises DockerException."""
    return next(iter(deployed.list_containers(role=ROLE)), None)


def require_maker(deployed: Deployed) -> Container:
    """The same. Raises Refused where there is none that runs."""
    found = find_maker(deployed)
    if found is None:
        raise Refused(
            f"the stack {deployed.stack} makes no backups; write portico:backups, then {spell('up', deployed.stack)}"
        )
    if found.status != "running":
        raise Refused(f"{found.name}, which makes the backups, does not run; {spell('up', deployed.stack)} fixes it")
    return found


def read_asked(maker: Container) -> dict[str, Any]:
    """What the settings ask of it (config/backups.py)."""
    lines: Sequence[str] = maker.attrs["Config"]["Env"]
    reported: dict[str, Any] = json.loads(
        next(one for one in lines if one.startswith(f"{VARIABLE}=")).partition("=")[2]
    )
    return reported


def read_backups(deployed: Deployed) -> Backups | None:
    """What is known of the backups; None where none are made, or where the engine does not answer."""
    try:
        if (maker := find_maker(deployed)) is None:
            return None
        every = str(read_asked(maker)["every"])
        try:
            return Backups.read(every, json.loads(read_file(maker, f"{WORK}/report.json")))
        except (NotFound, ValueError):
            return Backups(every=every)
    except (DockerException, OSError, StopIteration):
        # The caller reports an engine that does not answer.
        return None


def call(deployed: Deployed, container: Container, *words: str) -> Any:
    """What the program in that container answers to this command. Raises Refused with what went wrong."""
    command = name_docker(deployed.engine, "exec", str(container.id), PROGRAM, *words, terminal=False)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    try:
        reported: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        why = " ".join((done.stderr or done.stdout).split())[-500:] or f"exit code {done.returncode}"
        raise Refused(f"{container.name} did not do what it was asked for: {why}") from None
    if "error" in reported:
        raise Refused(str(reported["error"]))
    return reported["answer"]
