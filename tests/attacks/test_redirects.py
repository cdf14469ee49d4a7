"""Line ends in a path never become header lines."""

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import ask, exchange, get, parse
from tests.attacks.sample import HOST

pytestmark = pytest.mark.docker
ALIAS = "www.probe.localhost"

PATHS = (
    "/a%0d%0aX-Evil:%201",
    "/a%0aX-Evil:%201",
    "/a%0dX-Evil:%201",
    "/%0d%0a%0d%0a<script>",
    "/?q=%0d%0aX-Evil:%201",
    "/a%E5%98%8A%E5%98%8DX-Evil:%201",
    "//evil.example/%2e%2e",
    "/%2f%2fevil.example",
    "/@evil.example",
    "/.evil.example",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_redirect_repeats_the_path_as_it_was_sent(edge: Edge, path: str) -> None:
    answer = get(edge.port, ALIAS, path)
    assert answer.status == 308
    assert answer.one("Location") == f"http://{HOST}{path}"
    assert answer.one("X-Evil") is None


@pytest.mark.parametrize("path", PATHS)
def test_no_other_answer_repeats_it_as_a_header(edge: Edge, path: str) -> None:
    for start in ("", "/static"):
        answer = ask(edge.port, HOST, start + path)
        assert answer is None or answer.one("X-Evil") is None


@pytest.mark.parametrize("ends", [b"\r", b"\n", b"\r\n", b"\x00", b"\x0b"])
def test_raw_line_ends_are_refused(edge: Edge, ends: bytes) -> None:
    for host in (ALIAS, HOST):
        message = b"GET /a%sX-Evil:1 HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (ends, host.encode())
        answers = parse(exchange(edge.port, message))
        assert all(answer.status == 400 for answer in answers), answers


@pytest.mark.parametrize(
    "target", ["evil.example", "@evil.example", "*", "http:evil.example", "evil.example:443", "\\evil"]
)
def test_a_target_that_is_no_path_is_refused(edge: Edge, target: str) -> None:
    answer = ask(edge.port, ALIAS, target)
    assert answer is None or answer.status == 400, answer
