"""One task: its containers share a network namespace and volumes, begin in their order and end in the reverse one."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import docker.errors
from docker import DockerClient

from tests.cloud.plugin.fargate.container import Container, Seen, Task
from tests.cloud.plugin.fargate.definition import list_dependencies, list_stops, read

_LOOK: Final = 0.3  # seconds between two looks at the containers while they start
_CALM_LOOK: Final = 1.0  # seconds, once they are healthy
_START: Final = 180.0  # seconds that a container may wait for the others, unless its definition says otherwise
_ARCHITECTURES: Final = {"X86_64": "amd64", "ARM64": "arm64"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a task is made of. `admit` raises ValueError where it may not begin, `open_folders` tells folders of
    this machine for volumes that it shares with others, `list_ways` networks besides its own, and `resolve` reads a
    secret;
    `credentials` are for the registry; `keeper` is an image with `sleep` in it, whose container holds the network
    namespace.
    """

    inputs: Mapping[str, Any]
    network: str
    labels: Mapping[str, str]
    logs: Path
    keeper: str
    credentials: Mapping[str, str]
    admit: Callable[[], None]
    open_folders: Callable[[], Mapping[str, str]]
    list_ways: Callable[[], list[str]]
    resolve: Callable[[str], str]


class RunningTask:
    """A task from its beginning to its end, in a thread of its own. `status` and `reason` in ECS's words.

    `detach` is called before its containers are stopped, and returns when nobody asks it for anything any more.
    """

    def __init__(
        self, engine: DockerClient, plan: Plan, detach: Callable[["RunningTask"], None], id: str | None = None
    ) -> None:
        self.id = id or secrets.token_hex(16)
        self.status = "PROVISIONING"
        self.reason = ""
        self.address = ""
        self.began = self.ran = 0.0
        self.pulled: set[str] = set()
        self._engine, self._plan, self._detach = engine, plan, detach
        self._definitions = {one["name"]: one for one in read(plan.inputs)}
        self._containers: dict[str, Container] = {}
        self._seen: dict[str, Seen] = {}
        self._volumes: list[str] = []
        self._space: Any = None
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"task {self.id}")

    def start(self) -> None:
        self.began = time.monotonic()
        self._thread.start()

    def stop(self, reason: str) -> None:
        """Let it end; it does so meanwhile."""
        if not self._asked.is_set():
            self.reason = self.reason or reason
            self._asked.set()

    def join(self) -> None:
        self._thread.join()

    @property
    def codes(self) -> dict[str, int]:
        """How those of its containers have ended that have."""
        return {name: one.code for name, one in self._seen.items() if one.code is not None}

    @property
    def reported(self) -> bool:
        """Whether somebody wanted its end."""
        return self._asked.is_set()

    @property
    def stopping(self) -> bool:
        return self._asked.is_set() or self.status in ("DEACTIVATING", "STOPPING", "STOPPED")

    @property
    def health(self) -> str:
        """Of its essential containers that have a check."""
        checked = [name for name, one in self._containers.items() if one.checked and one.essential]
        found = {self._seen[name].health if name in self._seen else "UNKNOWN" for name in checked}
        return "UNHEALTHY" if "UNHEALTHY" in found else "UNKNOWN" if "UNKNOWN" in found else "HEALTHY"

    # --- its life

    def _live(self) -> None:
        try:
            try:
                self._make()
                self._watch()
            except (ValueError, docker.errors.DockerException) as error:
                self.reason = self.reason or str(error)
            if self.status == "RUNNING":
                self.status = "DEACTIVATING"
                self._detach(self)
            self.status = "STOPPING"
            self._end()
        finally:
            self._clear()
            self.status = "STOPPED"

    def _make(self) -> None:
        self.status = "PENDING"
        self._plan.admit()
        for definition in self._definitions.values():
            self._pull(definition["image"])
        self._space = self._engine.containers.create(
            self._plan.keeper,
            name=f"{self.id}-network",
            entrypoint=["sleep", "infinity"],
            command=[],
            user="0",
            network=self._plan.network,
            labels={**self._plan.labels},
            # As on Fargate: Docker would let everybody listen on ports below 1024.
            sysctls={"net.ipv4.ip_unprivileged_port_start": "1024"},
        )
        for name in self._plan.list_ways():
            self._engine.networks.get(name).connect(self._space)
        self._space.start()
        self._space.reload()
        self.address = self._space.attrs["NetworkSettings"]["Networks"][self._plan.network]["IPAddress"]
        shared = self._plan.open_folders()
        named = [one["name"] for one in self._plan.inputs.get("volumes") or []]
        volumes = {name: shared.get(name) or f"{self.id}-{name}" for name in named}
        for name in [volumes[name] for name in named if name not in shared]:
            self._engine.volumes.create(name, labels=dict(self._plan.labels))
            self._volumes.append(name)
        task = Task(
            id=self.id,
            space=str(self._space.id),
            cpu=int(self._plan.inputs["cpu"]),
            memory=int(self._plan.inputs["memory"]),
            volumes=volumes,
            labels=self._plan.labels,
        )
        for name, definition in self._definitions.items():
            values = {one["name"]: self._plan.resolve(one["valueFrom"]) for one in definition.get("secrets") or []}
            self._containers[name] = Container(self._engine, task, definition, values)

    def _pull(self, image: str) -> None:
        # What is here already is the user's, who built it here: AWS has a Docker of its own.
        own = not self._has(image)
        try:
            found = self._engine.images.pull(image, auth_config=dict(self._plan.credentials))
        except docker.errors.APIError as error:
            raise ValueError(f"CannotPullContainerError: {image}: {error.explanation}") from error
        if own:
            self.pulled.add(image)
        made_for = found.attrs.get("Architecture")
        wanted = (self._plan.inputs.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"
        if made_for != _ARCHITECTURES[wanted]:
            raise ValueError(f"CannotPullContainerError: {image} is for {made_for}, and the task for {wanted}")

    def _has(self, image: str) -> bool:
        try:
            self._engine.images.get(image)
        except docker.errors.ImageNotFound:
            return False
        return True

    def _watch(self) -> None:
        """Start what may start, until it is asked to end or an essential container does."""
        while not self._asked.is_set():
            self._seen = {name: one.look() for name, one in self._containers.items()}
            for name, one in self._containers.items():
                if self._seen[name].over and one.essential:
                    code = self._seen[name].code
                    raise ValueError(f"Essential container in task exited: {name} with {code}")
            for name in self._containers:
                if not self._seen[name].started and self._is_ready(name):
                    self._containers[name].start()
            if self.status == "PENDING" and all(one.started for one in self._seen.values()):
                self.status, self.ran = "RUNNING", time.monotonic()
            self._asked.wait(_CALM_LOOK if self.status == "RUNNING" and self.health == "HEALTHY" else _LOOK)

    def _is_ready(self, name: str) -> bool:
        """Whether all that a container waits for has come; a ValueError where it never will."""
        definition = self._definitions[name]
        ready = True
        for other, condition in list_dependencies(definition).items():
            seen = self._seen[other]
            if condition == "SUCCESS" and seen.over and seen.code:
                raise ValueError(f"dependency {other} of {name} exited with {seen.code}")
            if condition == "HEALTHY" and seen.health == "UNHEALTHY":
                raise ValueError(f"dependency {other} of {name} is UNHEALTHY")
            come = {
                "START": seen.started,
                "COMPLETE": seen.over,
                "SUCCESS": seen.over and seen.code == 0,
                "HEALTHY": seen.health == "HEALTHY",
            }
            ready = ready and come[condition]
            limit = float(self._definitions[other].get("startTimeout") or _START)
            if not come[condition] and time.monotonic() - self.began > limit:
                raise ValueError(f"dependency {other} of {name} did not come to {condition} within {limit:g} s")
        return ready

    def _end(self) -> None:
        """Stop the containers: first those on which no other one depends."""
        for names in list_stops(list(self._definitions.values())):
            stops = [threading.Thread(target=self._containers[name].stop) for name in names if name in self._containers]
            for one in stops:
                one.start()
            for one in stops:
                one.join()
        self._seen = {name: one.look() for name, one in self._containers.items()}

    def _clear(self) -> None:
        for name, one in self._containers.items():
            with suppress(docker.errors.APIError):
                one.remove(self._plan.logs / f"{self.id}-{name}.log")
        if self._space is not None:
            with suppress(docker.errors.APIError):
                self._space.remove(force=True)
        for name in self._volumes:
            with suppress(docker.errors.APIError):
                self._engine.volumes.get(name).remove(force=True)
