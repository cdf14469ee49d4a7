"""What this run has left on the engine."""

import docker
from tests.docker.commands import PROJECT
from tests.docker.engine import PREFIX, Deployment


def strays(engine: docker.DockerClient) -> list[str]:
    """What `destroy` left, and what is left on the engine of the deployments of this run that have ended."""
    label: dict[str, str | list[str] | bool] = {"label": f"portico.project={PROJECT}"}
    containers = engine.containers.list(all=True, ignore_removed=True, filters=label)
    found = [
        *(("container", one.name, one.labels) for one in containers),
        *(("network", one.name, one.attrs["Labels"]) for one in engine.networks.list(filters=label)),
        *(("volume", one.name, one.attrs["Labels"]) for one in engine.volumes.list(filters=label)),
        *(("image", one.tags or one.id, one.labels) for one in engine.images.list(filters=label)),
    ]
    return [
        *Deployment.left,
        *(f"{kind} {name}" for kind, name, labels in found if is_stray(labels.get("portico.stack", ""))),
    ]


def is_stray(stack: str) -> bool:
    """Whether a stack was one of this run's and is no more. The one that tests share may end last of all."""
    return stack.startswith(PREFIX) and stack not in Deployment.entered
