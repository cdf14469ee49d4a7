"""The containers of a service, as plain values by the names of docker.ContainerArgs, but for their images."""

from typing import Any

from portico.config.in_container import read_script
from portico.config.release.hardening import drop_capabilities, restrict
from portico.config.services.connections import limit_memory
from portico.config.services.server import write_options
from portico.config.services.urls import name_host
from portico.config.settings import Settings
from portico.config.settings.service import POSTGRES, Service

# The user of both, in the official images as in the stand-ins.
USER = "999:999"
# Linux counts the processes of a user on the whole machine, and other servers have the same one.
PROCESSES = 8192
# Seconds: until a server that is asked to end has written everything, and until one that starts has recovered.
_GRACE, LONGEST_START = 120, 300
# Where what is handed to a container lies in it.
INCOMING = "/incoming/service"


def describe_preparation(service: Service, volume: Any) -> dict[str, Any]:
    """What gives the volume to the server's user, and lays into it what the server reads."""
    return _describe_once(service, volume, "prepare_service.sh", [service.data.path, USER]) | {
        "user": "0:0",
        "capabilities": drop_capabilities("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"),
    }


def describe_server(settings: Settings, service: Service, volume: Any, network: Any) -> dict[str, Any]:
    """The server. It ends before another one of it begins: two would spoil what lies in the volume."""
    postgres, memory = service.kind == POSTGRES, limit_memory(settings, service)
    return restrict(memory, PROCESSES) | {
        "entrypoints": ["sh", "-c", read_script("one_server.sh", f"{service.kind}.sh"), service.kind],
        "command": [service.data.path, *write_options(settings, service)],
        "user": USER,
        "volumes": [{"volume_name": volume, "container_path": service.data.path}],
        "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=64m"},
        # Parallel queries share memory by files there; it counts towards the limit.
        "shm_size": max(64, memory // 4),
        "networks_advanced": [{"name": network, "aliases": [name_host(service.name)]}],
        "healthcheck": {
            "tests": [
                "CMD",
                *("sh", "-c", read_script(f"{service.kind}_health.sh"), "health", service.data.path),
            ],
            "interval": "5s",
            "timeout": "5s",
            # As the provider reads it back: 300s would be a change each time.
            "start_period": f"{LONGEST_START // 60}m0s",
            "retries": 6,
        },
        "restart": "unless-stopped",
        # PostgreSQL then ends its connections and writes a checkpoint; by SIGTERM it would wait for all clients.
        "stop_signal": "SIGINT" if postgres else "SIGTERM",
        "destroy_grace_seconds": _GRACE,
    }


def describe_grants(service: Service, volume: Any) -> dict[str, Any]:
    """What waits until the server answers, and then makes what the sites need there."""
    script = f"{service.kind}_grants.sh"
    return _describe_once(service, volume, script, [service.data.path, str(LONGEST_START)]) | {"user": USER}


def _describe_once(service: Service, volume: Any, script: str, words: list[str]) -> dict[str, Any]:
    return restrict(128, PROCESSES) | {
        "entrypoints": ["sh", "-c", read_script(script), "portico"],
        "command": words,
        "volumes": [{"volume_name": volume, "container_path": service.data.path}],
        "network_mode": "none",
        # What is handed to it could not be laid into a root that is read-only; it lives for a moment.
        "read_only": False,
        "attach": True,
        "logs": True,
        "must_run": False,
        "restart": "no",
    }
