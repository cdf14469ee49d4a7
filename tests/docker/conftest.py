"""Deployments for the tests of a module, and what they measured."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.docker import reliability
from tests.docker.engine import HELLO, HTTPBIN, Deployment, strays
from tests.docker.figures import Figures

HERE = Path(__file__).parent
BEGUN, LOAD = time.monotonic(), os.getloadavg()[0]
FIGURES = Figures()

Deploy = Callable[..., Deployment]


def make_folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("deployment")


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deploy]:
    """Makes deployments that live as long as the module's tests; nothing is up yet."""
    with ExitStack() as stack:

        def make(*sites: Any, **settings: Any) -> Deployment:
            return stack.enter_context(Deployment(make_folder(tmp_path_factory), *sites, **settings))

        yield make


@pytest.fixture(scope="package")
def two_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Both sites of the stack dev, up. For tests that leave both sites serving, with two replicas each."""
    with Deployment(make_folder(tmp_path_factory), HELLO, HTTPBIN) as deployment:
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
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make soak` runs besides the tests marked `soak`: those with figures and without a longer form."""
    ours = [item for item in items if isinstance(item, pytest.Function) and item.path.is_relative_to(HERE)]
    longer = {(item.path, item.originalname) for item in ours if item.get_closest_marker("soak")}
    for item in ours:
        if "figures" in item.fixturenames and (item.path, item.originalname) not in longer:
            item.add_marker(pytest.mark.figures)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures; PORTICO_REPORT names the file that they are written to."""
    if not FIGURES.recorded:
        return
    terminalreporter.section("figures")
    for figure in FIGURES.recorded:
        terminalreporter.write_line(str(figure))
    if file := os.environ.get("PORTICO_REPORT"):
        stats = terminalreporter.stats
        failed = [str(one.nodeid) for kind in ("failed", "error") for one in stats.get(kind, [])]
        minutes = (time.monotonic() - BEGUN) / 60
        counts = f"{len(stats.get('passed', []))} tests passed, {len(failed)} did not"
        reliability.write(Path(file), FIGURES, minutes=minutes, counts=counts, load=LOAD, failed=failed)
        terminalreporter.write_line(f"written: {file}")
