"""A container as Docker shows it now.

Kept apart from cli/running.py: each `up` needs this, and only other commands need the settings that are read there.
"""

from datetime import UTC, datetime

from docker.models.containers import Container as DockerContainer

from portico.config.live.drift import Container


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
