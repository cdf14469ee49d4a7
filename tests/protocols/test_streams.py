"""WebSocket and server-sent events: what is sent arrives at once, in both directions."""

import time
from contextlib import ExitStack
from itertools import pairwise

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.attacks.edge import Edge
from tests.attacks.raw import connect as connect_raw
from tests.attacks.raw import get, make_request

pytestmark = pytest.mark.docker
HOST = "talk.localhost"


def open_socket(edge: Edge, path: str = "/ws/talk") -> ClientConnection:
    return connect(f"ws://{HOST}:{edge.port}{path}", sock=connect_raw(edge.port), open_timeout=20, proxy=None)


def test_messages_go_both_ways(edge: Edge) -> None:
    with open_socket(edge) as peer:
        for message in ("hello", "x" * 100_000, "grüße"):
            peer.send(message)
            assert peer.recv(10) == message
        peer.send(b"\x00\xff")
        assert peer.recv(10) == b"\x00\xff"


def test_messages_of_the_server_arrive_one_by_one(edge: Edge) -> None:
    with open_socket(edge) as peer:
        peer.send("count")
        arrived = []
        for number in range(5):
            assert peer.recv(10) == f"{number}"
            arrived.append(time.monotonic())
    check_pace(arrived, 0.2)


def test_several_stay_open_at_once(edge: Edge) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(open_socket(edge)) for _ in range(6)]
        for number, peer in enumerate(peers):
            peer.send(f"to {number}")
        for number, peer in enumerate(peers):
            assert peer.recv(10) == f"to {number}"


def test_another_route_is_not_upgraded(edge: Edge) -> None:
    with pytest.raises(InvalidStatus):
        open_socket(edge, "/whoami")


def test_an_upgradable_route_keeps_its_connections_to_gunicorn(edge: Edge) -> None:
    """Without an upgrade, requests of such a route use the same few connections again and again."""
    used = {get(edge.port, HOST, "/ws/plain").json()["connection"] for _ in range(40)}
    others = {get(edge.port, HOST, "/whoami").json()["connection"] for _ in range(40)}
    # One of each NGINX worker, and one more where a request met another.
    assert len(used) <= 4 and len(others) <= 4, (used, others)


def test_events_arrive_one_by_one(edge: Edge) -> None:
    check_pace(read_events(edge), 0.25)


def read_events(edge: Edge) -> list[float]:
    """When each event arrived."""
    arrived: list[float] = []
    data = b""
    with connect_raw(edge.port) as peer:
        peer.sendall(
            make_request(HOST, "/events", fields=[("Accept-Encoding", "gzip"), ("Accept", "text/event-stream")])
        )
        while more := peer.recv(65536):
            data += more
            arrived += [time.monotonic()] * (data.count(b"data: event") - len(arrived))
    assert b"text/event-stream" in data and b"Content-Encoding" not in data
    assert len(arrived) == 5
    return arrived


def check_pace(arrived: list[float], step: float) -> None:
    gaps = [later - earlier for earlier, later in pairwise(arrived)]
    assert all(gap > step / 2 for gap in gaps), gaps
    assert arrived[-1] - arrived[0] < 4 * step + 2, gaps
