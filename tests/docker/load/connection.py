"""One TCP connection and the HTTP/1.1 on it."""

import errno
import socket
import time

from tests.docker.load.client import Response
from tests.docker.load.failure import (
    CLOSED_BEFORE,
    CLOSED_MID,
    MALFORMED,
    NO_PORT,
    REFUSED,
    RESET_BEFORE,
    RESET_MID,
    TIMEOUT,
    UNASKED,
    RequestError,
)


class Connection:
    """One TCP connection and the HTTP/1.1 on it."""

    def __init__(self, address: tuple[str, int], deadline: float) -> None:
        try:
            self._socket = socket.create_connection(address, timeout=_left(deadline))
        except OSError as error:
            raise RequestError(_connect_class(error), error) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._answered = False
        self._deadline = deadline

    def close(self) -> None:
        self._socket.close()

    def closed_while_idle(self) -> bool:
        """Look, without waiting, whether the server has closed the connection since the last response."""
        self._socket.setblocking(False)
        try:
            waiting = self._socket.recv(64, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        if waiting:
            raise RequestError(UNASKED, waiting)
        return True

    def exchange(self, message: bytes, method: str, deadline: float) -> tuple[Response, bool]:
        """Send one request, read its response; and whether the connection may be used again."""
        self._deadline = deadline
        self._answered = False
        try:
            self._socket.settimeout(_left(deadline))
            self._socket.sendall(message)
        except TimeoutError as error:
            raise RequestError(TIMEOUT, "while sending") from error
        except OSError:
            pass  # the server may have answered before it closed: reading tells
        status, version, headers = self._head()
        while 100 <= status < 200:
            status, version, headers = self._head()
        body, framed = self._body(status, headers, method)
        if self._buffer:
            raise RequestError(UNASKED, f"after the response: {bytes(self._buffer[:64])!r}")
        tokens = {token.strip().lower() for token in headers.get("connection", "").split(",")}
        stays = "close" not in tokens if version == "HTTP/1.1" else "keep-alive" in tokens
        return Response(status=status, headers=headers, body=body), framed and stays

    def _head(self) -> tuple[int, str, dict[str, str]]:
        version, _, rest = self._line().partition(" ")
        code = rest[:3]
        if version not in ("HTTP/1.1", "HTTP/1.0") or not (code.isascii() and code.isdigit() and len(code) == 3):
            raise RequestError(MALFORMED, f"status line {version} {rest}"[:100])
        headers: dict[str, str] = {}
        while line := self._line():
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise RequestError(MALFORMED, f"header line {line!r}"[:100])
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return int(code), version, headers

    def _body(self, status: int, headers: dict[str, str], method: str) -> tuple[bytes, bool]:
        """The body, and whether it said where it ends."""
        if method == "HEAD" or status in (204, 304):
            return b"", True
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise RequestError(MALFORMED, f"Transfer-Encoding: {headers['transfer-encoding']}")
            return self._chunks(), True
        if "content-length" in headers:
            length = headers["content-length"]
            if not (length.isascii() and length.isdigit()):
                raise RequestError(MALFORMED, f"Content-Length: {length}")
            return self._take(int(length)), True
        while self._receive():
            pass
        return self._take(len(self._buffer)), False

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            line = self._line()
            try:
                size = int(line.partition(";")[0].strip(), 16)
            except ValueError as error:
                raise RequestError(MALFORMED, f"chunk size {line!r}"[:100]) from error
            if size == 0:
                break
            body += self._take(size)
            if self._take(2) != b"\r\n":
                raise RequestError(MALFORMED, "a chunk is longer than its size")
        while self._line():
            pass  # trailers
        return bytes(body)

    def _line(self) -> str:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > 64 * 1024:
                raise RequestError(MALFORMED, "a line without an end")
            self._more()
        return self._take(end + 2)[:-2].decode("latin-1")

    def _take(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._more()
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _more(self) -> None:
        if not self._receive():
            raise RequestError(CLOSED_MID if self._answered else CLOSED_BEFORE)

    def _receive(self) -> bool:
        """Read what there is; False at the end of the connection."""
        try:
            self._socket.settimeout(_left(self._deadline))
            data = self._socket.recv(64 * 1024)
        except TimeoutError as error:
            raise RequestError(TIMEOUT, "mid-response" if self._answered else "no response") from error
        except OSError as error:
            raise RequestError(RESET_MID if self._answered else RESET_BEFORE, error) from error
        self._answered = self._answered or bool(data)
        self._buffer += data
        return bool(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connect_class(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return REFUSED
    if isinstance(error, TimeoutError):
        return TIMEOUT
    if isinstance(error, ConnectionResetError):
        return RESET_BEFORE
    if error.errno == errno.EADDRNOTAVAIL:
        return NO_PORT
    return f"connect failed: {errno.errorcode.get(error.errno or 0, type(error).__name__)}"
