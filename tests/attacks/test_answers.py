"""The header set is on every answer, whoever gives it."""

from collections.abc import Callable

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import Answer, get
from tests.attacks.sample import DOOMED, HOST

pytestmark = pytest.mark.docker

WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def check_set(answer: Answer, status: int) -> None:
    assert answer.status == status, answer
    assert {name: answer.one(name) for name in WANTED} == WANTED
    assert len(answer.one("X-Request-ID") or "") == 32
    assert answer.one("Server") == "nginx"


def ask_again(edge: Edge) -> Answer:
    tag = get(edge.port, HOST, "/static/style.css").one("ETag")
    assert tag
    return get(edge.port, HOST, "/static/style.css", fields=[("If-None-Match", tag)])


CASES: dict[str, tuple[int, Callable[[Edge], Answer]]] = {
    "page": (200, lambda edge: get(edge.port, HOST, "/whoami")),
    "static": (200, lambda edge: get(edge.port, HOST, "/static/style.css")),
    "part": (206, lambda edge: get(edge.port, HOST, "/static/style.css", fields=[("Range", "bytes=0-3")])),
    "unchanged": (304, ask_again),
    "missing page": (404, lambda edge: get(edge.port, HOST, "/missing")),
    "missing file": (404, lambda edge: get(edge.port, HOST, "/static/missing")),
    "bare folder": (404, lambda edge: get(edge.port, HOST, "/static")),
    "folder": (404, lambda edge: get(edge.port, HOST, "/static/")),
    "wrong method": (405, lambda edge: get(edge.port, HOST, "/whoami", method="POST", body=b"x")),
    "method of a file": (405, lambda edge: get(edge.port, HOST, "/static/style.css", method="POST", body=b"x")),
    "too long": (413, lambda edge: get(edge.port, HOST, "/echo", method="POST", body=bytes(70_000))),
    "route too long": (413, lambda edge: get(edge.port, HOST, "/tiny", method="POST", body=bytes(2_000))),
    "head": (200, lambda edge: get(edge.port, HOST, "/whoami", method="HEAD")),
}


@pytest.mark.parametrize("case", CASES)
def test_the_header_set_is_there(edge: Edge, case: str) -> None:
    status, send = CASES[case]
    check_set(send(edge), status)


def test_a_site_without_replicas_says_so(edge: Edge) -> None:
    replica = edge.deployment.container("gunicorn", "doomed")
    assert get(edge.port, DOOMED, "/whoami").status == 200
    replica.kill()
    try:
        for method, body in (("GET", b""), ("POST", b"x")):
            answer = get(edge.port, DOOMED, "/whoami", method=method, body=body)
            check_set(answer, 502)
            assert answer.one("Retry-After") == "5"
            assert b"Back in a moment" in answer.body
            assert (answer.one("Content-Type") or "").startswith("text/html")
        # Static files and other sites are served anyway.
        check_set(get(edge.port, DOOMED, "/static/style.css"), 200)
        check_set(get(edge.port, HOST, "/whoami"), 200)
    finally:
        replica.start()
    check_page_is_not_public(edge)


def check_page_is_not_public(edge: Edge) -> None:
    assert get(edge.port, HOST, "/portico-unavailable.html").status == 404


def test_the_error_page_is_not_a_page(edge: Edge) -> None:
    check_page_is_not_public(edge)


def test_a_redirect_carries_the_header_set(edge: Edge) -> None:
    check_set(get(edge.port, "www.probe.localhost", "/"), 308)


def test_what_the_application_says_itself_is_said_once_and_wins(edge: Edge) -> None:
    answer = get(edge.port, HOST, "/framed")
    assert answer.status == 200
    own = {
        "Content-Security-Policy": "frame-ancestors https://partner.example",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(self)",
        "X-Content-Type-Options": "nosniff",
    }
    # `one` refuses a header that is listed twice.
    assert {name: answer.one(name) for name in own} == own
    # The logs know the request by NGINX's id, so that is the one that the client is reported.
    assert len(answer.one("X-Request-ID") or "") == 32
