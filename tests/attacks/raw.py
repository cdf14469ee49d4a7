"""Bytes to the edge and back: nothing tidies a request up on its way, and nothing hides a part of the answer."""

import json
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

ADDRESS = "127.0.0.1"
Fields = Iterable[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer; `fields` are its header lines in order, names in lower case."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.fields if key == name.lower()]

    def one(self, name: str) -> str | None:
        """The value of a header, which must not be listed twice."""
        values = self.all(name)
        assert len(values) < 2, f"{name} is listed twice: {values}"
        return values[0] if values else None

    def json(self) -> Any:
        return json.loads(self.body)


def connect(port: int, *, timeout: float = 20.0, tls: ssl.SSLContext | None = None, name: str = "") -> socket.socket:
    """A connection to the edge; with `tls`, for the server `name`."""
    peer = socket.create_connection((ADDRESS, port), timeout=timeout)
    if tls is None:
        return peer
    try:
        return tls.wrap_socket(peer, server_hostname=name or None)
    except BaseException:
        peer.close()
        raise


def read(peer: socket.socket) -> bytes:
    """What comes until the connection is closed, or nothing comes for as long as the socket's timeout."""
    data = b""
    with suppress(ConnectionResetError, TimeoutError, ssl.SSLEOFError):
        while more := peer.recv(65536):
            data += more
    return data


def exchange(port: int, message: bytes, *, timeout: float = 20.0, **tls: Any) -> bytes:
    """Send bytes on a fresh connection; everything that comes back."""
    with connect(port, timeout=timeout, **tls) as peer:
        # What is refused before all of it was sent is answered anyway, and then reset.
        with suppress(BrokenPipeError, ConnectionResetError):
            peer.sendall(message)
        return read(peer)


def make_request(
    host: str | None,
    target: str = "/",
    *,
    method: str = "GET",
    fields: Fields = (),
    body: bytes = b"",
    keep: bool = False,
    version: str = "1.1",
) -> bytes:
    """The bytes of one request; a body is given its length, unless `fields` speak of one."""
    lines = [("Host", host)] if host is not None else []
    lines += [] if keep else [("Connection", "close")]
    lines += list(fields)
    if body and not {name.lower() for name, _ in lines} & {"content-length", "transfer-encoding"}:
        lines.append(("Content-Length", str(len(body))))
    head = [f"{method} {target} HTTP/{version}", *(f"{name}: {value}" for name, value in lines), "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def ask(port: int, host: str | None, target: str = "/", *, timeout: float = 20.0, **more: Any) -> Answer | None:
    """The last answer to one request; None where the connection was closed without any."""
    tls = {key: more.pop(key) for key in ("tls", "name") if key in more}
    data = exchange(port, make_request(host, target, **more), timeout=timeout, **tls)
    answers = parse(data, head=more.get("method") == "HEAD")
    return answers[-1] if answers else None


def get(port: int, host: str, target: str = "/", **more: Any) -> Answer:
    """The same, where an answer is wanted."""
    answer = ask(port, host, target, **more)
    assert answer is not None, f"{host}{target} was not answered"
    return answer


def parse(data: bytes, *, head: bool = False) -> list[Answer]:
    """All answers of a connection, interim ones included."""
    found = []
    while data:
        top, _, data = data.partition(b"\r\n\r\n")
        first, *rest = top.decode("latin-1").split("\r\n")
        assert first.startswith("HTTP/1."), f"no status line: {first[:80]!r}"
        status = int(first.split(" ")[1])
        pairs = [line.partition(":") for line in rest]
        fields = tuple((name.lower(), value.strip()) for name, _, value in pairs)
        named = dict(fields)
        if status < 200 or status in (204, 304) or head:
            body = b""
        elif named.get("transfer-encoding") == "chunked":
            body, data = _take_chunks(data)
        elif "content-length" in named:
            length = int(named["content-length"])
            body, data = data[:length], data[length:]
        else:
            body, data = data, b""
        found.append(Answer(status=status, fields=fields, body=body))
    return found


def _take_chunks(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length:
            return body, data.removeprefix(b"\r\n")
        body, data = body + data[:length], data[length + 2 :]


def chunk(body: bytes, size: int = 1000) -> bytes:
    """A body in chunks."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
