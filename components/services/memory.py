"""Whether a machine has the memory that its services may take."""

import docker.errors
import pulumi

from portico.components.docker.engine_client import Engine
from portico.config.services.connections import limit_memory
from portico.config.settings import Settings
from portico.config.settings.service import POSTGRES


def require_memory(settings: Settings, engine: Engine | None) -> None:
    """Raise pulumi.RunError where a service may take more than half of what the machine has.

    The other half is for the sites. Where no engine can be asked, nothing is said: its kernel has the last word.
    """
    if engine is None or not settings.contained_services:
        return
    try:
        there = int(engine.connect().info().get("MemTotal") or 0) // 2**20
    except (docker.errors.DockerException, OSError):
        return
    asked = [
        (index, one, limit_memory(settings, one)) for index, one in enumerate(settings.services) if not one.managed
    ]
    if there and sum(memory for _, _, memory in asked) * 2 > there:
        lines = "\n".join(
            f"  services[{index}]: {one.name} may take {memory}M"
            + (", for the connections that its sites may open" if one.kind == POSTGRES and not one.memory else "")
            for index, one, memory in asked
        )
        raise pulumi.RunError(
            f"The services may take more than half of the {there}M of memory that the machine has; nothing was "
            "changed. Write a smaller memory, fewer replicas, workers or threads of the sites, or take a larger "
            f"machine.\n{lines}"
        )
