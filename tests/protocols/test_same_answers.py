"""What comes through NGINX is what Gunicorn alone answers, and what reaches the application is what was sent.

Requests and answers are made by a generator. What NGINX adds or keeps to itself is reported by the two tables below,
which docs/projects.md tells as well.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection

import pytest
from hypothesis import strategies as st

from tests.attacks.edge import Edge
from tests.docker.twin import Twin
from tests.property.profile import holds_for

pytestmark = pytest.mark.docker

# What NGINX says itself, of the connection or with every answer, and what it makes of gzip.
SAID = frozenset(
    {
        *("server", "date", "connection", "keep-alive", "transfer-encoding", "content-length", "vary"),
        *("x-frame-options", "x-content-type-options", "referrer-policy", "permissions-policy"),
        *("content-security-policy", "cross-origin-opener-policy", "x-request-id"),
    }
)
# What it tells the application about the client, and what belongs to one connection.
REPORTED = frozenset(
    {
        *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
        *("HTTP_X_REAL_IP", "HTTP_X_REQUEST_ID", "HTTP_CONNECTION", "HTTP_TRANSFER_ENCODING", "HTTP_FORWARDED"),
    }
)

ONE = st.sampled_from([*"abzAZ09-._~!$&'()*+,;=:@", "%20", "%2F", "%25", "%C3%A9", "%FF", "%0A", "%3F", "%23", "%5C"])
SEGMENT = st.lists(ONE, max_size=6).map("".join).filter(lambda text: text not in (".", ".."))
PATH = st.lists(SEGMENT, max_size=4).map(lambda segments: "/".join(["/scripted", *segments]))
QUERY = st.lists(st.one_of(ONE, st.sampled_from(["&", "?", "/", "%", "%zz", "[", "]"])), max_size=8).map("".join)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20).map(
    str.strip
)
ASKED = st.sampled_from(
    [
        *(
            "Accept",
            "Accept-Language",
            "User-Agent",
            "Cookie",
            "Referer",
            "If-None-Match",
            "If-Modified-Since",
            "Range",
        ),
        *(
            "If-Range",
            "Cache-Control",
            "Pragma",
            "Authorization",
            "Content-Type",
            "Origin",
            "X-One",
            "X-Two",
            "Priority",
        ),
        *("Accept-Encoding", "Proxy-Authorization", "From", "Max-Forwards", "X-Method-Override", "Forwarded", "Via"),
    ]
)
VALUES = {
    "Range": st.sampled_from(["bytes=0-1", "bytes=-1", "bytes=9-", "lines=1"]),
    "If-None-Match": st.sampled_from(['"a"', 'W/"a"', "*"]),
    "If-Modified-Since": st.just("Mon, 30 Nov 2026 00:00:00 GMT"),
    "Accept-Encoding": st.sampled_from(["identity", "br"]),
}
ANSWERED = {
    "Content-Type": st.sampled_from(
        ["text/html", "text/plain; charset=latin-1", "application/json", "text/css", "x/y"]
    ),
    "Location": st.sampled_from(
        ["/x", "x?y", "//other/x", "http://localhost/x", "http://talk/x", "https://talk.localhost/"]
    ),
    "Set-Cookie": st.sampled_from(["a=b", "a=b; Path=/; HttpOnly", "c=; Domain=talk.localhost; Secure"]),
    "ETag": st.sampled_from(['"a"', 'W/"a"']),
    "Last-Modified": st.just("Mon, 30 Nov 2026 00:00:00 GMT"),
    "Cache-Control": st.sampled_from(["no-store", "max-age=60", "private"]),
    "Expires": st.sampled_from(["0", "Mon, 30 Nov 2026 00:00:00 GMT"]),
    "Accept-Ranges": st.sampled_from(["bytes", "none"]),
    "Content-Encoding": st.sampled_from(["gzip", "identity"]),
    "Content-Disposition": st.just('attachment; filename="a b.txt"'),
    "Content-Range": st.just("bytes 0-1/2"),
    "WWW-Authenticate": st.just('Basic realm="shop"'),
    "Retry-After": st.just("5"),
    "Refresh": st.just("0; url=/x"),
    "Link": st.just("</a.css>; rel=preload"),
    "X-Powered-By": TEXT,
    "X-One": TEXT,
    "Age": st.just("3"),
    "Allow": st.just("GET, POST"),
    "Content-Language": st.just("en"),
    "Strict-Transport-Security": st.just("max-age=1"),
    "X-Frame-Options": st.just("DENY"),
}
# Those that end a connection or begin another protocol are no answers to an ordinary request.
CODES = [f"{one.value} {one.phrase}" for one in HTTPStatus if one >= 200]
STATUS = st.sampled_from([*CODES, "299 Odd", "599 Odd"])
Header = tuple[str, str]


def draw_header(values: dict[str, st.SearchStrategy[str]], names: st.SearchStrategy[str]) -> st.SearchStrategy[Header]:
    return names.flatmap(lambda name: values.get(name, TEXT).map(lambda value: (name, value)))


# Headers that may stand several times. Of the others NGINX refuses a second one, or takes one of them.
SEVERAL = frozenset({"Accept", "Cookie", "Set-Cookie", "X-One", "X-Two", "Link", "Via", "Forwarded", "Cache-Control"})


def draw_headers(header: st.SearchStrategy[Header], most: int) -> st.SearchStrategy[list[Header]]:
    def keep(found: list[Header]) -> list[Header]:
        return [one for at, one in enumerate(found) if one[0] in SEVERAL or one[0] not in dict(found[:at])]

    return st.lists(header, max_size=most).map(keep)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request, and what it is to be answered."""

    method: str
    target: str
    asked: list[Header]
    body: bytes
    status: str
    answered: list[Header]
    chunks: list[bytes]
    length: bool
    tells: bool


EXCHANGE = st.builds(
    Exchange,
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]),
    target=st.builds(lambda path, query: f"{path}?{query}" if query else path, PATH, QUERY),
    asked=draw_headers(draw_header(VALUES, ASKED), 4),
    body=st.binary(max_size=60),
    status=STATUS,
    answered=draw_headers(draw_header(ANSWERED, st.sampled_from([*ANSWERED])), 5),
    chunks=st.lists(st.binary(max_size=40), max_size=3),
    length=st.booleans(),
    tells=st.booleans(),
)


@dataclass(frozen=True)
class Answer:
    """What a client sees of it."""

    status: int
    reason: str
    headers: dict[str, list[str]]
    body: bytes


def send(exchange: Exchange, address: str, port: int, client: str = "") -> Answer:
    script = {
        "status": exchange.status,
        "headers": exchange.answered,
        "chunks": [base64.b64encode(chunk).decode() for chunk in exchange.chunks],
        "length": exchange.length,
        "tells": exchange.tells,
    }
    connection = HTTPConnection(address, port, timeout=20)
    connection.putrequest(exchange.method, exchange.target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", f"talk.localhost:{port}")
    connection.putheader("X-Script", base64.urlsafe_b64encode(json.dumps(script).encode()).decode())
    for name, value in exchange.asked:
        connection.putheader(name, value.encode("latin-1"))
    if client:
        connection.putheader("X-Forwarded-For", client)
        connection.putheader("X-Forwarded-Proto", "http")
    if exchange.body:
        connection.putheader("Content-Length", str(len(exchange.body)))
    connection.endheaders(exchange.body or None)
    response = connection.getresponse()
    headers: dict[str, list[str]] = {}
    for name, value in response.getheaders():
        headers.setdefault(name.lower(), []).append(value)
    body = response.read()
    connection.close()
    return Answer(response.status, response.reason, headers, body)


def differ(exchange: Exchange, mine: Answer, theirs: Answer) -> Iterator[str]:
    if (mine.status, mine.reason) != (theirs.status, theirs.reason):
        yield f"status {mine.status} {mine.reason}, and {theirs.status} {theirs.reason} alone"
        return
    # What the application says of these itself wins.
    said = SAID - {name.lower() for name, _ in exchange.answered}
    for name in sorted({*mine.headers, *theirs.headers} - said):
        if mine.headers.get(name) != theirs.headers.get(name):
            yield f"header {name}: {mine.headers.get(name)}, and {theirs.headers.get(name)} alone"
    if not exchange.tells or not mine.body:
        if mine.body != theirs.body:
            yield f"body {mine.body!r}, and {theirs.body!r} alone"
        return
    here, there = (json.loads(one.body) for one in (mine, theirs))
    for name in sorted({*here, *there} - REPORTED):
        if here.get(name) != there.get(name):
            yield f"{name} arrives as {here.get(name)!r}, and as {there.get(name)!r} alone"


@pytest.fixture(scope="module")
def twin(edge: Edge) -> Iterator[Twin]:
    with Twin(edge.deployment, "talk", "web:app", gunicorn=True) as twin:
        yield twin


@holds_for(exchange=EXCHANGE)
def test_it_is_answered_as_alone(edge: Edge, twin: Twin, exchange: Exchange) -> None:
    mine = send(exchange, edge.deployment.address, edge.port)
    theirs = send(exchange, twin.address, twin.port, twin.client)
    assert [*differ(exchange, mine, theirs)] == []
