"""The containers of a stack as Docker shows them now, also those that the state does not list."""

from docker.errors import DockerException

from portico.cli.deployed import Deployed

# Those that are to run all the time; the others check or prepare something, and end.
_ROLES = ("port", "nginx", "gunicorn", "worker", "acme", "service")


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
