"""Clients of HTTPS that trust one authority alone: each request is a handshake of its own."""

import http.client
import json
import math
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from cryptography import x509

PAUSE: Final = 0.05


def shake(port: int, host: str, root: str, address: str = "127.0.0.1", path: str = "/whoami") -> tuple[int, str, str]:
    """Status and body of a request, and the certificate's serial number. Raises OSError where it is not trusted."""
    status, body, found = meet(port, host, root, address, path)
    return status, body, f"{found.serial_number:x}"


def meet(
    port: int, host: str, root: str, address: str = "127.0.0.1", path: str = "/whoami"
) -> tuple[int, str, x509.Certificate]:
    """The same with the certificate itself."""
    context = ssl.create_default_context(cadata=root)
    with (
        socket.create_connection((address, port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as peer,
    ):
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(peer)
        answer.begin()
        body = answer.read().decode()
        found = x509.load_der_x509_certificate(peer.getpeercert(binary_form=True) or b"")
        return answer.status, body, found


def is_refused(port: int, host: str) -> bool:
    """Whether no hand is shaken for that name, whatever the client would trust."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return False
    except ssl.SSLError:
        return True


def await_trust(port: int, host: str, root: str, most: float = 60.0, *, address: str = "127.0.0.1") -> float:
    """Wait for an answer that is trusted; seconds that it took."""
    begun = time.monotonic()
    while True:
        try:
            assert shake(port, host, root, address)[0] in (200, 308)
            return time.monotonic() - begun
        except OSError:
            assert time.monotonic() - begun < most, f"{host} has no certificate after {most} s"
            time.sleep(0.2)


@dataclass
class Trusting:
    """Asks a site again and again while something happens. Use it in a `with` block."""

    port: int
    host: str
    root: str
    pause: float = PAUSE
    address: str = "127.0.0.1"
    sent: int = 0
    # Seconds that a certificate was still good for when it was met.
    least: float = math.inf
    failed: list[str] = field(default_factory=list)
    serials: dict[str, None] = field(default_factory=dict)
    releases: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join()

    def await_serials(self, count: int, most: float = 90.0) -> None:
        """Wait until so many certificates were seen."""
        ends = time.monotonic() + most
        while len(self.serials) < count:
            assert time.monotonic() < ends, f"{len(self.serials)} certificates within {most} s, not {count}"
            time.sleep(0.2)

    def _ask(self) -> None:
        while not self._ends.wait(self.pause):
            self.sent += 1
            try:
                status, body, found = meet(self.port, self.host, self.root, self.address)
            except Exception as error:
                self.failed.append(f"{type(error).__name__}: {error}")
                continue
            reported: Any = json.loads(body) if status == 200 else {}
            if status != 200:
                self.failed.append(f"{status}: {body}")
            self.serials[f"{found.serial_number:x}"] = None
            self.least = min(self.least, found.not_valid_after_utc.timestamp() - time.time())
            self.releases.add(str(reported.get("release")))
