"""Slow clients hold a socket for a while, and nobody up."""

import socket
import statistics
import time
from collections.abc import Callable

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import connect, get, make_request, read
from tests.attacks.sample import HOST

pytestmark = pytest.mark.docker
HEADERS, BODIES, CLIENT_TIMEOUT = 400, 100, 15
NORMAL = 60


def measure(edge: Edge) -> list[float]:
    times = []
    for _ in range(NORMAL):
        began = time.monotonic()
        assert get(edge.port, HOST, "/whoami", timeout=CLIENT_TIMEOUT).status == 200
        times.append(time.monotonic() - began)
    return times


def await_end_of_others(edge: Edge) -> None:
    """Wait until NGINX counts no connections of an earlier test any more: it limits how many one address has."""
    until = time.monotonic() + 60
    while get(edge.port, HOST, "/whoami", timeout=CLIENT_TIMEOUT).status == 429:
        assert time.monotonic() < until, edge.log()
        time.sleep(0.2)


@pytest.mark.parametrize(
    "timed",
    [
        False,
        # Who is to be alone keeps every other worker waiting.
        pytest.param(True, marks=[pytest.mark.alone, pytest.mark.extended]),
    ],
    ids=["it is answered", "in its time"],
)
def test_a_normal_request_is_quick_among_slow_ones(
    edge: Edge, record_property: Callable[[str, object], None], timed: bool
) -> None:
    """400 clients that never end their headers, 100 that never end their bodies."""
    half = make_request(HOST, "/whoami", keep=True)[:-2] + b"X-A: "
    body = make_request(HOST, "/echo", method="POST", fields=[("Content-Length", "30000")], body=bytes(15_000))
    await_end_of_others(edge)
    alone = statistics.median(measure(edge))
    peers: list[socket.socket] = []
    try:
        for index in range(HEADERS + BODIES):
            peers.append(connect(edge.port))
            peers[-1].sendall(half if index < HEADERS else body)
        began = time.monotonic()
        # The slow ones go on, a byte now and then.
        for peer in peers[:HEADERS]:
            peer.sendall(b"x")
        times = measure(edge)
        record_property("median", round(statistics.median(times), 4))
        record_property("longest", round(max(times), 4))
        print(
            f"alone: median {alone * 1000:.1f} ms; among {len(peers)} slow clients: "
            f"median {statistics.median(times) * 1000:.1f} ms, longest {max(times) * 1000:.1f} ms"
        )
        assert not timed or sorted(times)[NORMAL * 19 // 20] < 0.1, times
        # And nobody waits until the slow ones are let go; a busy machine takes seconds for other reasons.
        assert max(times) < CLIENT_TIMEOUT / 2, times
        # And they are let go: half a header lives for the client timeout, whatever it sends meanwhile.
        for peer in peers:
            peer.settimeout(max(0.1, began + CLIENT_TIMEOUT + 5 - time.monotonic()))
            peer_data = read_to_end(peer)
            assert peer_data is not None, f"still open after {time.monotonic() - began:.0f} s"
    finally:
        for peer in peers:
            peer.close()


def read_to_end(peer: socket.socket) -> bytes | None:
    """What came until the connection was closed; None if it was not."""
    try:
        data = peer.recv(65536)
    except TimeoutError:
        return None
    except ConnectionResetError:
        return b""
    return data + read(peer) if data else b""
