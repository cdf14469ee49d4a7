"""The images that an engine has, asked while the program runs."""

from portico.components.docker.engine_client import Engine
from portico.config.load import Stack


def list_tags(engine: Engine) -> frozenset[str] | None:
    """The names of all images on the engine; None if it does not answer."""
    import docker.errors

    try:
        client = engine.connect()
        return frozenset(tag for image in client.api.images() for tag in image.get("RepoTags") or [])
    # What the connection itself refuses is one of Python's own errors.
    except (docker.errors.DockerException, OSError):
        return None


def list_earlier_tags(engine: Engine | None, stack: Stack) -> frozenset[str] | None:
    """The same, as far as the stack's history asks for them; None where the engine could not be asked."""
    if engine is None:
        return frozenset()
    return list_tags(engine) if stack.history else None
