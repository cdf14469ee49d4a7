"""What dumps a service for the backups, and starts dumps again to prove them: plain values, but for its image."""

from typing import Any, Final

from portico.config.in_container import read_script
from portico.config.release.hardening import restrict
from portico.config.services.connections import limit_memory
from portico.config.services.containers import PROCESSES, USER
from portico.config.settings import Settings
from portico.config.settings.service import POSTGRES, Service

# Its role among the stack's containers.
ROLE: Final = "dumper"
# Where it has what it shares with what makes backups.
SPOOL: Final = "/spool"
# MiB: a server of PostgreSQL with few connections, and what reads a dump.
_LEAST = 320
_GRACE = 10


def describe_dumper(settings: Settings, service: Service, volume: Any, spool: Any) -> dict[str, Any]:
    """It has the programs of the service's own image, reads its data and can write none of it.

    It reaches PostgreSQL by the socket that lies beside the data, as the same user, and needs no password.
    """
    assert settings.backups
    script = read_script(f"dumper_{service.kind}.sh", "dumper.sh")
    # A copy of a cache is as large as the cache.
    least = _LEAST if service.kind == POSTGRES else limit_memory(settings, service)
    return restrict(max(settings.backups.memory.mebibytes, least), PROCESSES) | {
        # Whoever answers requests comes first, for the processor and for the disk.
        "entrypoints": ["ionice", "-c", "3", "nice", "-n", "15", "sh", "-c", script, ROLE],
        "command": [service.data.path, SPOOL],
        "user": USER,
        "volumes": [
            {"volume_name": volume, "container_path": service.data.path, "read_only": True},
            {"volume_name": spool, "container_path": SPOOL},
        ],
        "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=64m"},
        "network_mode": "none",
        "healthcheck": {"tests": ["NONE"]},
        "cpu_shares": 256,
        "restart": "unless-stopped",
        "stop_signal": "SIGTERM",
        "destroy_grace_seconds": _GRACE,
    }
