"""How much memory a deployment's containers hold while something is done to it."""

import statistics
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

import docker
from docker.errors import APIError
from docker.models.containers import Container
from portico.components.docker.container_command import run_in
from tests.docker.engine import Deployment

MEBIBYTE = 2**20
# The processes of one name, which is a role's: the asking ones, sh and grep, are not of it.
_ASK = (
    'for one in /proc/[0-9]*; do read -r name <$one/comm && [ "$name" = "$1" ] && grep ^Pss: $one/smaps_rollup; done; :'
)


class Memory:
    """Samples, from entering the `with` block until leaving it, what all containers of each role hold together.

    That is what the processes of that name have for themselves, and their part of what they share (`Pss`): no cache of
    files is in it, which the kernel may take back at any time. Not every engine tells what a container's cgroup holds.
    `every`: seconds between two samples.
    """

    def __init__(self, deployment: Deployment, *roles: str, every: float = 3.0) -> None:
        self.samples: dict[str, list[int]] = {role: [] for role in roles}
        self._deployment = deployment
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._containers = {role: [str(one.id) for one in self._deployment.containers(role)] for role in self.samples}
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(30)

    def growth(self, role: str) -> float:
        """The median of the last third of the samples over that of the first third. A ValueError if there are few."""
        samples = self.samples[role]
        third = len(samples) // 3
        if third < 3:
            raise ValueError(f"{len(samples)} samples of {role} say nothing about growth")
        return statistics.median(samples[-third:]) / statistics.median(samples[:third])

    def describe(self, role: str) -> str:
        """Such as `31.0 -> 31.4 MiB (x 1.01), at most 40.2, 210 samples`."""
        samples = self.samples[role]
        third = len(samples) // 3
        first, last = (statistics.median(part) / MEBIBYTE for part in (samples[:third], samples[-third:]))
        return (
            f"{first:.1f} -> {last:.1f} MiB (x {self.growth(role):.2f}), at most {max(samples) / MEBIBYTE:.1f}, "
            f"{len(samples)} samples"
        )

    def _sample(self) -> None:
        engine = docker.from_env()
        while not self._stop.wait(self._every):
            for role, containers in self._containers.items():
                # A container that went away meanwhile has no figure; a sample without it would look like less memory.
                with suppress(APIError, ValueError):
                    self.samples[role].append(sum(occupied(engine.containers.get(one)) for one in containers))
        engine.close()


def occupied(container: Container, process: str = "") -> int:
    """Bytes of its processes of that name, its role's by default. A ValueError where the container has none."""
    asked = run_in(container, ["sh", "-c", _ASK, "memory", process or container.labels["portico.role"]])
    lines = asked.output.decode().splitlines()
    found = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    if asked.code or not found:
        raise ValueError(f"{container.name}: {lines}")
    return 1024 * sum(found)
