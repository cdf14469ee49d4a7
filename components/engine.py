"""The Docker engine, asked directly: for what Pulumi's provider does not tell."""

import docker


def connect(engine: str | None) -> docker.DockerClient:
    """A client of the engine at that address, of DOCKER_HOST's for None. Raises docker.errors.DockerException."""
    return docker.DockerClient(base_url=engine) if engine else docker.from_env()
