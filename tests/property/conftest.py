"""What the properties share: the applications, and an NGINX of each version."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.property.applications import write_applications
from tests.property.edge import Edge
from tests.property.profile import EXAMPLES, SEED, SOAK

# pytest shows the values of a failed assertion only in test modules and in those that are named here.
pytest.register_assert_rewrite("tests.property.round_trip", "tests.property.round_trip_site")

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With 500 examples these are long tests: `make soak` chooses them."""
    for item in items:
        if SOAK and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.soak)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """So that a failure can be seen again."""
    seed = f"new ones, again with PORTICO_EXAMPLES=soak PORTICO_SEED={SEED}" if SOAK else "the same each time"
    terminalreporter.write_line(f"properties: {EXAMPLES} examples each, {seed}")


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Pulumi.yaml, with all applications in it."""
    return write_applications(tmp_path_factory.mktemp("applications"))


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Edge]]:
    """NGINX of a version, in a container that waits to try configurations; started when first asked for."""
    with ExitStack() as stack:

        @cache
        def start(version: str) -> Edge:
            return stack.enter_context(Edge(version, tmp_path_factory.mktemp(f"nginx-{version}")))

        yield start
