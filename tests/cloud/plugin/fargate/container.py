"""One container of a task, from its definition: made, started, looked at, stopped."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import docker.errors
import docker.types
from docker import DockerClient

from tests.cloud.plugin.fargate.definition import Container as Definition

_SECOND: Final = 10**9  # nanoseconds
_STOP: Final = 30  # seconds, where the definition says nothing


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a container does: whether it has been started, runs, how it ended, and what its health check says."""

    started: bool
    running: bool
    code: int | None
    health: str

    @property
    def over(self) -> bool:
        return self.started and not self.running


@dataclass(frozen=True, kw_only=True)
class Task:
    """What the containers of a task share. `space`: whose network; `volumes`: Docker's by the task's names."""

    id: str
    space: str
    cpu: int
    memory: int
    volumes: Mapping[str, str]
    labels: Mapping[str, str]


class Container:
    """Made at once, started when the task's order says so. `environment` holds the secrets too."""

    def __init__(self, engine: DockerClient, task: Task, definition: Definition, secrets: Mapping[str, str]) -> None:
        self.name = str(definition["name"])
        self.essential = bool(definition.get("essential", True))
        self.checked = bool(definition.get("healthCheck"))
        self._stop = int(definition.get("stopTimeout") or _STOP)
        self._made = engine.containers.create(
            definition["image"], name=f"{task.id}-{self.name}", **_translate(task, definition, secrets)
        )

    def start(self) -> None:
        """Raises ValueError where it cannot be started."""
        try:
            self._made.start()
        except docker.errors.APIError as error:
            raise ValueError(f"CannotStartContainerError: {self.name}: {error.explanation}") from error

    def look(self) -> Seen:
        """What it does now; one that somebody took away has ended."""
        try:
            self._made.reload()
        except docker.errors.NotFound:
            return Seen(started=True, running=False, code=137, health="UNKNOWN")
        state = self._made.attrs["State"]
        started = not state["StartedAt"].startswith("0001")
        running = bool(state["Running"])
        health = str((state.get("Health") or {}).get("Status", "unknown")).upper()
        return Seen(
            started=started,
            running=running,
            code=state["ExitCode"] if started and not running else None,
            health=health if health in ("HEALTHY", "UNHEALTHY") else "UNKNOWN",
        )

    def stop(self) -> None:
        """Ask it to end, and kill it after its time."""
        with suppress(docker.errors.NotFound):
            self._made.stop(timeout=self._stop)

    def remove(self, log: Path) -> None:
        """Remove it; what it wrote is added to a file."""
        with suppress(docker.errors.NotFound):
            with suppress(FileNotFoundError), log.open("ab") as file:  # the cloud's folder may be gone
                file.write(self._made.logs())
            self._made.remove(force=True, v=True)


def _translate(task: Task, given: Definition, secrets: Mapping[str, str]) -> dict[str, Any]:
    """The definition in Docker's words."""
    linux = given.get("linuxParameters") or {}
    capabilities = linux.get("capabilities") or {}
    made: dict[str, Any] = {
        "network_mode": f"container:{task.space}",
        "environment": {**{one["name"]: one["value"] for one in given.get("environment") or []}, **secrets},
        "labels": {**task.labels, **(given.get("dockerLabels") or {})},
        "user": given.get("user"),
        "working_dir": given.get("workingDirectory"),
        "read_only": bool(given.get("readonlyRootFilesystem")),
        "cap_drop": capabilities.get("drop") or [],
        "cap_add": capabilities.get("add") or [],
        "init": True if linux.get("initProcessEnabled") else None,
        "mem_limit": f"{given.get('memory') or task.memory}m",
        "mem_reservation": f"{given['memoryReservation']}m" if given.get("memoryReservation") else None,
        # All of a task's, as containers of one task have no limit among themselves on Fargate.
        "nano_cpus": task.cpu * _SECOND // 1024,
        "volumes": {
            task.volumes[one["sourceVolume"]]: {
                "bind": one["containerPath"],
                "mode": "ro" if one.get("readOnly") else "rw",
            }
            for one in given.get("mountPoints") or []
        },
        "ulimits": [
            docker.types.Ulimit(name=one["name"], soft=one["softLimit"], hard=one["hardLimit"])
            for one in given.get("ulimits") or []
        ],
    }
    if given.get("command") is not None:
        made["command"] = given["command"]
    if given.get("entryPoint") is not None:
        made["entrypoint"] = given["entryPoint"]
    if check := given.get("healthCheck"):
        made["healthcheck"] = _translate_check(check)
    return {name: value for name, value in made.items() if value is not None}


def _translate_check(check: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "test": check["command"],
        "interval": int(check.get("interval") or 30) * _SECOND,
        "timeout": int(check.get("timeout") or 5) * _SECOND,
        "retries": int(check.get("retries") or 3),
        "start_period": int(check.get("startPeriod") or 0) * _SECOND,
    }
