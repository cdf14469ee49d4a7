"""What runs of a stack as Docker shows it now, which the state need not know of."""

from datetime import UTC, datetime

from docker.errors import DockerException
from docker.models.containers import Container as DockerContainer

from portico.cli.deployed import Deployed
from portico.config.live.drift import Container

# Those that are to run all the time; the others check or prepare something, and end.
_ROLES = ("port", "nginx", "gunicorn", "worker", "acme")


def list_running(deployed: Deployed) -> tuple[list[str], list[str]] | None:
    """The containers that run, and those that Docker starts again and again, by name; None where it is silent."""
    try:
        found = [one for one in deployed.list_containers() if one.labels.get("portico.role") in _ROLES]
    except (DockerException, OSError):
        # That it does not answer, status says itself.
        return None
    names = {
        state: sorted(str(one.name) for one in found if one.status == state) for state in ("running", "restarting")
    }
    return names["running"], names["restarting"]


def observe(one: DockerContainer) -> Container:
    """What Docker says of a container."""
    state = one.attrs["State"]
    return Container(
        id=str(one.id),
        name=str(one.name),
        status=one.status,
        health=one.health,
        restarts=int(one.attrs.get("RestartCount") or 0),
        up=(datetime.now(UTC) - datetime.fromisoformat(state["StartedAt"])).total_seconds(),
    )
