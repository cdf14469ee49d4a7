"""A socket of this machine whose connections are carried by a command, as ssh carries them to an engine."""

import http.client
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from docker.errors import DockerException

from portico.components.docker.engine_client import Engine, read_free
from portico.components.docker.ssh_tunnel import dig_tunnel, open_tunnel
from tests.components.fake_ssh import FakeSsh

ADDRESS = "ssh://deploy@shop.example:22"

# What `docker system dial-stdio` does: it joins its two ends to a socket.
CARRY = """
import os, socket, sys, threading
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def send():
    while data := os.read(0, 65536):
        peer.sendall(data)
    peer.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
while data := peer.recv(65536):
    os.write(1, data)
"""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.path.encode() * 20_000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> object:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def call(path: Path) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("localhost", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(60)
    connection.sock.connect(str(path))
    return connection


def test_connections_are_carried_whole_and_at_the_same_time(port: int) -> None:
    tunnel = dig_tunnel([sys.executable, "-c", CARRY, str(port)])
    calls = [call(tunnel) for _ in range(3)]
    for number, connection in enumerate(calls):
        connection.request("GET", f"/{number}")
    for number, connection in enumerate(calls):
        assert connection.getresponse().read() == f"/{number}".encode() * 20_000
        connection.request("GET", "/again")
        assert connection.getresponse().status == 200
        connection.close()


def test_one_that_does_not_get_there_is_closed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(dig_tunnel(["false"])))
        peer.settimeout(60)
        assert peer.recv(1) == b""


def test_one_that_came_with_too_many_comes_again(port: int, tmp_path: Path) -> None:
    busy = "echo kex_exchange_identification: reset >&2; exit 255"
    first = f"test -e {tmp_path}/been || {{ touch {tmp_path}/been; {busy}; }}"
    tunnel = dig_tunnel(["sh", "-c", f'{first}; exec "$@"', "-", sys.executable, "-c", CARRY, str(port)])
    connection = call(tunnel)
    connection.request("GET", "/late")
    assert connection.getresponse().read(5) == b"/late"
    connection.close()


@pytest.mark.parametrize("end", ["exit 255", "echo kex_exchange_identification >&2; exit 1"])
def test_whatever_else_fails_is_not_tried_again(tmp_path: Path, end: str) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(dig_tunnel(["sh", "-c", f"echo once >>{tmp_path}/calls; {end}"])))
        peer.settimeout(60)
        assert peer.recv(1) == b""
    assert (tmp_path / "calls").read_text() == "once\n"


def test_nobody_else_can_use_it() -> None:
    assert dig_tunnel(["false"]).parent.stat().st_mode & 0o777 == 0o700


def test_it_is_gone_when_the_program_ends_however_it_ends() -> None:
    program = (
        "import os, signal, sys\n"
        "from portico.components.shutdown import end_quietly\n"
        "from portico.components.docker.ssh_tunnel import dig_tunnel\n"
        "end_quietly(); print(dig_tunnel(['false']), flush=True)\n"
        "if sys.argv[1] == 'stopped': os.kill(os.getpid(), signal.SIGINT); signal.pause()"
    )
    for how in ("by itself", "stopped"):
        done = subprocess.run([sys.executable, "-c", program, how], capture_output=True, text=True, timeout=60)
        assert done.returncode == (32 if how == "stopped" else 0), done.stderr
        assert done.stdout.startswith("/") and not Path(done.stdout.strip()).parent.exists()


def test_an_engine_behind_ssh_is_asked_with_the_arguments_of_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = FakeSsh(tmp_path / "bin", monkeypatch)
    ssh.fail("no")
    engine = Engine(ADDRESS, ("-o", "BatchMode=yes"))
    path = open_tunnel(ADDRESS, engine.options)
    assert engine.endpoint == f"unix://{path}" and open_tunnel(ADDRESS, engine.options) == path
    with pytest.raises(DockerException):
        engine.connect()
    assert ssh.calls()[0] == f"-o BatchMode=yes -T {ADDRESS} docker system dial-stdio".split()


@pytest.mark.parametrize("address", [None, "unix:///run/other.sock", "tcp://127.0.0.1:2375"])
def test_an_engine_that_is_here_needs_no_tunnel(address: str | None) -> None:
    assert Engine(address).endpoint == address


def test_free_disk_space_of_an_engine_behind_ssh_is_asked_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Client:
        def info(self) -> dict[str, str]:
            return {"DockerRootDir": "/var/lib/my docker"}

    ssh = FakeSsh(tmp_path / "bin", monkeypatch)
    ssh.answer(df='test "$2" = "/var/lib/my docker" && echo Filesystem && echo "/dev/my disk 9 8 1000 1% /"')
    monkeypatch.setattr(Engine, "connect", lambda _: Client())
    assert Engine(ADDRESS, ()).count_free() == 1000 * 1024
    ssh.fail("no")
    assert Engine(ADDRESS, ()).count_free() == float("inf")


def test_what_df_prints() -> None:
    done = subprocess.run(["df", "-Pk", "/"], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    assert read_free(done.stdout.splitlines()[-1]) > 0
    with pytest.raises(ValueError):
        read_free("df: /nowhere: No such file or directory")
