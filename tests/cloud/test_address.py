"""A public address leads to one machine at a time, and moves without refusing anybody."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cloud.plugin.address import point, release
from tests.cloud.plugin.process import name_control
from tests.docker.engine import free_port

# Linux alone has all of 127.0.0.0/8.
pytestmark = [pytest.mark.docker, pytest.mark.extended]

ANYWHERE = ["0.0.0.0/0"]


class Greeter:
    """Says its own address to whoever connects, and again for each line."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self._listener = socket.create_server((address, port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._greet, args=(connection,), daemon=True).start()

    def _greet(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            for _ in connection.makefile():
                connection.sendall(f"{self.address}\n".encode())

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def public(tmp_path: Path) -> Iterator[str]:
    address = "127.77.1.1"
    yield address
    release(address)


@pytest.fixture
def machines(port: int) -> Iterator[list[Greeter]]:
    greeters = [Greeter(address, port) for address in ("127.77.2.1", "127.77.2.2")]
    yield greeters
    for greeter in greeters:
        greeter.close()


def ask(connection: socket.socket) -> str:
    connection.sendall(b"\n")
    return connection.makefile().readline().strip()


def connect(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port), timeout=60)


def test_new_connections_follow_the_address_and_open_ones_stay(
    tmp_path: Path, public: str, port: int, machines: list[Greeter]
) -> None:
    old, new = (machine.address for machine in machines)
    point(tmp_path, public, old, {port: ANYWHERE})
    with connect(public, port) as before:
        assert ask(before) == old
        point(tmp_path, public, new, {port: ANYWHERE})
        with connect(public, port) as after:
            assert ask(after) == new
        assert ask(before) == old


def test_nobody_is_refused_while_it_moves(tmp_path: Path, public: str, port: int, machines: list[Greeter]) -> None:
    point(tmp_path, public, machines[0].address, {port: ANYWHERE})
    answers: list[str] = []
    over = threading.Event()

    def send() -> None:
        while not over.is_set():
            try:
                with connect(public, port) as connection:
                    answers.append(ask(connection))
            except OSError as error:
                answers.append(repr(error))

    sender = threading.Thread(target=send)
    sender.start()
    for turn in range(20):
        time.sleep(0.02)
        point(tmp_path, public, machines[turn % 2].address, {port: ANYWHERE})
    over.set()
    sender.join()
    assert set(answers) == {machine.address for machine in machines}


def test_only_open_ports_answer_and_only_to_those_who_may(
    tmp_path: Path, public: str, port: int, machines: list[Greeter]
) -> None:
    target = machines[0].address
    point(tmp_path, public, target, {})
    with pytest.raises(ConnectionRefusedError):
        connect(public, port)
    point(tmp_path, public, target, {port: ["198.51.100.0/24"]})
    with connect(public, port) as connection, suppress(ConnectionResetError):
        assert not ask(connection)
    point(tmp_path, public, target, {port: ["198.51.100.0/24", "127.0.0.0/8"]})
    with connect(public, port) as connection:
        assert ask(connection) == target


def test_a_port_that_somebody_else_has_is_reported(tmp_path: Path, public: str, port: int) -> None:
    with socket.create_server((public, port)), pytest.raises(ValueError, match=r"could not be used: .*already in use"):
        point(tmp_path, public, "127.77.2.1", {port: ANYWHERE})


def test_nothing_is_left_of_it_once_it_is_released_or_its_cloud_is_gone(
    tmp_path: Path, public: str, port: int, machines: list[Greeter]
) -> None:
    folder = tmp_path / "cloud"
    for end in (lambda: release(public), lambda: subprocess.run(["rm", "-r", folder], check=True)):
        folder.mkdir(exist_ok=True)
        point(folder, public, machines[0].address, {port: ANYWHERE})
        end()
        until = time.monotonic() + 60
        while name_control(public)[1:] in Path("/proc/net/unix").read_text():
            assert time.monotonic() < until
            time.sleep(0.05)
        with pytest.raises(ConnectionRefusedError):
            connect(public, port)
