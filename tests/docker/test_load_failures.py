"""The load generator finds out servers that are broken in one exact way, and names the breakage."""

import socket
import time

import pytest

from tests.docker.load import Client, Load, json_is
from tests.docker.peer import FRESH, KEPT, Behaviour, Peer, raw, run

pytestmark = pytest.mark.extended


def drip(peer: Peer) -> None:
    peer.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly the start")


def truncated(peer: Peer) -> None:
    drip(peer)
    peer.connection.shutdown(socket.SHUT_RDWR)


def reset_midway(peer: Peer) -> None:
    drip(peer)
    time.sleep(0.1)  # a reset makes the client's kernel forget what was not read yet
    peer.reset()


def truncated_chunk(peer: Peer) -> None:
    peer.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nff\r\nwor")
    peer.connection.shutdown(socket.SHUT_RDWR)


def missing_last_chunk(peer: Peer) -> None:
    peer.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    peer.connection.shutdown(socket.SHUT_RDWR)


def half_a_status_line(peer: Peer) -> None:
    peer.raw(b"HTTP/1.")
    peer.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("client", [KEPT, FRESH], ids=["kept", "fresh"])
@pytest.mark.parametrize(
    ("behaviour", "what"),
    [
        (Peer.reset, "reset before response"),
        (reset_midway, "reset mid-response"),
        (Peer.close, "closed without response"),
        (truncated, "closed mid-response"),
        (truncated_chunk, "closed mid-response"),
        (missing_last_chunk, "closed mid-response"),
        (half_a_status_line, "closed mid-response"),
        (lambda peer: peer.send(b"Bad Gateway", status="502 Bad Gateway"), "status 502"),
        (lambda peer: peer.send(b"", status="503 Service Unavailable", headers="Connection: close\r\n"), "status 503"),
        (lambda peer: peer.send(b"", status="404 Not Found"), "status 404"),
        (lambda peer: peer.send(b"", status="204 No Content"), "status 204"),
        (raw(b"SSH-2.0-OpenSSH_10.0\r\n\r\n"), "malformed response"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello"), "malformed response"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsoon\r\n"), "malformed response"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"), "malformed response"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello"), "bytes nobody asked for"),
    ],
)
def test_each_breakage_is_named(behaviour: Behaviour, what: str, client: Client) -> None:
    report = run(behaviour, client)
    assert report.failures == {what: 5}
    assert not report.lossless
    first = report.examples[0]
    assert (first.what, first.host, first.kind) == (what, "a.example", client.kind)
    assert 0 <= first.at <= report.seconds + 1
    assert len(report.failed_at) == 5 and report.failed_at[0] == first.at


def test_a_port_nobody_listens_on_refuses() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        with Load("127.0.0.1", reserved.getsockname()[1], [KEPT, FRESH], most_requests=6) as load:
            assert load.wait(5)
    assert load.report().failures == {"connect refused": 6}


@pytest.mark.parametrize("behaviour", [lambda peer: time.sleep(1), drip], ids=["silent", "stuck midway"])
def test_a_request_ends_at_its_timeout(behaviour: Behaviour) -> None:
    report = run(behaviour, Client(host="a.example", timeout=0.2), requests=2)
    assert report.failures == {"timeout": 2}
    assert 0.2 <= report.examples[0].after < 0.9


def test_drops_do_not_stretch_the_timeout() -> None:
    """The timeout holds for the whole request, not for each read."""

    def trickle(peer: Peer) -> None:
        peer.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(20):
            time.sleep(0.05)
            peer.raw(b".")

    assert run(trickle, Client(host="a.example", timeout=0.3), requests=1).failures == {"timeout": 1}


def test_the_wrong_application_is_found_out() -> None:
    text = Client(host="a.example", expect='"site": "b.example"')
    predicate = Client(host="a.example", expect=json_is(site="b.example"))
    no_field = Client(host="a.example", expect=json_is(colour="red"))
    for client in (text, predicate, no_field):
        assert run(Peer.honest, client).failures == {"wrong body or application": 5}


def test_a_predicate_that_meets_html_is_a_wrong_application() -> None:
    report = run(lambda peer: peer.send(b"<h1>Welcome</h1>"), Client(host="a.example", expect=json_is(site="a")))
    assert report.failures == {"wrong body or application": 5}
    assert "Welcome" in report.examples[0].detail


@pytest.mark.parametrize("size", [1, 300_000])
def test_a_posted_body_must_come_back_as_its_hash(size: int) -> None:
    client = Client(host="a.example", method="POST", path="/echo", body=size)
    assert run(Peer.honest, client).ok == 5

    def loses_a_byte(peer: Peer) -> None:
        peer.body = peer.body[:-1]
        peer.honest()

    assert run(loses_a_byte, client).failures == {"wrong body or application": 5}


def test_a_stale_answer_to_a_post_is_found_out() -> None:
    """An answer that belongs to another request has a hash, and the wrong one."""
    first: list[bytes] = []

    def stale(peer: Peer) -> None:
        first.append(peer.body)
        peer.body = first[0]
        peer.honest()

    report = run(stale, Client(host="a.example", method="POST", path="/echo", body=100))
    assert (report.ok, report.failures) == (1, {"wrong body or application": 4})
