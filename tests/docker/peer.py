"""Servers for the tests of the load generator: each on a free port of 127.0.0.1, for one test."""

import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType

from tests.docker.load import (
    Client,
    Load,
    Report,
)


class Peer:
    """The server's side of one connection; `number` counts its requests from 1."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.number = 0
        self.head = ""
        self.body = b""

    @property
    def path(self) -> str:
        return self.head.split(" ", 2)[1]

    @property
    def host(self) -> str:
        return next(line[6:] for line in self.head.split("\r\n") if line.startswith("Host: "))

    def receive(self) -> bool:
        """Read the next request; False when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.connection.recv(65536)
            if not more:
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        self.head = head.decode()
        length = next((int(line[16:]) for line in self.head.split("\r\n") if line.startswith("Content-Length: ")), 0)
        while len(body) < length:
            body += self.connection.recv(65536)
        self.body = body
        self.number += 1
        return True

    def send(self, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        self.raw(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)

    def raw(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.connection.close()

    def honest(self) -> None:
        """What the example `hello` would answer, without Flask."""
        if self.path == "/echo":
            answer: dict[str, object] = {"sha256": hashlib.sha256(self.body).hexdigest(), "length": len(self.body)}
        else:
            answer = {"site": self.host, "release": "r1", "replica": "1"}
        self.send(json.dumps(answer).encode())


Behaviour = Callable[[Peer], None]


class Server:
    """A threaded server that treats every request as `behaviour` says, until the peer is closed."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> "Server":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self._serve, args=(Peer(connection),), daemon=True).start()

    def _serve(self, peer: Peer) -> None:
        try:
            while peer.connection.fileno() >= 0 and peer.receive():
                self.behaviour(peer)
        except OSError:
            pass
        finally:
            peer.close()


def run(behaviour: Behaviour, *clients: Client, requests: int = 5) -> Report:
    """Exactly so many requests against a server with this behaviour."""
    with Server(behaviour) as server, Load("127.0.0.1", server.port, clients, most_requests=requests) as load:
        assert load.wait(20)
    report = load.report()
    assert report.sent == requests == report.ok + report.failed
    assert len(report.examples) == min(report.failed, 10)
    return report


KEPT = Client(host="a.example", timeout=5.0)
FRESH = Client(host="a.example", kept=False, timeout=5.0)


def raw(data: bytes) -> Behaviour:
    return lambda peer: peer.raw(data)
