"""A flood of uploads, of readers that take nothing, or of requests that are given up ends nothing else."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from uuid import uuid4

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import connect, get, make_request, parse, read
from tests.attacks.sample import HOST

pytestmark = pytest.mark.docker
# More than NGINX's memory (256 MiB) holds, let alone the part of it that is for bodies.
UPLOADS, SIZE = 40, 8 * 1024 * 1024
LENGTH = 3_000_000


def tell_start(edge: Edge) -> tuple[str, int]:
    """When NGINX's container was started, and how often it was because it had ended."""
    edge.container.reload()
    return edge.container.attrs["State"]["StartedAt"], edge.container.attrs["RestartCount"]


@contextmanager
def uploads(edge: Edge) -> Iterator[list[socket.socket]]:
    """Clients that send almost all of a large body each, and then nothing."""
    head = make_request(HOST, "/large", method="POST", fields=[("Content-Length", str(SIZE))])
    with ExitStack() as stack:
        peers = []
        for _ in range(UPLOADS):
            peers.append(stack.enter_context(connect(edge.port, timeout=10)))
            # One that is refused is answered before it has sent everything.
            with suppress(BrokenPipeError, ConnectionResetError):
                peers[-1].sendall(head + bytes(SIZE - 1000))
        yield peers


def fetch_slowly(edge: Edge) -> int:
    """How much arrives of a large answer at a client that takes its time."""
    with connect(edge.port) as peer:
        peer.sendall(make_request(HOST, "/big"))
        time.sleep(1)
        (answer,) = parse(read(peer))
        assert answer.status == 200
        return len(answer.body)


def test_a_flood_of_uploads_ends_nothing_but_uploads(edge: Edge) -> None:
    started = tell_start(edge)
    with uploads(edge) as peers:
        for _ in range(10):
            assert get(edge.port, HOST, "/whoami").status == 200
            assert get(edge.port, HOST, "/echo", method="POST", body=b"x" * 5000).json()["length"] == 5000
        assert fetch_slowly(edge) == LENGTH
        refused = [answer.status for peer in peers[-5:] for answer in parse(read(peer))]
        assert set(refused) == {500}, refused
    assert tell_start(edge) == started
    # And then others are answered again.
    for _ in range(20):
        answer = get(edge.port, HOST, "/large", method="POST", body=bytes(SIZE))
        if answer.status == 200:
            break
        time.sleep(1)
    assert answer.json()["length"] == SIZE


def test_answers_that_nobody_reads_end_nothing_else(edge: Edge) -> None:
    started = tell_start(edge)
    with ExitStack() as stack:
        for _ in range(60):
            peer = stack.enter_context(connect(edge.port))
            peer.sendall(make_request(HOST, "/big"))
        time.sleep(2)
        assert get(edge.port, HOST, "/static/style.css").status == 200
    assert tell_start(edge) == started
    assert fetch_slowly(edge) == LENGTH


def test_what_is_given_up_is_not_begun(edge: Edge) -> None:
    """Whoever asks and hangs up, again and again, keeps no threads busy: those are for who waits for an answer."""
    mark, number = uuid4().hex, 200
    for _ in range(number):
        with connect(edge.port) as peer:
            peer.sendall(make_request(HOST, f"/slow?seconds=1&mark={mark}"))
            # NGINX passes it on before it sees the end.
            time.sleep(0.005)
    # All 200 would take the eight threads 25 seconds, and be begun before this.
    seen = get(edge.port, HOST, "/seen", timeout=60).json()["seen"]
    assert sum(mark in line for line in seen) < number / 2
