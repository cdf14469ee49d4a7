"""What a client says about itself never reaches the application as if the edge had said it."""

from typing import Any

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import Answer, ask, get
from tests.attacks.sample import HOST

pytestmark = pytest.mark.docker

CLAIMS = (
    ("X-Forwarded-For", "203.0.113.7"),
    ("x-forwarded-for", "203.0.113.7, 10.0.0.1"),
    ("X_Forwarded_For", "203.0.113.7"),
    ("X-Real-IP", "203.0.113.7"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-Forwarded-Port", "666"),
    ("X-Forwarded-Proto", "https"),
    ("X_Forwarded_Proto", "https"),
    ("X-Forwarded-Ssl", "on"),
    ("Forwarded", "for=203.0.113.7;proto=https;host=evil.example"),
    ("Proxy", "http://evil.example"),
    ("SCRIPT_NAME", "/evil"),
    ("PATH_INFO", "/evil"),
    ("REMOTE_USER", "evil"),
    ("X-Request-ID", "evil"),
    ("X_Request_ID", "evil"),
)
# They differ from one request to the next.
VOLATILE = {"HTTP_X_REQUEST_ID", "REMOTE_PORT"}


def see(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer
    facts: dict[str, Any] = answer.json()
    facts["environ"] = {name: value for name, value in facts["environ"].items() if name not in VOLATILE}
    return facts


@pytest.mark.parametrize(("name", "value"), CLAIMS, ids=lambda text: str(text)[:20])
def test_a_claim_is_not_believed(edge: Edge, name: str, value: str) -> None:
    """The application sees the very same as without the claim, down to the last header."""
    honest = get(edge.port, HOST, "/environ")
    spoofed = get(edge.port, HOST, "/environ", fields=[(name, value)])
    assert see(spoofed) == see(honest)


def test_a_claim_made_twice_is_not_believed(edge: Edge) -> None:
    honest = see(get(edge.port, HOST, "/environ"))
    for name in ("X-Forwarded-For", "X-Real-IP", "X-Forwarded-Proto", "X-Request-ID"):
        twice = ask(edge.port, HOST, "/environ", fields=[(name, "203.0.113.7"), (name, "203.0.113.8")])
        assert twice is not None
        assert twice.status == 400 or see(twice) == honest


def test_a_script_name_changes_no_path(edge: Edge) -> None:
    """`Script-Name` is a header like any other: it reaches the application only under HTTP_."""
    facts = get(edge.port, HOST, "/environ", fields=[("Script-Name", "/evil"), ("Path-Info", "/evil")]).json()
    assert (facts["environ"]["SCRIPT_NAME"], facts["environ"]["PATH_INFO"]) == ("", "/environ")
    assert "/evil" not in facts["url"]


def test_a_client_cannot_take_away_what_the_edge_says(edge: Edge) -> None:
    """`Connection` names headers of one hop: a proxy that listens to it drops them."""
    honest = see(get(edge.port, HOST, "/environ"))
    named = "close, X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, X-Request-ID, Host"
    answer = get(edge.port, HOST, "/environ", keep=True, fields=[("Connection", named)])
    assert see(answer) == honest


def test_the_request_id_is_made_at_the_edge(edge: Edge) -> None:
    answer = get(edge.port, HOST, "/environ", fields=[("X-Request-ID", "evil")])
    shown = answer.one("X-Request-ID")
    assert shown is not None and len(shown) == 32 and set(shown) <= set("0123456789abcdef")
    assert answer.json()["environ"]["HTTP_X_REQUEST_ID"] == shown


def test_the_version_is_not_reported(edge: Edge) -> None:
    for path in ("/whoami", "/static/style.css", "/static/missing"):
        answer = get(edge.port, HOST, path)
        assert answer.one("Server") == "nginx"
        assert b"nginx/" not in answer.body and answer.one("X-Powered-By") is None
