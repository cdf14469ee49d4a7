"""The images that an engine has, asked while the program runs."""

import docker.errors

from components.engine import connect


def list_tags(engine: str | None) -> frozenset[str] | None:
    """The names of all images on the engine at that address, DOCKER_HOST's for None; None if it does not answer."""
    try:
        client = connect(engine)
        return frozenset(tag for image in client.api.images() for tag in image.get("RepoTags") or [])
    # What the connection itself refuses is one of Python's own errors.
    except (docker.errors.DockerException, OSError):
        return None
