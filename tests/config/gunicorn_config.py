"""The rendered gunicorn.conf.py, executed: what it sets, and the hooks that it defines."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.config.render.gunicorn import render_gunicorn
from tests.config.sample import make_site, read_settings

SOCKET = "/run/portico/shop/0123456789ab-0.sock"


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", f"unix:{SOCKET}")


def execute(text: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    exec(compile(text, "gunicorn.conf.py", "exec"), values)
    return values


def run(root: Path, place: str = ".", **gunicorn: Any) -> dict[str, Any]:
    return execute(render_gunicorn(read_settings(root, make_site(gunicorn=gunicorn)).sites[0], place))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: that of a socket has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="portico-") as made:
        yield Path(made)
