"""A machine of somebody's own, reached over SSH, and what is deployed on it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from portico.config.settings import Settings
from tests.cloud.ssh.place import Place
from tests.cloud.user_data import plain
from tests.cloud.vm import Vm, sweep
from tests.docker.applications import small, write_offline, write_small
from tests.docker.conftest import make_folder
from tests.docker.engine import Deployment
from tests.docker.figures import FIGURES, LEFT_OUT, Figures
from tests.docker.machine import find_obstacle

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes a VM, and say so, where nobody could start one."""
    out = [item for item in items if item.path.is_relative_to(HERE)]
    if out and (obstacle := find_obstacle()):
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)
        LEFT_OUT.append(f"{len(out)} tests of a machine over SSH are left out: {obstacle}")
    for item in out:
        if "figures" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.figures)


@pytest.fixture
def figures() -> Figures:
    """What the tests measured: see tests/docker/figures.py."""
    return FIGURES


@pytest.fixture(scope="package")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key; the public one lies beside it."""
    file = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return file


@pytest.fixture(scope="package")
def vm(key: Path) -> Iterator[Vm]:
    """The machine, on; its Docker has the base images."""
    sweep()
    defaults = Settings.model_fields
    images = (defaults["nginx_image"].default, defaults["python_image"].default)
    with Vm(plain(key.with_suffix(".pub").read_text().strip()), images=images) as vm:
        vm.wait_ready()
        yield vm


@pytest.fixture(scope="package")
def place(vm: Vm, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One small site on it, two replicas, up. For tests that leave it serving, whatever they do to the machine."""
    site = small("shop", replicas=2)
    ssh = {"host": vm.address, "user": "deploy", "key": str(key)}
    with Deployment(make_folder(tmp_path_factory), site, vm=vm, target="ssh", ssh=ssh, address="0.0.0.0") as deployment:
        write_small(deployment, "shop")
        write_offline(deployment, "shop")
        yield Place(vm, deployment, first=deployment.up(door="make"))
