"""What a Docker engine shows of a stack now. Verdicts rest on this, never on the stack's record."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from portico.components.docker.container_file import read_file
from portico.components.docker.engine_client import Engine
from portico.components.docker.live_files import CONFIG, read_live
from portico.components.scope import name_owner
from portico.config.live.drift import Live
from portico.config.release.process import PROCESS


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A container: its id, what it is, Docker's word for its state ("running", "exited", …) and for its health.

    `process` is its name among those of its role, "" where it has none. `exit_code` is None while it runs.
    `health` is "" for one without a health check. `restarts` is how often Docker has started it again; it is asked
    only of one whose health check has not passed yet.
    """

    id: str
    name: str
    role: str
    site: str
    release: str
    networks: frozenset[str]
    state: str
    health: str
    restarts: int = 0
    process: str = ""
    exit_code: int | None = None

    @property
    def fault(self) -> str:
        """Why it is not well, "" if it is: it runs, and was not started again without passing its health check.

        The switch proves a replica before Docker's first check of it has passed.
        """
        if self.state != "running":
            return self.state
        if self.health == "starting" and self.restarts:
            return "restarted, and not healthy yet"
        return "" if self.health in ("", "healthy", "starting") else self.health

    @property
    def well(self) -> bool:
        """Whether it runs, and neither fails its health check nor was started again without passing it."""
        return not self.fault


@dataclass(frozen=True, kw_only=True)
class Observation:
    """`containers` by name, `edge` is NGINX's, None where it is gone; `live` is what it reads.

    `proven` are the short ids of replicas that the switch has proven, `unasked` the sites in maintenance, of whose
    replicas it has asked none.
    """

    containers: Mapping[str, Seen] = field(default_factory=dict)
    edge: Seen | None = None
    live: Live | None = None
    proven: frozenset[str] = frozenset()
    unasked: frozenset[str] = frozenset()


def observe(engine: Engine | None, edge: str) -> Observation | None:
    """What the engine has of the current stack; None where there is no engine, or it does not answer.

    `edge` is the id or the name of NGINX's container by the stack's record. Other checkouts may have a stack of the
    same name on the engine, so labels alone would not tell. It takes about 60 ms.
    """
    if engine is None:
        return None
    labels = [f"portico.project={name_owner()}", f"portico.stack={pulumi.get_stack()}"]
    try:
        client = engine.connect()
        listed = client.api.containers(all=True, filters={"label": labels})
        containers = {seen.name: _count_restarts(client, seen) for seen in map(_read, listed)}
        found = next((seen for seen in containers.values() if edge in (seen.id, seen.name)), None)
        if found is None:
            return Observation(containers=containers)
        proven = _read_proven(client.containers.get(found.id))
        return Observation(
            containers=containers,
            edge=found,
            live=read_live(engine, found.id),
            proven=frozenset(id for _, id in proven if id != "-"),
            unasked=frozenset(site for site, id in proven if id == "-"),
        )
    except (DockerException, OSError):
        return None


def _read(listed: Mapping[str, Any]) -> Seen:
    status = str(listed.get("Status"))
    health = re.search(r"\((?:health: )?(starting|healthy|unhealthy)\)", status)
    ended = re.match(r"Exited \((\d+)\)", status)
    names: Any = listed.get("Names") or [""]
    labels: Any = listed.get("Labels") or {}
    return Seen(
        id=str(listed["Id"]),
        name=str(names[0]).lstrip("/"),
        role=str(labels.get("portico.role", "")),
        site=str(labels.get("portico.site", "")),
        release=str(labels.get("portico.release", "")),
        networks=frozenset((listed.get("NetworkSettings") or {}).get("Networks") or {}),
        state=str(listed.get("State")),
        health=health[1] if health else "",
        process=str(labels.get(PROCESS, "")),
        exit_code=int(ended[1]) if ended else None,
    )


def _count_restarts(client: Any, seen: Seen) -> Seen:
    if seen.health != "starting":
        return seen
    return replace(seen, restarts=int(client.api.inspect_container(seen.id).get("RestartCount") or 0))


def _read_proven(edge: Container) -> list[tuple[str, str]]:
    """The sites and containers that switch.sh has written down; "-" for a container where it asked none."""
    try:
        lines = read_file(edge, f"{CONFIG}/proven").splitlines()
    except NotFound:
        return []
    return [(words[0], words[-1]) for line in lines if (words := line.split())]
