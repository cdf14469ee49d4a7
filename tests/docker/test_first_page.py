"""What the first `up` gives: both applications, each at its own host names, and NGINX's part done by NGINX."""

import hashlib

import pytest

from tests.docker.ask import ask, get
from tests.docker.engine import Deployment
from tests.docker.faults import paused

pytestmark = pytest.mark.docker
FIVE_MEBIBYTES = 5 * 1024 * 1024


@pytest.mark.parametrize("host", ["localhost", "hello.localhost", "HELLO.localhost"])
def test_hello_answers_its_host_names(two_sites: Deployment, host: str) -> None:
    assert get(two_sites.port, host).status == 200
    facts = get(two_sites.port, host, "/whoami").json()
    assert (facts["site"], facts["release"]) == ("hello", two_sites.outputs()["releases"]["hello"])


def test_httpbin_answers_its_host_name(two_sites: Deployment) -> None:
    response = get(two_sites.port, "httpbin.localhost", "/uuid")
    assert response.status == 200
    assert list(response.json()) == ["uuid"]
    assert b"httpbin" in get(two_sites.port, "httpbin.localhost").body


def test_outputs_say_where_it_is(two_sites: Deployment) -> None:
    outputs = two_sites.outputs()
    assert outputs["url"] == f"http://localhost:{two_sites.port}"
    assert outputs["urls"]["httpbin"] == f"http://httpbin.localhost:{two_sites.port}"


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1", "localhost.evil.example"])
def test_an_unknown_host_gets_no_answer(two_sites: Deployment, host: str) -> None:
    assert ask(two_sites.port, host) is None


def test_the_application_sees_the_client_and_not_nginx(two_sites: Deployment) -> None:
    """A port that is published on loopback shows clients as the network's gateway, which is this machine."""
    gateway = two_sites.container("nginx").attrs["NetworkSettings"]["Networks"]
    addresses = {network["Gateway"] for network in gateway.values()}
    facts = get(two_sites.port, "localhost", "/whoami").json()
    assert facts["client"] in addresses
    assert facts["scheme"] == "http"
    assert facts["host"] == f"localhost:{two_sites.port}"


@pytest.mark.parametrize(
    "claim",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"x-forwarded-for": "203.0.113.7, 10.0.0.1"},
        {"X_Forwarded_For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7;proto=https"},
        {"X-Real-IP": "203.0.113.7"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Ssl": "on"},
        {"X-Forwarded-Host": "evil.example"},
    ],
    ids=lambda claim: next(iter(claim)),
)
def test_what_a_client_claims_is_not_believed(two_sites: Deployment, claim: dict[str, str]) -> None:
    honest = get(two_sites.port, "localhost", "/whoami").json()
    facts = get(two_sites.port, "localhost", "/whoami", headers=claim).json()
    names = ("client", "scheme", "host")
    assert [facts[name] for name in names] == [honest[name] for name in names]


def test_static_files_are_served_while_no_replica_runs(two_sites: Deployment) -> None:
    style = (two_sites.source("hello") / "static" / "style.css").read_bytes()
    with paused(*two_sites.containers("gunicorn", "hello")):
        response = get(two_sites.port, "localhost", "/static/style.css")
        picture = get(two_sites.port, "localhost", "/static/icon.png")
    assert (response.status, response.body) == (200, style)
    assert response.headers["content-type"].startswith("text/css")
    assert response.headers["server"] == "nginx"
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
    assert get(two_sites.port, "localhost", "/whoami").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/missing.css",
        "/static",
        "/static/",
        "/static../hello.py",
        "/static../{release}/style.css",
        "/static/../hello.py",
        "/static/%2e%2e/hello.py",
        "/static/..%2fhello.py",
        "/hello.py",
        "/requirements.txt",
    ],
)
def test_nothing_else_is_served_as_a_file(two_sites: Deployment, path: str) -> None:
    path = path.format(release=two_sites.outputs()["releases"]["hello"])
    response = get(two_sites.port, "localhost", path)
    assert response.status in (403, 404) if path == "/static/" else response.status == 404
    assert b"Flask(__name__)" not in response.body and b"flask==" not in response.body


def test_the_body_limit_is_exact(two_sites: Deployment) -> None:
    body = bytes(FIVE_MEBIBYTES)
    whole = get(two_sites.port, "localhost", "/echo", method="POST", body=body)
    assert whole.status == 200
    assert whole.json() == {"sha256": hashlib.sha256(body).hexdigest(), "length": FIVE_MEBIBYTES}
    assert get(two_sites.port, "localhost", "/echo", method="POST", body=body + b"x").status == 413
