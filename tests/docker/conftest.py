"""Deployments for the tests of a module."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.docker.engine import HELLO, HTTPBIN, Deployment

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
