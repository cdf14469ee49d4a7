"""`portico recover`: cleans up a stack after a run that was killed.

Removes the dead run's lock, brings the state up to date, removes what that run made without being able to
write it down, and runs `pulumi up`. What NGINX may be sending requests to is removed after that, never before.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container

from portico.cli.deploy import deploy
from portico.cli.engine import find_engine, is_on_ecs, read_time
from portico.cli.export import read_export
from portico.cli.holder import describe, find_backend, read_holders
from portico.cli.lock import take_lock
from portico.cli.options import example, stack_option
from portico.cli.prepare import Place, prepare
from portico.cli.pulumi import call, exists
from portico.cli.refused import Refused
from portico.cli.screen import Screen
from portico.cli.spelling import assign, spell_option
from portico.cli.unended_commands import tell_unended
from portico.components.docker.container_command import run_in
from portico.components.docker.engine_client import Engine as Docker
from portico.config.release.release_command import ROLE
from portico.config.release.worker import STOP

KINDS = {"container": "docker:index/container:Container", "network": "docker:index/network:Network"}
KINDS["volume"] = "docker:index/volume:Volume"
GRACE = 60  # seconds that an orphan's last requests have
# Roles of containers that are left to come to their own end.
_LEFT = ("exec", ROLE)
# Roles of volumes that outlive what used them: the data of a site that is gone from the settings, and certificates.
_KEPT = ("data", "certificates")


@dataclass(frozen=True)
class State:
    """What the stack's state says there is: ids by kind, its project, its Docker engine, and whether it is on ECS."""

    known: dict[str, set[str]]
    project: str | None
    engine: Docker | None
    on_ecs: bool = False


def run(*command: str, refused: bool = False) -> str:
    """Run one of Pulumi's commands; its words are shown if it fails. Raises Refused, unless it may be `refused`."""
    done = call(*command)
    if done.returncode and not refused:
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise Refused(f"`pulumi {command[0]}` failed:\n{said}\nFix what it names, then run this again.")
    return done.stdout


def read_state(stack: str) -> State:
    """The state as Pulumi tells it just now. Raises Refused."""
    exported = json.loads(run("stack", "export", "--stack", stack))
    resources: list[dict[str, Any]] = (exported.get("deployment") or {}).get("resources") or []
    known = {kind: {str(one.get("id")) for one in resources if one["type"] == type} for kind, type in KINDS.items()}
    # Without the stack itself nothing can have been made.
    project = next((str(one["urn"]).split("::")[1] for one in resources), None)
    return State(known, project, find_engine(exported), is_on_ecs(exported))


@dataclass(frozen=True)
class Engine:
    """The stack's things on its Docker engine, found by labels. Only what was made before `began` is looked at."""

    client: docker.DockerClient
    labels: tuple[str, str]
    began: datetime

    def containers(self, *more: str) -> list[Container]:
        """Those with these labels besides, stopped ones included."""
        found = self.client.containers.list(all=True, filters={"label": [*self.labels, *more]}, ignore_removed=True)
        return [one for one in found if self._is_old(one.attrs["Created"])]

    def orphans(self, state: State) -> list[Container]:
        """Containers that are in no state."""
        found = [one for one in self.containers() if one.id not in state.known["container"]]
        # A command that somebody runs with `portico exec` is in no state, and nobody interrupted it. A release
        # command goes on where the run that began it was killed, and must not be cut off.
        return [one for one in found if one.labels.get("portico.role") not in _LEFT or one.status != "running"]

    def others(self, state: State) -> Iterator[tuple[str, Any]]:
        """Orphaned networks and volumes, with their kind; what is kept forever is in no state, either."""
        filters = {"label": list(self.labels)}
        for network in self.client.networks.list(filters=filters):
            if network.id not in state.known["network"] and self._is_old(network.attrs["Created"]):
                yield "network", network
        for volume in self.client.volumes.list(filters=filters):
            if (volume.attrs.get("Labels") or {}).get("portico.role") in _KEPT:
                continue
            if volume.name not in state.known["volume"] and self._is_old(volume.attrs["CreatedAt"]):
                yield "volume", volume

    def read_live(self) -> str:
        """NGINX's live configuration as one text; "" where no edge runs."""
        for edge in self.containers("portico.role=nginx"):
            words = ["sh", "-c", "cat /etc/portico/live/conf.d/*.conf"]
            if edge.status == "running" and (ended := run_in(edge, words)).code == 0:
                return ended.text
        return ""

    def _is_old(self, made: str) -> bool:
        return read_time(made) <= self.began


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
    """Remove what has the stack's labels and is in no state, except `keep`; how many those were."""
    count, kept = 0, {one.id for one in keep}
    # An NGINX shares the port and sends requests to the others: it is removed first, after its last request.
    for orphan in sorted(engine.orphans(state), key=lambda one: one.labels.get("portico.role") != "nginx"):
        if orphan.id in kept:
            continue
        role = orphan.labels.get("portico.role", "?")
        print(f"Removing container {orphan.name} ({role}): the interrupted run made it and could not record it.")
        if role in ("gunicorn", "nginx", "worker") and orphan.status == "running":
            orphan.stop(timeout=int(orphan.labels.get(STOP, GRACE)))
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
        print(f"Removed {kind} {other.name}: the interrupted run made it and could not record it.")
        count += 1
    return count


def recover(place: Place, screen: Screen, *, force: bool) -> int:
    """Put the stack in order, and deploy; the exit code. Raises Refused, DockerException and OSError."""
    stack = place.stack
    holders = read_holders(stack)
    if any(holder.alive is not False for holder in holders):
        raise Refused(describe(stack) or "")
    if holders or find_backend() is None:
        click.echo(f"Removing the lock of {holders[0].describe() if holders else 'the run that is gone'}.")
        run("cancel", "--stack", stack, "--yes", refused=not holders)
    before = read_state(stack)
    client = connect(before)
    click.echo("".join(f"{line}\n" for line in tell_unended(read_export(stack))), nl=False)
    if before.project is not None and client is not None:
        return tidy(place, screen, before, client, force=force)
    run("refresh", "--stack", stack, "--yes", "--skip-preview", "--clear-pending-creates")
    return deploy(place, screen, "recover")


def connect(state: State) -> docker.DockerClient | None:
    """A client of the stack's engine; where the state names none, of this machine's, if it has one.

    None on ECS: the engine only builds images, and containers there are somebody's own.
    """
    if state.on_ecs and not state.known["container"]:
        return None
    if state.engine is not None:
        return state.engine.connect()
    with suppress(DockerException):
        return Docker().connect()
    return None


def tidy(place: Place, screen: Screen, before: State, client: docker.DockerClient, *, force: bool) -> int:
    """Remove what the run that is gone could not write down, and deploy between; the exit code."""
    stack = place.stack
    labels = (f"portico.project={before.project}", f"portico.stack={stack}")
    engine = Engine(client, labels, read_time(str(client.info()["SystemTime"])))
    refuse_lost_state(engine, before, force=force)
    for command in engine.containers(f"portico.role={ROLE}"):
        if command.status == "running":
            print(f"The release command of {command.labels.get('portico.site')} still runs ({command.name}).")
            print("It may finish; this command waits for it.")
    # It is not known whether the last switch finished. It serves nothing itself: without it, `up` proves again
    # what NGINX serves, whatever release that is going to be.
    for switch in engine.containers("portico.role=switch"):
        switch.remove(force=True, v=True)
    run("refresh", "--stack", stack, "--yes", "--skip-preview", "--clear-pending-creates")
    state = read_state(stack)
    keep = find_serving(engine, state, engine.orphans(state))
    for one in keep:
        print(f"Container {one.name} is an orphan too, but it may be serving: it is removed once its successor serves.")
    count = sweep(engine, state, keep=keep)
    if code := deploy(place, screen, "recover"):
        return code
    count += sweep(engine, read_state(stack), keep=[])
    print(f"Recovered: {count} orphan(s) removed; the stack {stack} is what its settings say.")
    return 0


def refuse_lost_state(engine: Engine, state: State, *, force: bool) -> None:
    """Refuse where containers serve and the state knows none of them: no interrupted run has left those."""
    orphans = engine.orphans(state)
    serving = find_serving(engine, state, orphans)
    edges = [one for one in orphans if one.labels.get("portico.role") == "nginx" and one.status == "running"]
    if edges and serving and not state.known["container"] and not force:
        names = ", ".join(str(one.name) for one in (*edges, *serving))
        raise Refused(
            f"{names} are serving, and this stack's state does not list them: it is not the state they were made\n"
            "with. Nothing was changed. Go back to that state (`pulumi whoami --verbose` names the backend in use);\n"
            f"if it is lost, {_spell_force()} removes them and makes new ones, and the sites are down meanwhile."
        )


def _spell_force() -> str:
    return assign("force", "yes") if spell_option("force").endswith("=") else spell_option("force")


@click.command(epilog=example("portico recover -s prod"))
@stack_option
@click.option("--force", is_flag=True, help="Go on where the state does not list what serves; sites are down then.")
@click.pass_context
def command(context: click.Context, stack: str, force: bool) -> None:
    """Clean up after a run that was killed, then deploy. Nothing that serves is removed before."""
    place = prepare(stack)
    if not exists(stack, place.root):
        click.echo(f"Nothing to recover: the stack {stack} was never created here.")
        return
    take_lock(place)
    context.exit(recover(place, Screen(), force=force))
