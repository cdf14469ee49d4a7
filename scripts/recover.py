"""Puts a stack in order after a run that was killed: recover.py STACK.

Removes the dead run's lock, brings the state up to date, removes what that run made without being able to
write it down, and runs `pulumi up`. What NGINX may be sending requests to is removed after that, never before.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container

from portico.components.docker.engine_client import Engine as Docker
from scripts.engine import find_engine
from scripts.holder import describe, find_backend, read_holders

KINDS = {"container": "docker:index/container:Container", "network": "docker:index/network:Network"}
KINDS["volume"] = "docker:index/volume:Volume"
GRACE = 60  # seconds that an orphan's last requests have


class Refused(Exception):
    """It is not safe to go on; the message says why and what to do."""


@dataclass(frozen=True)
class State:
    """What the stack's state says there is: ids by kind, its project, and its Docker engine."""

    known: dict[str, set[str]]
    project: str | None
    engine: Docker | None


def run(*command: str, loud: bool = False, refused: bool = False) -> str:
    """Run one of Pulumi's commands; its words are shown if it fails. Raises Refused, unless it may be `refused`."""
    done = subprocess.run(
        ["pulumi", *command, "--non-interactive"],
        stdin=subprocess.DEVNULL,
        stdout=None if loud else subprocess.PIPE,
        stderr=None if loud else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode and not refused:
        said = "" if loud else f":\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise Refused(f"`pulumi {command[0]}` failed{said}\nMend what it names, then run this again.")
    return done.stdout or ""


def read_state(stack: str) -> State:
    exported = json.loads(run("stack", "export", "--stack", stack))
    resources: list[dict[str, Any]] = (exported.get("deployment") or {}).get("resources") or []
    known = {kind: {str(one.get("id")) for one in resources if one["type"] == type} for kind, type in KINDS.items()}
    # Without the stack itself nothing can have been made.
    project = next((str(one["urn"]).split("::")[1] for one in resources), None)
    return State(known, project, find_engine(exported))


@dataclass(frozen=True)
class Engine:
    """The stack's things on its Docker engine, found by labels. Only what was made before `began` is looked at."""

    client: docker.DockerClient
    labels: tuple[str, str]
    began: datetime

    def containers(self, *more: str) -> list[Container]:
        found = self.client.containers.list(all=True, filters={"label": [*self.labels, *more]}, ignore_removed=True)
        return [one for one in found if self._is_old(one.attrs["Created"])]

    def orphans(self, state: State) -> list[Container]:
        found = [one for one in self.containers() if one.id not in state.known["container"]]
        # A command that somebody runs with `make exec` stands in no state, and nobody interrupted it.
        return [one for one in found if one.labels.get("portico.role") != "exec" or one.status != "running"]

    def others(self, state: State) -> Iterator[tuple[str, Any]]:
        """Orphaned networks and volumes, with their kind."""
        filters = {"label": list(self.labels)}
        for network in self.client.networks.list(filters=filters):
            if network.id not in state.known["network"] and self._is_old(network.attrs["Created"]):
                yield "network", network
        for volume in self.client.volumes.list(filters=filters):
            if volume.name not in state.known["volume"] and self._is_old(volume.attrs["CreatedAt"]):
                yield "volume", volume

    def read_live(self) -> str:
        """NGINX's live configuration as one text; "" where no edge runs."""
        for edge in self.containers("portico.role=nginx"):
            if edge.status == "running":
                code, output = edge.exec_run(["sh", "-c", "cat /etc/portico/live/conf.d/*.conf"])
                if code == 0 and isinstance(output, bytes):
                    return output.decode(errors="replace")
        return ""

    def _is_old(self, made: str) -> bool:
        return read_time(made) <= self.began


def read_time(text: str) -> datetime:
    """Docker's times have nine digits of a second; six are enough."""
    head, _, rest = text.partition(".")
    zone = rest.lstrip("0123456789")
    digits = rest[: len(rest) - len(zone)]
    return datetime.fromisoformat(f"{head}.{digits[:6]}{zone}" if rest else text)


def find_serving(engine: Engine, state: State, orphans: list[Container]) -> list[Container]:
    """Orphans that NGINX's live files name while nothing in the state serves the same: they go last."""
    live = engine.read_live()
    known = {
        (one.labels.get("portico.site"), one.labels.get("portico.release"))
        for one in engine.containers("portico.role=gunicorn")
        if one.id in state.known["container"] and one.status == "running"
    }
    return [
        one
        for one in orphans
        if one.labels.get("portico.role") == "gunicorn"
        and one.status == "running"
        and one.labels.get("portico.release", "-") in live
        and (one.labels.get("portico.site"), one.labels.get("portico.release")) not in known
    ]


def sweep(engine: Engine, state: State, *, keep: list[Container]) -> int:
    """Remove what carries the stack's labels and stands in no state, but for `keep`; how many that were."""
    count, kept = 0, {one.id for one in keep}
    # An NGINX shares the port and sends requests to the others: it goes first, and with its last request.
    for orphan in sorted(engine.orphans(state), key=lambda one: one.labels.get("portico.role") != "nginx"):
        if orphan.id in kept:
            continue
        role = orphan.labels.get("portico.role", "?")
        print(f"Removing container {orphan.name} ({role}): the interrupted run made it and could not write it down.")
        if role in ("gunicorn", "nginx") and orphan.status == "running":
            orphan.stop(timeout=GRACE)
        with suppress(NotFound):
            orphan.remove(force=True, v=True)
        count += 1
    for kind, other in engine.others(state):
        try:
            other.remove()
        except APIError as error:
            if not keep:
                print(f"Kept {kind} {other.name}: it is in use ({error.explanation}).")
            continue
        print(f"Removed {kind} {other.name}: the interrupted run made it and could not write it down.")
        count += 1
    return count


def recover(stack: str) -> None:
    held = read_holders(stack)
    if any(holder.alive is not False for holder in held):
        raise Refused(describe(stack) or "")
    if held or find_backend() is None:
        print(f"Taking away the lock of {held[0].describe() if held else 'the run that is gone'}.")
        run("cancel", "--stack", stack, "--yes", refused=not held)
    before = read_state(stack)
    client = connect(before)
    if before.project is not None and client is not None:
        tidy(stack, before, client)
    else:
        run("refresh", "--stack", stack, "--yes", "--skip-preview", "--clear-pending-creates")
        up(stack)


def connect(state: State) -> docker.DockerClient | None:
    """A client of the stack's engine; where the state names none, of this machine's, if it has one."""
    if state.engine is not None:
        return state.engine.connect()
    with suppress(DockerException):
        return Docker().connect()
    return None


def tidy(stack: str, before: State, client: docker.DockerClient) -> None:
    labels = (f"portico.project={before.project}", f"portico.stack={stack}")
    engine = Engine(client, labels, read_time(str(client.info()["SystemTime"])))
    refuse_lost_state(engine, before)
    # Whether the last switch came to its end nobody knows. It serves nothing itself: without it, `up` proves anew
    # what NGINX serves, whatever release that is going to be.
    for switch in engine.containers("portico.role=switch"):
        switch.remove(force=True, v=True)
    run("refresh", "--stack", stack, "--yes", "--skip-preview", "--clear-pending-creates")
    state = read_state(stack)
    keep = find_serving(engine, state, engine.orphans(state))
    for one in keep:
        print(f"Container {one.name} is an orphan too, but it may be serving: it goes when its successor serves.")
    count = sweep(engine, state, keep=keep)
    up(stack)
    count += sweep(engine, read_state(stack), keep=[])
    print(f"Recovered: {count} orphan(s) removed; the stack {stack} is what its settings say.")


def refuse_lost_state(engine: Engine, state: State) -> None:
    """Containers that serve and none of which the state knows were not left by an interrupted run."""
    orphans = engine.orphans(state)
    serving = find_serving(engine, state, orphans)
    edges = [one for one in orphans if one.labels.get("portico.role") == "nginx" and one.status == "running"]
    if edges and serving and not state.known["container"] and os.environ.get("FORCE") != "yes":
        names = ", ".join(str(one.name) for one in (*edges, *serving))
        raise Refused(
            f"{names} are serving, and this stack's state knows nothing of them: it is not the state they were made\n"
            "with. Nothing was changed. Go back to that state (`pulumi whoami --verbose` names the backend in use);\n"
            "if it is lost, FORCE=yes removes them and makes new ones, and the sites are gone meanwhile."
        )


def up(stack: str) -> None:
    run("up", "--stack", stack, "--yes", "--skip-preview", "--color", "auto", "--suppress-outputs", loud=True)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        recover(sys.argv[1])
    except Refused as refusal:
        sys.exit(f"error: {refusal}")
    except (DockerException, OSError) as error:
        sys.exit(f"error: Docker could not be asked: {error}\nStart it, then run this again.")
