"""The engine of a machine that is only being made."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portico.components.docker.engine_client import Engine

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True)
class LateEngine(Engine):
    """An engine whose address is known only later: by then it is in `engines`."""

    engines: list[Engine] = field(default_factory=list)

    def connect(self) -> "DockerClient":
        """A client of it. Raises docker.errors.DockerException, also as long as it is not there."""
        import docker.errors

        if not self.engines:
            raise docker.errors.DockerException("the VM is not ready yet")
        return self.engines[-1].connect()

    def count_free(self) -> float:
        """Bytes that are free where it keeps its images; infinity where nobody can tell, or it is not there."""
        return self.engines[-1].count_free() if self.engines else math.inf
