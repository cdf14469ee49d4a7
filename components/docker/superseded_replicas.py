"""Stops replicas that get no requests any more, after an update that failed.

Pulumi removes them with the next good update. Until then those of the failed release would start again forever, and
all of them would take memory.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from docker.errors import DockerException

from portico.components.docker.engine_client import Engine
from portico.components.docker.observation import Observation, Seen, observe
from portico.config.live.served import find_releases

# Seconds for the requests that one may still have: NGINX sends none, and its old workers have ended.
_GRACE = 10


def stop_superseded(engine: Engine, edge: str) -> None:
    """Stop the replicas that the NGINX with the id `edge` does not send requests to; in doubt they are left alone."""
    observed = observe(engine, edge)
    if observed is None or observed.live is None or not observed.live.files:
        return
    # An old NGINX that is not removed yet may ask any of them.
    if len([one for one in list_beside(observed) if one.role == "nginx" and one.state == "running"]) != 1:
        return
    stopped = list_superseded(observed)
    with suppress(DockerException, OSError), ThreadPoolExecutor(8) as pool:
        client = engine.connect()
        list(pool.map(lambda one: client.api.stop(one.id, timeout=_GRACE), stopped))


def list_superseded(observed: Observation) -> list[Seen]:
    """Those that run, and are neither of the release that NGINX's files name nor alone in it."""
    assert observed.live
    releases = find_releases(observed.live)
    replicas = [one for one in list_beside(observed) if one.role == "gunicorn" and one.state != "exited"]
    proven = {(one.site, one.release) for one in replicas if one.id[:12] in observed.proven}
    found = []
    for one in replicas:
        replaced = (one.site, one.release) in proven and one.id[:12] not in observed.proven
        if replaced or releases.get(one.site) != one.release:
            found.append(one)
    return found


def list_beside(observed: Observation) -> list[Seen]:
    """The containers in NGINX's own network: no other checkout's."""
    assert observed.edge
    return [one for one in observed.containers.values() if one.networks & observed.edge.networks]
