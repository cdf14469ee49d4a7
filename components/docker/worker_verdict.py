"""Whether the workers of a stack run: seen on the engine at the end of an update, before anything is removed."""

import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker.errors
import pulumi

from portico.components.docker.diagnosis import describe
from portico.components.docker.engine_client import Engine
from portico.components.docker.labels import list_labels
from portico.components.docker.workers import Running
from portico.components.partial_update import NONE, find_id
from portico.config.release.process import PROCESS
from portico.config.release.worker import ROLE, SINGLE, STOP
from portico.config.services.labels import ROLE as SERVER

# Seconds that a worker must have run for. Most of what is wrong shows while it loads the application.
WATCH = 8.0
# Seconds for a worker to find back to a service that was started again since the worker was made: it may have ended
# with its connection, and Docker takes longer with each start.
BACK = 45.0
_PAUSE = 0.5


@dataclass(frozen=True, kw_only=True)
class Found:
    """One container on the engine; `age` is in seconds, infinity after the first minute; `made` when, since 1970.

    `worker` is its site's name and its own; it has `stop` seconds to end.
    """

    id: str
    worker: tuple[str, str]
    single: bool
    stop: int
    running: bool
    age: float
    networks: frozenset[str]
    made: int = 0


def verify(engine: Engine | None, workers: Sequence[Running]) -> pulumi.Output[list[str]]:
    """The message about workers that do not run. Those that were put off are left out: their cause was reported."""
    ids = pulumi.Output.all(*(find_id(one.container) for one in workers))

    def look(known: list[str]) -> list[str]:
        if pulumi.runtime.is_dry_run() or engine is None:
            return []
        made = {id: one for id, one in zip(known, workers, strict=True) if id != NONE}
        return watch(engine, made) if made else []

    return ids.apply(look)


def require_running(live: pulumi.Output[str], failed: Sequence[pulumi.Output[list[str]]]) -> pulumi.Output[str]:
    """`live`, once nothing `failed`. Raises pulumi.RunError with what did; Pulumi removes nothing then."""

    def check(known: list[Any]) -> str:
        tree, *said = known
        if sentences := [sentence for one in said for sentence in one]:
            raise pulumi.RunError("\n".join(sentences))
        return str(tree)

    return pulumi.Output.all(live, *failed).apply(check)


def watch(engine: Engine, made: Mapping[str, Running]) -> list[str]:
    """Watch the containers `made`, by id, until each has run for long enough or has ended; what is to be said of those.

    A single worker that is being replaced, or that is not in the settings any more, is ended first, so that its
    successor can begin. It begins again where that one fails. What has failed is stopped if an older one goes on in its
    place.
    """
    try:
        older = _find_older(engine, made)
        single = [id for id, one in made.items() if one.worker.single]
        ended = {one.id: one for id in single for one in older[id]}
        _stop(engine, [*ended.values()], made)
        # Any single one of a site may have waited for any of these.
        sites = {one.worker[0] for one in ended.values()}
        failed = _await(engine, made, {id for id in single if made[id].release.site.name in sites})
    except (docker.errors.DockerException, OSError) as error:
        return [f"Docker could not be asked whether the workers run: {error}"]
    for id in failed:
        one = made[id]
        keeps = "The one before it keeps running." if older[id] else "Docker goes on starting it."
        pulumi.log.error(describe(engine, id, one.name, keeps=keeps, what="did not keep running"))
        if older[id]:
            _put_back(engine, id, older[id])
    names = dict.fromkeys((made[id].release.site.name, made[id].worker.name) for id in failed)
    return [
        f"The worker {worker} of {site} does not keep running; see the error above. Nothing was removed."
        for site, worker in names
    ]


def _list(engine: Engine, role: str = ROLE) -> dict[str, Found]:
    """The stack's workers on the engine, by id, or what else has a role."""
    labels = [f"{key}={value}" for key, value in list_labels(role).items()]
    listed: list[dict[str, Any]] = engine.connect().api.containers(all=True, filters={"label": labels})
    return {str(one["Id"]): _read(one) for one in listed}


def _read(listed: Mapping[str, Any]) -> Found:
    labels: Any = listed.get("Labels") or {}
    status = str(listed.get("Status"))
    young = re.match(r"Up (?:(\d+) seconds?|Less than a second)", status)
    return Found(
        id=str(listed["Id"]),
        worker=(str(labels.get("portico.site")), str(labels.get(PROCESS))),
        single=SINGLE in labels,
        stop=int(labels.get(STOP) or 0),
        running=listed.get("State") == "running",
        age=float(young[1] or 0) if young else float("inf"),
        networks=frozenset((listed.get("NetworkSettings") or {}).get("Networks") or {}),
        made=int(listed.get("Created") or 0),
    )


def _find_older(engine: Engine, made: Mapping[str, Running]) -> dict[str, list[Found]]:
    """For each container that was made, those that run the same worker and are to go: in its network, so no other's.

    A single one of another name, which no worker of the site has any more, may be the same one with its old name.
    """
    listed = _list(engine)
    networks = {network for id in made if id in listed for network in listed[id].networks}
    others = [one for one in listed.values() if one.id not in made and one.running and one.networks & networks]
    names = {id: (one.release.site.name, one.worker.name) for id, one in made.items()}
    gone = [other for other in others if other.single and other.worker not in names.values()]
    return {
        id: [
            *(other for other in others if other.worker == names[id]),
            *(other for other in gone if one.worker.single and other.worker[0] == names[id][0]),
        ]
        for id, one in made.items()
    }


def _stop(engine: Engine, ended: Sequence[Found], made: Mapping[str, Running]) -> None:
    """End these, each as soon as it has finished its work."""
    longest = max((one.worker.stop.seconds for one in made.values()), default=0)
    client = engine.connect()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: client.api.stop(one.id, timeout=max(longest, one.stop)), ended))


def _await(engine: Engine, made: Mapping[str, Running], beginning: set[str]) -> list[str]:
    """Those that ended before they had run for long enough. Those that are `beginning` have not run long enough yet."""
    client = engine.connect()
    coming = _find_coming(engine, made)
    begun, open_, failed = time.monotonic(), list(made), list[str]()
    while open_:
        listed = _list(engine)
        for id in list(open_):
            one = listed.get(id)
            age = time.monotonic() - begun if id in beginning else one.age if one else 0
            if one and id in coming and not (one.running and age >= WATCH) and time.monotonic() - begun < BACK:
                continue
            if one is None or not one.running or (age < WATCH and _restarted(client, id)):
                failed.append(id)
            elif age < WATCH:
                continue
            open_.remove(id)
        if open_:
            time.sleep(_PAUSE)
    return failed


def _find_coming(engine: Engine, made: Mapping[str, Running]) -> set[str]:
    """Those of which a service was started again since they were made."""
    if not any(one.release.site.uses for one in made.values()):
        return set()
    servers = _list(engine, SERVER).values()
    listed = {id: one for id, one in _list(engine).items() if id in made}
    return {
        id
        for id, one in listed.items()
        if any(server.made > one.made and server.networks & one.networks for server in servers)
    }


def _restarted(client: Any, id: str) -> bool:
    return bool(client.api.inspect_container(id).get("RestartCount"))


def _put_back(engine: Engine, failed: str, older: Sequence[Found]) -> None:
    """End what has failed, and start again what was ended for it."""
    with suppress(docker.errors.DockerException, OSError):
        client = engine.connect()
        client.api.stop(failed, timeout=1)
        for one in older:
            # Nothing happens to one that runs.
            client.api.start(one.id)
