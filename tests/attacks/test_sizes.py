"""Limits of size: exact, refused by the edge, and the same on both sides of it."""

import hashlib
import socket
import time

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import Answer, chunk, connect, get, make_request, parse, read
from tests.attacks.sample import HOST

pytestmark = pytest.mark.docker
KIBIBYTE = 1024
# Path and limit of each.
LIMITS = (("/echo", 64 * KIBIBYTE), ("/tiny", KIBIBYTE), ("/upload/a/b", 128 * KIBIBYTE))
CHUNKED = (("Transfer-Encoding", "chunked"),)


def is_edges(answer: Answer) -> bool:
    """Whether NGINX gave it: its pages say so at their end, and one is Portico's own."""
    return b"<center>nginx</center>" in answer.body or answer.body == b"A header of this request is too long.\n"


def count(edge: Edge) -> int:
    return sum("POST" in line for line in get(edge.port, HOST, "/seen").json()["seen"])


@pytest.mark.parametrize(("path", "limit"), LIMITS)
@pytest.mark.parametrize("kind", ["plain", "chunked", "expect", "chunked expect", "one chunk"])
def test_the_body_limit_is_exact(edge: Edge, path: str, limit: int, kind: str) -> None:
    fields = [("Expect", "100-continue")] if "expect" in kind else []
    fields += CHUNKED if "chunk" in kind else ()

    def send(length: int) -> Answer:
        body = bytes(length)
        packed = chunk(body, length if "one" in kind else 1000) if "chunk" in kind else body
        return get(edge.port, HOST, path, method="POST", body=packed, fields=fields)

    whole = send(limit)
    assert (whole.status, whole.json()["length"]) == (200, limit)
    assert whole.json()["sha256"] == hashlib.sha256(bytes(limit)).hexdigest()
    before = count(edge)
    refused = send(limit + 1)
    assert refused.status == 413 and is_edges(refused), refused
    assert count(edge) == before


def test_a_body_that_is_announced_too_long_is_not_asked_for(edge: Edge) -> None:
    head = make_request(HOST, "/echo", method="POST", fields=[("Content-Length", "65537"), ("Expect", "100-continue")])
    with connect(edge.port) as peer:
        peer.sendall(head)
        # Otherwise NGINX would keep the connection for a while, in case that the body comes anyway.
        peer.shutdown(socket.SHUT_WR)
        assert [answer.status for answer in parse(read(peer))] == [413]


def test_a_long_header_is_refused(edge: Edge) -> None:
    for fields in ([("X-Long", "x" * 9 * KIBIBYTE)], [(f"X-{number}", "x" * 8000) for number in range(5)]):
        answer = get(edge.port, HOST, "/environ", fields=fields)
        assert answer.status == 431 and is_edges(answer), answer
        assert answer.one("X-Content-Type-Options") == "nosniff"


def test_a_long_address_is_refused(edge: Edge) -> None:
    answer = get(edge.port, HOST, "/long/" + "x" * 9 * KIBIBYTE)
    assert answer.status == 414 and is_edges(answer), answer


def test_a_fairly_long_address_reaches_the_application(edge: Edge) -> None:
    path = "/long/" + "x" * 5000
    answer = get(edge.port, HOST, path)
    assert answer.status == 200, answer
    assert answer.json() == {"length": len(path)}
    assert get(edge.port, HOST, "/environ", fields=[("X-Long", "x" * 5000)]).status == 200


@pytest.mark.parametrize("length", range(8180, 8200))
def test_no_request_line_is_refused_by_gunicorn_alone(edge: Edge, length: int) -> None:
    path = "/long/" + "x" * (length - len("GET /long/ HTTP/1.1"))
    answer = get(edge.port, HOST, path)
    assert answer.status == 200 or is_edges(answer), answer


@pytest.mark.parametrize("length", range(8180, 8200))
def test_no_header_is_refused_by_gunicorn_alone(edge: Edge, length: int) -> None:
    answer = get(edge.port, HOST, "/source", fields=[("X-Long", "x" * (length - len("X-Long: ")))])
    assert answer.status == 200 or is_edges(answer), answer


@pytest.mark.parametrize("number", [80, *range(92, 104)])
def test_no_number_of_headers_is_refused_by_gunicorn_alone(edge: Edge, number: int) -> None:
    answer = get(edge.port, HOST, "/source", fields=[(f"X-{index}", "x") for index in range(number)])
    assert answer.status == 200 or is_edges(answer), answer


def test_one_address_has_a_limit_of_requests_in_flight(edge: Edge) -> None:
    """256 by default: bodies that never end count, and the next request is asked to come later."""
    head = make_request(HOST, "/echo", method="POST", fields=[("Content-Length", "1000")], body=b"x")
    peers: list[socket.socket] = []
    answer = get(edge.port, HOST, "/whoami")
    assert answer.status == 200
    try:
        # A few at a time at the end: requests that are just ending still count.
        while answer.status == 200 and len(peers) < 300:
            for _ in range(256 if not peers else 4):
                peers.append(connect(edge.port))
                peers[-1].sendall(head)
            time.sleep(0.2)
            answer = get(edge.port, HOST, "/whoami")
        assert answer.status == 429 and is_edges(answer), answer
        assert answer.one("X-Content-Type-Options") == "nosniff"
    finally:
        for peer in peers:
            peer.close()
