"""What runs of a stack as Docker shows it now, which the state need not know of."""

from datetime import UTC, datetime

from docker.errors import DockerException
from docker.models.containers import Container as DockerContainer

from portico.cli.deployed import Deployed
from portico.config.live.drift import Container

# Those that are to run all the time; the others check or prepare something, and end.
_ROLES = ("port", "nginx", "gunicorn", "worker", "acme")


def list_running(deployed: Deployed) -> tuple[list[str], list[str], list[str]] | None:
    """The containers that run, those that Docker starts again and again, and those that do not run, by name.

    None where Docker is silent. Of those that do not run the state stands behind the name.
    """
    try:
        found = [one for one in deployed.list_containers() if one.labels.get("portico.role") in _ROLES]
    except (DockerException, OSError):
        # That it does not answer, status says itself.
        return None
    names = {
        state: sorted(str(one.name) for one in found if one.status == state) for state in ("running", "restarting")
    }
    idle = sorted(f"{one.name} ({one.status})" for one in found if one.status not in names)
    return names["running"], names["restarting"], idle


def observe(one: DockerContainer) -> Container:
    """What Docker says of a container."""
    state = one.attrs["State"]
    return Container(
        id=str(one.id),
        name=str(one.name),
        status=one.status,
        health=one.health,
        restarts=int(one.attrs.get("RestartCount") or 0),
        networks=frozenset((one.attrs.get("NetworkSettings") or {}).get("Networks") or {}),
        up=(datetime.now(UTC) - datetime.fromisoformat(state["StartedAt"])).total_seconds(),
    )
