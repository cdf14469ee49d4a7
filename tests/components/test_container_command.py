"""What a command in a container prints arrives whole, however the engine's answer is cut into packets."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker
import pytest
from docker.errors import NotFound
from docker.models.containers import Container

from portico.components.docker.container_command import Ended, run_in

OUTPUTS = [(1, b"one\n"), (2, b"two\n"), (1, b"\x00" * 70_000), (1, b"last")]


class Engine(BaseHTTPRequestHandler):
    """The calls of Docker's API that a command takes; a busy engine sends head and output in one packet."""

    ended = 7
    asked: dict[str, object]

    def _read(self) -> dict[str, object]:
        body: dict[str, object] = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        return body

    def _send(self, code: int, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 {code} Said\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n"
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.connection.sendall(head.encode() + body)
        self.close_connection = True

    def do_POST(self) -> None:
        asked = self._read()
        if "gone" in self.path:
            self._send(404, "application/json", b'{"message": "No such container: gone"}')
        elif self.path.endswith("/start"):
            frames = [bytes((stream, 0, 0, 0)) + len(text).to_bytes(4, "big") + text for stream, text in OUTPUTS]
            upgraded = "Upgrade" in self.headers
            kind = "application/vnd.docker.raw-stream"
            self._send(101 if upgraded else 200, kind, b"".join(frames))
        else:
            Engine.asked = asked
            self._send(201, "application/json", b'{"Id": "e1"}')

    def do_GET(self) -> None:
        self._send(200, "application/json", json.dumps({"ExitCode": self.ended}).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made = docker.DockerClient(base_url=f"tcp://127.0.0.1:{server.server_port}", version="1.41")
    yield made
    made.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_all_of_it_arrives(client: docker.DockerClient) -> None:
    container = Container({"Id": "c1"}, client=client)
    assert run_in(container, ["cat", "it"], user="999") == Ended(7, b"".join(text for _, text in OUTPUTS))
    assert (Engine.asked["Cmd"], Engine.asked["User"]) == (["cat", "it"], "999")


def test_what_is_not_there_is_dockers_own_error(client: docker.DockerClient) -> None:
    with pytest.raises(NotFound, match="No such container"):
        run_in(Container({"Id": "gone"}, client=client), ["true"])


def test_text_is_never_refused() -> None:
    assert Ended(0, b"a\xff").text == "a\N{REPLACEMENT CHARACTER}"
