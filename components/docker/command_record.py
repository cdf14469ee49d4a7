"""Which release commands a machine has run: the record that they keep there, and those that run just now."""

import time

import pulumi
from docker.errors import DockerException, NotFound

from portico.components.docker.container_file import read_file
from portico.components.docker.engine_client import Engine
from portico.components.docker.observation import Observation, Seen, observe
from portico.config.load import Stack
from portico.config.release.command_record import name_record, read_record
from portico.config.release.release_command import ROLE, key_command

_PAUSE, _PROGRESS = 1.0, 30.0  # seconds between two looks, and between two lines of progress


def read_done(engine: Engine | None, observed: Observation | None, stack: Stack) -> dict[str, frozenset[str]]:
    """The keys of release commands that are not run again, by site: of those that ended well.

    components/in_container/once.py wrote them down. A site that is pinned to an earlier release runs none.
    """
    found: dict[str, frozenset[str]] = {}
    for release in stack.releases:
        site = release.site.name
        if release.site.release and site in stack.pinned:
            found[site] = frozenset({key_command(release)})
        elif release.site.release and engine and observed and observed.edge:
            found[site] = _read(engine, observed.edge.id, site)
    return found


def _read(engine: Engine, edge: str, site: str) -> frozenset[str]:
    try:
        text = read_file(engine.connect().containers.get(edge), name_record(site))
    # Nothing ran yet, or the engine does not answer: then the preview announces a command that will not run again.
    except (DockerException, OSError):
        return frozenset()
    return frozenset(run.key for run in read_record(text) if run.code == 0)


def await_commands(engine: Engine | None, edge: str, observed: Observation | None) -> Observation | None:
    """What the engine shows once no release command of an interrupted run is running any more.

    Nothing is registered before: Pulumi could end what it does not find in the program. Each command ends by itself,
    since its own limit ends it (release.timeout). A preview waits for nobody.
    """
    began, due = time.monotonic(), 0.0
    while running := _list_running(engine, observed):
        names = ", ".join(sorted({one.site for one in running}))
        if pulumi.runtime.is_dry_run():
            pulumi.log.info(
                f"{names}: the release command of a run before this one still runs; an update waits for it."
            )
            break
        waited = time.monotonic() - began
        if waited >= due:
            due += _PROGRESS
            pulumi.log.info(
                f"{names}: the release command of a run before this one still runs; this update waits for its end "
                f"({waited:.0f} s until now)."
            )
        time.sleep(_PAUSE)
        observed = observe(engine, edge)
    return observed


def _list_running(engine: Engine | None, observed: Observation | None) -> list[Seen]:
    """In the network of NGINX, if there is one: labels alone would not tell those of another checkout."""
    if observed is None:
        return []
    found = [one for one in observed.containers.values() if one.role == ROLE and one.state == "running"]
    networks = observed.edge.networks if observed.edge else None
    return [one for one in found if (networks is None or one.networks & networks) and _runs(engine, one.id)]


def _runs(engine: Engine | None, container: str) -> bool:
    """Whether it runs, as it says of itself.

    An engine whose disk is full cannot write down that a container has ended, and lists it as running forever.
    """
    try:
        return engine is None or bool(engine.connect().containers.get(container).attrs["State"].get("Running", True))
    except NotFound:
        return False
    except (DockerException, OSError, KeyError):
        return True
