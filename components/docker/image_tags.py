"""The images that an engine has, asked while the program runs."""

from portico.components.docker.engine_client import Engine


def list_tags(engine: Engine) -> frozenset[str] | None:
    """The names of all images on the engine; None if it does not answer."""
    import docker.errors

    try:
        client = engine.connect()
        return frozenset(tag for image in client.api.images() for tag in image.get("RepoTags") or [])
    # What the connection itself refuses is one of Python's own errors.
    except (docker.errors.DockerException, OSError):
        return None
