"""One request to the edge, as a plain client sends it."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tests.docker.load import Response

ADDRESS = "127.0.0.1"


def ask(
    port: int,
    host: str,
    path: str = "/",
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    timeout: float = 20.0,
    address: str = ADDRESS,
) -> Response | None:
    """Send one request on a fresh connection. None: the connection was closed without an answer.

    The path is sent as it is: nothing tidies it up, as a browser would.
    """
    lines = {"Host": f"{host}:{port}", "Connection": "close", **(headers or {})}
    if body or method == "POST":
        lines["Content-Length"] = str(len(body))
    head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
    with socket.create_connection((address, port), timeout=timeout) as peer:
        # What is refused before all of it was sent is answered anyway, and then reset.
        with suppress(BrokenPipeError, ConnectionResetError):
            peer.sendall("\r\n".join(head).encode() + body)
        answer = b""
        with suppress(ConnectionResetError):
            while more := peer.recv(65536):
                answer += more
    return _parse(answer) if answer else None


def get(port: int, host: str, path: str = "/", **more: Any) -> Response:
    """The same, where an answer is wanted."""
    response = ask(port, host, path, **more)
    assert response is not None, f"{host}{path} was not answered"
    return response


def _parse(answer: bytes) -> Response:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in rest]
    headers = {name.lower(): value for name, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = _join_chunks(body)
    return Response(status=int(first.split(" ")[1]), headers=headers, body=body)


def _join_chunks(rest: bytes) -> bytes:
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return body
        body, rest = body + rest[:length], rest[length + 2 :]
