"""What clouds of the double have in Docker: found, and taken away where a killed run has left it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import docker
import docker.errors
from docker import DockerClient

from tests.cloud.plugin.fleet_made import REGISTRY_PORT
from tests.cloud.plugin.owner import LABEL, lives
from tests.cloud.plugin.process import tell

# An image by a name in a registry of the double.
_OURS: Final = re.compile(rf"(127\.\d+\.\d+\.\d+:{REGISTRY_PORT})/.+")


def list_leftovers(owner: str) -> list[str]:
    """Containers, networks and volumes of the clouds of this owner."""
    engine = docker.from_env()
    found = [f"{kind} {one.name}" for kind, one in _find(engine) if _read(one) == owner]
    engine.close()
    return found


def sweep() -> None:
    """Take away what belongs to owners that are gone, and images of registries that are gone."""
    engine = docker.from_env()
    for kind, one in _find(engine):
        if not lives(_read(one)):
            _remove(kind, one)
    for image in engine.images.list():
        for name in [*image.tags, *image.attrs.get("RepoDigests", [])]:
            found = _OURS.fullmatch(name)
            if found and tell(found[1], {"look": True}) is None:
                with suppress(docker.errors.APIError):
                    engine.images.remove(name, force=True)
    engine.close()


def remove(owner: str) -> None:
    """Take away what this owner's clouds still have."""
    engine = docker.from_env()
    for kind, one in _find(engine):
        if _read(one) == owner:
            _remove(kind, one)
    engine.close()


def _find(engine: DockerClient) -> Iterator[tuple[str, Any]]:
    """Containers first: the others are in use by them."""
    label: dict[str, str | list[str] | bool] = {"label": LABEL}
    for container in engine.containers.list(all=True, filters=label, ignore_removed=True):
        yield "container", container
    for network in engine.networks.list(filters=label):
        yield "network", network
    for volume in engine.volumes.list(filters=label):
        yield "volume", volume


def _remove(kind: str, one: Any) -> None:
    with suppress(docker.errors.APIError):
        one.remove(**({"force": True, "v": True} if kind == "container" else {}))


def _read(one: Any) -> str:
    labels = getattr(one, "labels", None) or one.attrs.get("Labels") or {}
    return str(labels.get(LABEL, ""))
