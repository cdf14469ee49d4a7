"""The load generator keeps, opens and reads connections as other clients do."""

import socket
import threading
import time

import pytest

from tests.docker.load import Client, Load, Response
from tests.docker.peer import FRESH, KEPT, Peer, Server, raw, run

pytestmark = pytest.mark.extended


def test_a_kept_connection_closed_while_idle_is_reopened_and_no_failure() -> None:
    def closes(peer: Peer) -> None:
        peer.honest()
        peer.close()

    report = run(closes, Client(host="a.example", pause=(0.1, 0.11)))
    assert (report.ok, report.failed, report.reopened) == (5, 0, 4)


def test_a_kept_connection_reset_while_idle_is_reopened_and_no_failure() -> None:
    def resets(peer: Peer) -> None:
        peer.honest()
        time.sleep(0.02)
        peer.reset()

    report = run(resets, Client(host="a.example", pause=(0.2, 0.21)))
    assert (report.ok, report.failed, report.reopened) == (5, 0, 4)


def test_the_same_close_after_the_request_was_sent_is_a_failure_and_not_retried() -> None:
    received: list[str] = []

    def closes_on_the_second(peer: Peer) -> None:
        received.append(peer.path)
        if peer.number == 1:
            peer.honest()
        else:
            peer.close()

    report = run(closes_on_the_second, KEPT, requests=10)
    assert (report.ok, report.failures, report.reopened) == (5, {"closed without response": 5}, 0)
    assert len(received) == 10


def test_bytes_on_an_idle_connection_are_a_failure() -> None:
    def talkative(peer: Peer) -> None:
        peer.honest()
        time.sleep(0.03)
        peer.raw(b"HTTP/1.1 408 Request Timeout\r\n\r\n")

    report = run(talkative, Client(host="a.example", pause=(0.2, 0.21)), requests=4)
    assert (report.ok, report.failures) == (2, {"bytes nobody asked for": 2})


def test_an_answer_given_before_the_whole_body_was_read_counts_by_its_status() -> None:
    """Such as 413: the server answers, then stops reading."""
    ports = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection, _ = ports.accept()
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
        connection.close()

    threading.Thread(target=refuse, daemon=True).start()
    client = Client(host="a.example", method="POST", path="/echo", body=5_000_000, timeout=5.0)
    with ports, Load("127.0.0.1", ports.getsockname()[1], [client], most_requests=1) as load:
        assert load.wait(10)
    assert load.report().failures == {"status 413": 1}


def test_a_kept_connection_stays_open_after_a_wrong_status() -> None:
    """A client that sits on a broken worker goes on sitting there: each of its failures counts."""
    with Server(lambda peer: peer.send(b"", status="502 Bad Gateway")) as server:
        with Load("127.0.0.1", server.port, [KEPT], most_requests=5) as load:
            assert load.wait(5)
        assert server.connections == 1


def test_connections_are_kept_or_fresh_as_asked() -> None:
    for client, connections in ((KEPT, 1), (FRESH, 5)):
        with Server(Peer.honest) as server:
            with Load("127.0.0.1", server.port, [client], most_requests=5) as load:
                assert load.wait(5)
            assert server.connections == connections


def test_connection_close_in_a_response_is_honoured() -> None:
    def announces(peer: Peer) -> None:
        peer.send(b"bye", headers="Connection: close\r\n")

    with Server(announces) as server:
        with Load("127.0.0.1", server.port, [KEPT], most_requests=5) as load:
            assert load.wait(5)
        assert server.connections == 5
    assert (load.report().ok, load.report().reopened) == (5, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;a=b\r\nhello \r\n5\r\nworld\r\n0\r\nX-Sum: 1\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    ],
    ids=["length", "chunked with a trailer", "early hints first"],
)
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_responses_are_read_whole_in_whatever_pieces_they_come(data: bytes, piece: int) -> None:
    def pieces(peer: Peer) -> None:
        for start in range(0, len(data), piece):
            peer.raw(data[start : start + piece])

    def whole(response: Response) -> bool:
        return response.body == b"hello world"

    assert run(pieces, Client(host="a.example", expect=whole)).ok == 5


def test_a_body_may_end_with_the_connection() -> None:
    def old(peer: Peer) -> None:
        peer.raw(b"HTTP/1.0 200 OK\r\n\r\nhello world")
        peer.close()

    assert run(old, Client(host="a.example", expect="hello world")).ok == 5


def test_no_body_is_awaited_where_none_may_be() -> None:
    head = Client(host="a.example", method="HEAD", timeout=1.0)
    empty = Client(host="a.example", status=204, timeout=1.0)
    assert run(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), head).ok == 5
    assert run(raw(b"HTTP/1.1 204 No Content\r\n\r\n"), empty).ok == 5
