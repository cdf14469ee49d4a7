"""What can be seen of the machine that an engine is on."""

import errno
import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.machine_view import View, look, try_bind
from portico.config.public_address import Binding
from tests.components.fake_ssh import FakeSsh


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)


def client(name: str = "") -> Any:
    return SimpleNamespace(info=lambda: {"Name": name or socket.gethostname()})


def check(view: View | None, port: int, program: bool = True) -> None:
    """It sees a listener of this process."""
    assert view
    (found,) = (one for one in view.machine.listeners if one.binding == Binding("127.0.0.1", port))
    assert f"(process {os.getpid()})" in str(view.find_program(found.inode))
    assert view.machine.has("127.0.0.1") and not view.machine.has("203.0.113.9")


def test_an_engine_of_this_machine_shows_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as own:
        port = own.getsockname()[1]
        for engine in (Engine(), Engine("unix:///run/docker.sock")):
            view = look(engine, client())
            check(view, port)
            assert view and view.can_bind(Binding("127.0.0.1", port)) is False


@pytest.mark.parametrize(
    "host", ["tcp://127.0.0.1:2375", "ssh://deploy@shop.example", "npipe:////./pipe/docker_engine"]
)
def test_an_engine_that_is_elsewhere_shows_nothing(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert look(Engine(), client()) is None
    # The setting counts before the variable.
    assert look(Engine("unix:///run/docker.sock"), client()) is not None


def test_a_socket_that_leads_to_another_machine_shows_nothing() -> None:
    """As out of a container, or to Docker Desktop: what listens in here does not matter there."""
    assert look(Engine(), client("docker-desktop")) is None


def test_where_there_are_no_tables_a_port_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    view = look(Engine(), client("docker-desktop"))
    assert view and view.machine.listeners == () and view.machine.has("203.0.113.9")
    assert view.find_program(1) is None
    with socket.create_server(("127.0.0.1", 0)) as own:
        assert view.can_bind(Binding("127.0.0.1", own.getsockname()[1])) is False


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSsh:
    return FakeSsh(tmp_path / "bin", monkeypatch)


def test_a_machine_behind_ssh_tells_the_same_and_nothing_is_tried_there(ssh: FakeSsh) -> None:
    with socket.create_server(("127.0.0.1", 0)) as own:
        port = own.getsockname()[1]
        view = look(Engine("ssh://deploy@shop.example:22", ("-o", "BatchMode=yes")), client("shop"))
        check(view, port)
        assert view and view.can_bind(Binding("127.0.0.1", port)) is None
    assert ssh.calls()[0] == ["-o", "BatchMode=yes", "-T", "ssh://deploy@shop.example:22", "sh", "-s"]


def test_a_machine_that_does_not_answer_tells_nothing(ssh: FakeSsh) -> None:
    ssh.fail("Connection refused")
    view = look(Engine("ssh://deploy@shop.example:22"), client("shop"))
    assert view and view.machine.listeners == () and view.find_program(1) is None


def test_a_port_that_is_free_can_be_bound_and_is_left_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as own:
        port = own.getsockname()[1]
        assert try_bind(Binding("127.0.0.1", port)) is False
        assert try_bind(Binding("0.0.0.0", port)) is False
        assert try_bind(Binding("127.0.0.1", port, "udp")) is True
    for _ in range(2):
        assert try_bind(Binding("127.0.0.1", port)) is True


def test_connections_that_have_ended_are_in_nobodys_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as own:
        port = own.getsockname()[1]
        peer = socket.create_connection(("127.0.0.1", port))
        taken, _ = own.accept()
        # Whoever closes first keeps the port for a minute.
        taken.close()
        peer.close()
    assert try_bind(Binding("127.0.0.1", port)) is True


@pytest.mark.parametrize("code", [errno.EACCES, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_what_we_are_not_given_says_nothing_of_docker(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr("socket.socket", refuse)
    assert try_bind(Binding("127.0.0.1", 80)) is None
