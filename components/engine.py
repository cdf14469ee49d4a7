"""The Docker engine, asked directly: for what Pulumi's provider does not tell."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True)
class Engine:
    """A Docker engine, by its address: None for DOCKER_HOST's, or the usual socket where that is not set."""

    address: str | None = None
    options: tuple[str, ...] = ()

    def connect(self) -> "DockerClient":
        """A client of it. Raises docker.errors.DockerException."""
        # Read late: it takes a tenth of a second, and most runs have nothing to ask.
        import docker

        return docker.DockerClient(base_url=self.address) if self.address else docker.from_env()
