"""Deployments for the tests of a module, and what they measured."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import docker
from portico.config.settings import Settings
from tests.docker.applications import small, write_offline, write_small
from tests.docker.engine import HELLO, Deployment
from tests.docker.figures import FIGURES, LEFT_OUT, Figures
from tests.docker.load import Target, json_is
from tests.docker.machine import Machine, find_obstacle
from tests.docker.shared import Shared
from tests.docker.strays import strays
from tests.docker.vault import Vault

HERE = Path(__file__).parent

Deploy = Callable[..., Deployment]


# The load on `served`.
TARGETS = (
    Target(host="localhost", expect=json_is(site="hello")),
    Target(host="other.localhost", expect=json_is(site="other"), echo=None, slow=None),
)


def make_folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("deployment")


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deploy]:
    """Makes deployments that live as long as the module's tests; nothing is up yet."""
    with ExitStack() as stack:

        def make(*sites: Any, **settings: Any) -> Deployment:
            return stack.enter_context(Deployment(make_folder(tmp_path_factory), *sites, **settings))

        yield make


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """The deployment that the tests of a worker share (shared.py). Who takes it by this name restores it."""
    with Shared(make_folder(tmp_path_factory)) as deployment:
        yield deployment


@pytest.fixture
def two_sites(shared: Shared) -> Shared:
    """Both sites of the stack dev, up, with two replicas each, whatever the test before did with them."""
    shared.restore()
    return shared


@pytest.fixture(scope="package")
def machine() -> Iterator[Machine]:
    """A machine of the tests' own, with an engine that has the base images."""
    defaults = Settings.model_fields
    with Machine() as machine:
        machine.copy_images(defaults["nginx_image"].default, defaults["python_image"].default)
        yield machine


@pytest.fixture(scope="package")
def served(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two sites on it, up, for clients outside. For tests that leave them serving, whatever they do to the machine."""
    with Deployment(
        make_folder(tmp_path_factory), HELLO, small("other"), machine=machine, address="0.0.0.0"
    ) as deployment:
        write_small(deployment, "other")
        write_offline(deployment, "hello", "other")
        deployment.up()
        yield deployment


@pytest.fixture(scope="package")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """Two sites, up, of which the first has secrets and two replicas. A test leaves them serving."""
    with Vault(make_folder(tmp_path_factory)) as deployment:
        deployment.up()
        yield deployment


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """What the tests measured: see figures.py. At the end of all tests nothing of theirs may be left."""
    yield FIGURES
    engine = docker.from_env()
    left = strays(engine)
    engine.close()
    FIGURES.record(
        "E2",
        f"containers, networks, volumes and images left, {len(Deployment.built)} images built",
        target="0",
        measured=f"{len(left)}: {', '.join(left)}" if left else "0",
        met=not left,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what `make soak` runs besides the tests marked `soak`: those with figures and without a longer form.

    What takes a machine of its own is left out, and that is said, where nobody could make one.
    """
    ours = [item for item in items if isinstance(item, pytest.Function) and item.path.is_relative_to(HERE)]
    longer = {(item.path, item.originalname) for item in ours if item.get_closest_marker("soak")}
    for item in ours:
        if "figures" in item.fixturenames and (item.path, item.originalname) not in longer:
            item.add_marker(pytest.mark.figures)
    out = [item for item in items if item.get_closest_marker("machine")]
    if out and (obstacle := find_obstacle()):
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)
        LEFT_OUT.append(f"{len(out)} tests of a whole machine are left out: {obstacle}")
