"""`destroy` removes everything of the stack, and nothing of anybody else."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

import docker
from portico.components.docker.container_command import run_in
from tests.docker.commands import PROJECT
from tests.docker.conftest import Deploy
from tests.docker.engine import HELLO, Deployment
from tests.docker.killed import Running

pytestmark = pytest.mark.docker


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """Somebody else's things on the same engine."""

    container: Any
    network: Any
    volume: Any


@pytest.fixture
def foreign(deploy: Deploy) -> Iterator[tuple[Deployment, Foreign]]:
    deployment: Deployment = deploy(HELLO, replicas=1)
    engine = docker.from_env()
    name = f"foreign-{deployment.name}"
    # As near to ours as can be: the same project, and another stack whose name begins like this one's.
    labels = {"portico.project": PROJECT, "portico.stack": f"{deployment.name}-other", "portico.role": "gunicorn"}
    with ExitStack() as stack:
        volume = engine.volumes.create(name, labels=labels)
        stack.callback(partial(volume.remove, force=True))
        network = engine.networks.create(name, labels=labels)
        stack.callback(network.remove)
        image = "nginx:1.30.6"
        container = engine.containers.run(
            image,
            ["sleep", "600"],
            entrypoint="",
            name=name,
            labels=labels,
            detach=True,
            network=name,
            volumes={name: {"bind": "/kept", "mode": "rw"}},
        )
        stack.callback(partial(container.remove, force=True, v=True))
        yield deployment, Foreign(container=container, network=network, volume=volume)


def test_destroy_leaves_nothing_of_its_own_and_all_of_others(foreign: tuple[Deployment, Foreign]) -> None:
    deployment, other = foreign
    assert run_in(other.container, ["sh", "-c", "echo kept > /kept/file"]).code == 0
    other.container.reload()
    started = other.container.attrs["State"]["StartedAt"]
    deployment.up()
    containers = deployment.containers()
    assert len(containers) == 6 and len(deployment.leftovers()) == 11, deployment.leftovers()
    # Volumes without a name would carry no label either.
    volumes = {mount["Name"] for found in containers for mount in found.attrs["Mounts"] if mount["Type"] == "volume"}
    networks = {found.id for found in deployment.engine.networks.list()} & deployment.ids()
    assert len(volumes) == 3 and len(networks) == 1

    # A run that is killed while it removes is finished by the next one.
    killed = Running(deployment, 1, target="down")
    killed.await_line("deleted")
    assert killed.kill()
    result = deployment.destroy(door="make")
    assert "This one finishes what was begun." in result.output

    print(f"\ndestroyed {result.changes} resources in {result.seconds:.1f} s")
    assert deployment.leftovers() == []
    assert not volumes & {volume.name for volume in deployment.engine.volumes.list()}
    assert not networks & {network.id for network in deployment.engine.networks.list()}
    other.container.reload()
    assert (other.container.status, other.container.attrs["State"]["StartedAt"]) == ("running", started)
    assert run_in(other.container, ["cat", "/kept/file"]).output == b"kept\n"
    other.network.reload()
    assert [container.id for container in other.network.containers] == [other.container.id]
    other.volume.reload()
