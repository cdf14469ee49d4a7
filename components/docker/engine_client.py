"""The Docker engine, asked directly: for what Pulumi's provider does not tell."""

import math
import shlex
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portico.components.docker.ssh_tunnel import open_tunnel, run_remotely

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True)
class Engine:
    """A Docker engine, by its address: None for DOCKER_HOST's, or the usual socket where that is not set.

    `options` are the arguments of ssh, for an address such as ssh://user@host:22.
    """

    address: str | None = None
    options: tuple[str, ...] = ()

    @property
    def endpoint(self) -> str | None:
        """Where a program finds it that does not know of SSH, while this one runs; None as in `address`."""
        if self.address and self.address.startswith("ssh://"):
            return f"unix://{open_tunnel(self.address, self.options)}"
        return self.address

    def connect(self) -> "DockerClient":
        """A client of it. Raises docker.errors.DockerException, or OSError where it cannot be reached."""
        # Read late: it takes a tenth of a second, and most runs have nothing to ask.
        import docker

        endpoint = self.endpoint
        return docker.DockerClient(base_url=endpoint) if endpoint else docker.from_env()

    def count_free(self) -> float:
        """Bytes that are free where it keeps its images; infinity where nobody can tell from here."""
        import docker.errors

        try:
            client = self.connect()
            folder = str(client.info()["DockerRootDir"])
            if self.address and self.address.startswith("ssh://"):
                return read_free(run_remotely(self.address, self.options, show_free(folder), 30).stdout)
            here = client.api.base_url.startswith("http+docker")
            return shutil.disk_usage(folder).free if here else math.inf
        except (docker.errors.DockerException, OSError, ValueError):
            return math.inf

    def limit_processes(self, most: Mapping[str, int]) -> None:
        """Limit each container, by its id, to so many processes and threads, where the engine can.

        Docker's client for Python has no word for it, so its engine is asked directly.
        """
        import docker.errors

        with suppress(docker.errors.DockerException, OSError):
            api = self.connect().api
            for id, number in most.items():
                address = f"{api.base_url}/v{api.api_version}/containers/{id}/update"
                api.post(address, json={"PidsLimit": number}).close()


def show_free(folder: str) -> str:
    """The shell's words for how much is free where this folder lies; `read_free` understands what they print."""
    return f"df -Pk {shlex.quote(folder)} | tail -n 1"


def read_free(line: str) -> int:
    """Bytes that are free, from a line of `df -Pk`. Raises ValueError."""
    words = line.split()
    if len(words) < 6:
        raise ValueError(line)
    return int(words[-3]) * 1024
