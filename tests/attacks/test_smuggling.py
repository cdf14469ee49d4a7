"""Requests inside requests: refused or taken as a body, and never an application's."""

from uuid import uuid4

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import exchange, get, make_request, parse
from tests.attacks.sample import HOST

pytestmark = pytest.mark.docker

INNER = b"GET /smuggled-MARK HTTP/1.1\r\nHost: probe.localhost\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(b"0\r\n\r\n" + INNER)


def post(fields: bytes, body: bytes, first: bytes = b"POST /echo HTTP/1.1") -> bytes:
    return first + b"\r\nHost: probe.localhost\r\n" + fields + b"\r\n" + body


AMBIGUOUS = {
    "length and chunked": post(LENGTH + b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER),
    "chunked and length": post(b"Transfer-Encoding: chunked\r\n" + LENGTH, b"0\r\n\r\n" + INNER),
    "short length and chunked": post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER),
    "two lengths": post(LENGTH + b"Content-Length: 0\r\n", b"0\r\n\r\n" + INNER),
    "two lengths, the other way": post(b"Content-Length: 0\r\n" + LENGTH, b"0\r\n\r\n" + INNER),
    "one length twice": post(b"Content-Length: 0\r\nContent-Length: 0\r\n", INNER),
    "two codings": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n" + INNER),
    "one coding twice": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER),
    "coding with a space": post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + INNER),
    "coding with a tab": post(b"Transfer-Encoding\t: chunked\r\n", b"0\r\n\r\n" + INNER),
    "length with a space": post(b"Content-Length : 0\r\n", INNER),
    "xchunked": post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + INNER),
    "chunked, identity": post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n" + INNER),
    "identity": post(b"Transfer-Encoding: identity\r\n", b"0\r\n\r\n" + INNER),
    "quoted": post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n" + INNER),
    "vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n" + INNER),
    "underscore": post(b"Transfer_Encoding: chunked\r\n", b"0\r\n\r\n" + INNER),
    "folded": post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + INNER),
    "folded below another": post(b"X-A: b\r\n Transfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER),
    "behind a bare CR": post(b"X-A: b\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER),
    "behind a NUL": post(b"X-A: b\x00\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER),
    "chunked in HTTP/1.0": post(
        b"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", b"0\r\n\r\n" + INNER, b"POST /echo HTTP/1.0"
    ),
    "LF-only chunks": post(b"Transfer-Encoding: chunked\r\n", b"3\nabc\n0\n\n" + INNER),
    "LF behind the size": post(b"Transfer-Encoding: chunked\r\n", b"3\nabc\r\n0\r\n\r\n" + INNER),
    "LF behind the data": post(b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\n0\r\n\r\n" + INNER),
    "LF in an extension": post(b"Transfer-Encoding: chunked\r\n", b"2;\nxx\r\n%x\r\n0\r\n\r\n" % len(INNER) + INNER),
    "CR in an extension": post(b"Transfer-Encoding: chunked\r\n", b"2;\rxx\r\n0\r\n\r\n" + INNER),
    "size too large": post(b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffffffffff0\r\n\r\n" + INNER),
    "size with a sign": post(b"Transfer-Encoding: chunked\r\n", b"+0\r\n\r\n" + INNER),
    "size below nothing": post(b"Transfer-Encoding: chunked\r\n", b"-1\r\n\r\n" + INNER),
    "size with 0x": post(b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n" + INNER),
    "data longer than its size": post(b"Transfer-Encoding: chunked\r\n", b"1\r\nab\r\n0\r\n\r\n" + INNER),
    "length with a sign": post(b"Content-Length: +0\r\n", INNER),
    "length below nothing": post(b"Content-Length: -1\r\n", INNER),
    "length in hex": post(b"Content-Length: 0x0\r\n", INNER),
    "length as a list": post(b"Content-Length: 0, 0\r\n", INNER),
    "length too large": post(b"Content-Length: 99999999999999999999999\r\n", INNER),
    "no length": post(b"Content-Length:\r\n", INNER),
    "space before a header": post(b" X-A: b\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER),
}
# What may look like a request is a body, whoever answers.
BODIES = {
    "GET with a body": b"GET /environ HTTP/1.1",
    "to the application": b"POST /echo HTTP/1.1",
    "to a static file": b"POST /static/style.css HTTP/1.1",
    "to a missing file": b"POST /static/missing HTTP/1.1",
    "to the bare folder": b"POST /static HTTP/1.1",
    "HEAD with a body": b"HEAD /environ HTTP/1.1",
}


def is_seen(edge: Edge, mark: str) -> bool:
    return any(mark in line for line in get(edge.port, HOST, "/seen").json()["seen"])


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_an_ambiguous_request_is_refused(edge: Edge, kind: str) -> None:
    mark = uuid4().hex
    data = exchange(edge.port, AMBIGUOUS[kind].replace(b"MARK", mark.encode()), timeout=1.5)
    assert not is_seen(edge, mark)
    assert b"smuggled" not in data
    answers = parse(data)
    assert len(answers) <= 2 and all(answer.status in (200, 400, 413, 501) for answer in answers), answers
    assert kind == "underscore" or not answers or answers[-1].status != 200, answers


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("chunked", [False, True], ids=["plain", "chunked"])
def test_a_body_stays_a_body(edge: Edge, kind: str, chunked: bool) -> None:
    mark = uuid4().hex
    inner = INNER.replace(b"MARK", mark.encode())
    fields, body = b"Content-Length: %d\r\n" % len(inner), inner
    if chunked:
        fields, body = b"Transfer-Encoding: chunked\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
    # A request behind it ends the connection: whatever was answered comes before its answer.
    method = "HEAD" if kind.startswith("HEAD") else "GET"
    data = exchange(edge.port, post(fields, body, BODIES[kind]) + make_request(HOST, "/long/last", method=method))
    answers = parse(data, head=method == "HEAD")
    assert len(answers) == 2 and answers[-1].status == 200, data
    assert not is_seen(edge, mark)


def test_an_upgrade_is_not_passed_on(edge: Edge) -> None:
    """A tunnel in cleartext HTTP/2 would go around the edge."""
    fields = [
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
        ("Connection", "Upgrade, HTTP2-Settings"),
    ]
    message = make_request(HOST, "/environ", fields=fields, keep=True) + make_request(HOST, "/long/last")
    answer, last = parse(exchange(edge.port, message))
    assert (answer.status, last.status) == (200, 200)
    assert "HTTP_CONNECTION" not in answer.json()["environ"]


def test_kept_connections_keep_their_order(edge: Edge) -> None:
    """Requests of one connection are answered in turn, so that no answer goes to another's client."""
    paths = [f"/long/{number}" for number in range(20)]
    message = b"".join(make_request(HOST, path, keep=path != paths[-1]) for path in paths)
    lengths = [answer.json()["length"] for answer in parse(exchange(edge.port, message))]
    assert lengths == [len(path) for path in paths]
