"""What every container has in common, as plain values."""

from typing import Any

# Enough for what is no replica; a fork bomb ends here.
_PROCESSES = 512


def restrict(memory: int, processes: int = _PROCESSES) -> dict[str, Any]:
    """What a container may not do or use, by the names of docker.ContainerArgs.

    `memory` is the limit in MiB, swap included. `processes` (threads count, too) are those of the container's user in
    all containers of the machine: so the kernel counts. What serves a site has a limit of its own besides
    (components/docker/process_limit.py).
    """
    return {
        "init": True,
        "memory": memory,
        "memory_swap": memory,
        "security_opts": ["no-new-privileges:true"],
        "log_driver": "json-file",
        "log_opts": {"max-size": "10m", "max-file": "3"},
        # The provider knows no PID limit.
        "ulimits": [{"name": "nproc", "soft": processes, "hard": processes}],
        "read_only": True,
        "capabilities": drop_capabilities(),
    }


def drop_capabilities(*kept: str) -> dict[str, list[str]]:
    """Drop all capabilities but `kept`, such as CAP_KILL."""
    return {"drops": ["ALL"], **({"adds": list(kept)} if kept else {})}


def list_labels(
    project: str, stack: str, role: str, site: str | None = None, release: str | None = None
) -> dict[str, str]:
    """What a thing is for; the edge and the network belong to no single site or release."""
    labels = {
        "portico.project": project,
        "portico.stack": stack,
        "portico.role": role,
        "portico.site": site,
        "portico.release": release,
    }
    return {key: value for key, value in labels.items() if value is not None}
