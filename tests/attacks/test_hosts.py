"""Host names: what no site serves is not answered, and no other name reaches the application."""

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import Fields, ask, exchange, get, make_request, parse
from tests.attacks.sample import HOST

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    "host",
    [
        "elsewhere.example",
        "127.0.0.1",
        "localhost",
        "probe.localhost.evil.example",
        "evil-probe.localhost",
        "sub.probe.localhost",
        "_",
        "",
        "portico",
        "probe",  # the upstream's own name
    ],
)
def test_an_unknown_host_is_not_answered(edge: Edge, host: str) -> None:
    answer = ask(edge.port, host)
    # An empty Host is no valid request for some versions; either way no site answers.
    assert answer is None or (host == "" and answer.status == 400), answer


@pytest.mark.parametrize(
    "host", ["probe.localhost/x", "probe.localhost@evil.example", "pro be.localhost", "a\x00b", "[::1"]
)
def test_a_broken_host_is_refused(edge: Edge, host: str) -> None:
    answer = ask(edge.port, host)
    assert answer is None or answer.status == 400, answer


def test_host_twice_is_refused(edge: Edge) -> None:
    for first, second in ((HOST, "evil.example"), ("evil.example", HOST), (HOST, HOST)):
        answer = ask(edge.port, first, "/environ", fields=[("Host", second)])
        assert answer is not None and answer.status == 400


def test_a_missing_host_is_refused(edge: Edge) -> None:
    answer = ask(edge.port, None, "/whoami")
    assert answer is not None and answer.status == 400
    # HTTP/1.0 knows no Host: it gets what an unknown one gets.
    assert ask(edge.port, None, "/whoami", version="1.0") is None
    assert exchange(edge.port, b"GET /whoami\r\n") == b""


def test_the_absolute_form_names_the_site(edge: Edge) -> None:
    """RFC 9112, 3.2.2: a host in the request line counts, and Host does not."""
    assert ask(edge.port, HOST, "http://evil.example/environ") is None
    answer = ask(edge.port, "evil.example", f"http://{HOST}/environ")
    if answer is not None and answer.status == 200:
        facts = answer.json()
        assert facts["host"].partition(":")[0] == HOST
        assert "evil.example" not in answer.body.decode()
    else:
        assert answer is None or answer.status == 400


@pytest.mark.parametrize(
    "host",
    [
        *("probe.localhost:1", "PROBE.localhost:9000", "probe.localhost.", "probe.localhost.:80"),
        *("probe.localhost:99999", "probe.localhost:", "probe.localhost:123456"),
    ],
)
def test_the_application_sees_the_name_as_the_edge_spells_it(edge: Edge, host: str) -> None:
    """The port is the one that the client asked: it may be mapped, or lead through a tunnel."""
    answer = ask(edge.port, host, "/environ")
    assert answer is not None
    if answer.status != 400:
        port = host.partition(":")[2]
        asked = f":{port}" if port and len(port) <= 5 else ""
        assert answer.json()["environ"]["HTTP_HOST"] == f"{HOST}{asked}"


@pytest.mark.parametrize("fields", [[("X-Forwarded-Host", "evil.example")], [("X-Host", "evil.example")]])
def test_no_header_changes_what_the_application_calls_itself(edge: Edge, fields: Fields) -> None:
    facts = get(edge.port, HOST, "/environ", fields=fields).json()
    assert facts["url"] == f"http://{HOST}/environ"


def test_a_second_host_on_a_kept_connection_counts_anew(edge: Edge) -> None:
    message = make_request(HOST, "/whoami", keep=True) + make_request("evil.example", "/whoami")
    assert [answer.status for answer in parse(exchange(edge.port, message))] == [200]
