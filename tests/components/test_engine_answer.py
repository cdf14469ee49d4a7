"""An engine that does not answer is named, with its address, before anything is changed."""

import socket
from pathlib import Path

import pulumi
import pytest

from portico.components.docker.engine_answer import require_answer
from portico.components.docker.engine_client import Engine


@pytest.fixture
def updating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)


def fail(engine: Engine) -> str:
    with pytest.raises(pulumi.RunError) as refused:
        require_answer(engine)
    return str(refused.value)


@pytest.mark.usefixtures("updating")
def test_a_socket_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert fail(Engine(f"unix://{tmp_path}/none.sock")) == (
        f"docker: no Docker engine answers at unix://{tmp_path}/none.sock: there is no such socket. Start it there, or "
        "write its address as `docker context inspect` shows it; nothing was changed."
    )


@pytest.mark.usefixtures("updating")
def test_a_socket_that_nobody_listens_on_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    assert "/left.sock: nothing listens there." in fail(Engine(f"unix://{tmp_path}/left.sock"))


@pytest.mark.usefixtures("updating")
def test_the_usual_engine_is_named_where_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/host.sock")
    assert f"unix://{tmp_path}/host.sock" in fail(Engine())


def test_a_preview_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    require_answer(Engine(f"unix://{tmp_path}/none.sock"))
    (line,) = said
    assert "there is no such socket" in line and "an update would be refused" in line
