"""Has a VM mount its disk of data, or give it back: the part of it that only root may do is in the VM's user data."""

import asyncio
import secrets
import shlex
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pulumi

from portico.components.docker.engine_client import Engine
from portico.components.docker.ssh_tunnel import run_remotely
from portico.components.hosts.connection import Connection
from portico.config.render.cloud_init import STATE, WANTED

# Seconds for a disk to appear, to be looked at and mounted, or for what runs to let go of it.
_MOST = 170
_ASK = """
printf '%s\\n' {lines} >{wanted} || exit 3
tries=0
until line=$(grep -s '^{ticket} ' {state}); do
  tries=$((tries + 1))
  [ "$tries" -lt {most} ] || {{ echo "waits: nothing came of it in {seconds} seconds"; exit; }}
  sleep 0.2
done
echo "${{line#* }}"
"""
# Docker's own, for what no record knows.
_GRACE = 10


async def mount(connection: Connection, volume: str, folders: Sequence[str]) -> None:
    """Have the disk with this id mounted, and these folders on it. It takes 0.3 s where that is so already.

    Raises pulumi.RunError, which says what is in the way.
    """
    if said := await _ask(connection, volume, folders):
        raise pulumi.RunError(f"The data disk is not mounted on the VM {connection.host}: {said}")


async def give_back(connection: Connection) -> None:
    """Have it unmounted, whatever it is. Raises pulumi.RunError."""
    if said := await _ask(connection, "free", ()):
        raise pulumi.RunError(f"The VM {connection.host} does not release the data disk: {said}")


async def _ask(connection: Connection, word: str, folders: Iterable[str]) -> str:
    """What is in the way, "" where all is well."""
    ticket = secrets.token_hex(4)
    lines = " ".join(shlex.quote(line) for line in (f"{word} {ticket}", *folders))
    script = _ASK.format(lines=lines, wanted=WANTED, state=STATE, ticket=ticket, most=_MOST * 5, seconds=_MOST)
    try:
        done = await asyncio.to_thread(run_remotely, connection.url, connection.options, script, _MOST + 30)
    except (subprocess.TimeoutExpired, FileNotFoundError) as error:
        return str(error)
    lines_said = done.stdout.strip().splitlines()
    if done.returncode or not lines_said:
        return " ".join((done.stderr or done.stdout).split()) or f"ssh ended with {done.returncode}"
    return "" if lines_said[-1] == "done" else lines_said[-1].removeprefix("failed ").removeprefix("waits: ")


def stop_users(engine: Engine, volumes: Sequence[str], graces: Mapping[str, int]) -> None:
    """Stop all containers that have one of these volumes: from then on nobody writes there.

    `graces` are the seconds that each has for its last request or job, by its name. They stay stopped, also where the
    VM is restarted. Raises docker.errors.DockerException and OSError.
    """
    client = engine.connect()
    found: dict[str, Mapping[str, Any]] = {}
    for volume in volumes:
        found |= {one["Id"]: one for one in client.api.containers(filters={"volume": volume})}
    if not found:
        return
    # All at once: none waits for the grace of another.
    with ThreadPoolExecutor(len(found)) as pool:
        list(pool.map(lambda one: _stop(client, one, graces), found.values()))


def _stop(client: Any, one: Mapping[str, Any], graces: Mapping[str, int]) -> None:
    name = str((one.get("Names") or ["?"])[0]).removeprefix("/")
    grace = graces.get(name, _GRACE)
    # Restarted by nobody: a policy counts again when Docker starts.
    client.api.update_container(one["Id"], restart_policy={"Name": "no"})
    # The answer comes after the grace, which may be longer than the client waits for answers.
    client.api.timeout = max(client.api.timeout, grace + 30)
    client.api.stop(one["Id"], timeout=grace)


def list_graces(resources: Mapping[str, Any]) -> dict[str, int]:
    """Seconds that each container of a stack's record has for its end, by its name."""
    return {
        str(one["outputs"].get("name")): int(one["outputs"].get("destroyGraceSeconds") or _GRACE)
        for one in resources.values()
        if one["type"] == "docker:index/container:Container"
    }
