"""What sites may have of their own: names, shares of the load, limits, passwords, a closed door."""

import base64
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.attacks.edge import Edge, render, run_nginx
from tests.attacks.raw import ask, get
from tests.docker.engine import execute
from tests.protocols.conftest import PASSWORD

pytestmark = pytest.mark.docker


def spread(edge: Edge, host: str, count: int, path: str = "/whoami", **more: object) -> Counter[str]:
    return Counter(get(edge.port, host, path, **more).json()["replica"] for _ in range(count))


def basic(user: str, password: str) -> list[tuple[str, str]]:
    return [("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())]


# --- names


def test_an_exact_name_wins_over_a_wildcard(edge: Edge) -> None:
    hosts = ("blog.zone.localhost", "other.zone.localhost", "a.b.zone.localhost", "BLOG.zone.localhost")
    sites = [get(edge.port, host, "/whoami").json()["site"] for host in hosts]
    assert sites == ["blog", "wild", "wild", "blog"]
    assert ask(edge.port, "zone.localhost") is None


def test_a_site_below_a_path_shares_the_host_of_another(edge: Edge) -> None:
    """More of that, without a deployment: tests/render/test_paths.py."""
    host = "blog.zone.localhost"
    found = {path: get(edge.port, host, path) for path in ("/shelf/whoami", "/shelf/static/small.txt", "/shelf")}
    reported = found["/shelf/whoami"].json()
    assert (reported["site"], reported["url"]) == ("shelf", f"http://{host}/shelf/whoami")
    assert found["/shelf/static/small.txt"].one("ETag") and found["/shelf"].one("Location") == "/shelf/"
    assert get(edge.port, host, "/shelves/whoami").status == 404 == get(edge.port, host, "/shelf/blog").status
    assert edge.deployment.outputs()["urls"]["shelf"] == f"http://{host}:{edge.deployment.port}/shelf/"


def test_the_wildcard_site_sees_the_name_that_was_asked_for(edge: Edge) -> None:
    facts = get(edge.port, "other.zone.localhost", "/whoami?x=1").json()
    assert facts["url"] == "http://other.zone.localhost/whoami?x=1"


@pytest.mark.parametrize("alias", ["www.talk.localhost", "old.example"])
def test_other_names_lead_to_the_first(edge: Edge, alias: str) -> None:
    for method in ("GET", "POST", "HEAD"):
        answer = get(edge.port, alias, "/a%20b/?q=1&r=/x", method=method)
        assert answer.status == 308
        assert answer.one("Location") == "http://talk.localhost/a%20b/?q=1&r=/x"


# --- balancing


def test_weights_are_kept(edge: Edge) -> None:
    assert spread(edge, "blog.zone.localhost", 40) == {"0": 30, "1": 10}


def test_the_replica_with_the_fewest_requests_is_asked(edge: Edge) -> None:
    """One slow request keeps one replica busy: while it runs, the other one is asked."""
    host = "x.zone.localhost"
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lambda: get(edge.port, host, "/slow?seconds=2").json()["replica"])
        time.sleep(0.5)
        quick = spread(edge, host, 10)
        assert set(quick) == {"0", "1"} - {slow.result()}
    # And without one, both are.
    assert set(spread(edge, host, 20)) == {"0", "1"}


def test_a_client_stays_with_its_replica(edge: Edge) -> None:
    assert len(spread(edge, "guarded.localhost", 20, fields=basic("anna", PASSWORD))) == 1


# --- limits


def test_too_many_requests_are_reported_so(edge: Edge) -> None:
    answers = [get(edge.port, "blog.zone.localhost", "/limited") for _ in range(8)]
    # One, a burst of two, and perhaps one more that fell due meanwhile.
    assert [answer.status for answer in answers[:3]] == [200, 200, 200]
    refused = [answer for answer in answers if answer.status == 429]
    assert 4 <= len(refused) <= 5
    assert refused[0].one("X-Content-Type-Options") == "nosniff"
    assert get(edge.port, "blog.zone.localhost", "/whoami").status == 200


def test_a_dry_run_only_tells(edge: Edge) -> None:
    began = int(time.time())
    assert {get(edge.port, "dry.localhost", "/whoami").status for _ in range(5)} == {200}
    edge.await_log("dry run, excess: ", 'zone "dry.rate"', since=began)


def test_a_dry_run_of_the_site_leaves_the_limit_of_a_route(edge: Edge) -> None:
    assert 429 in {get(edge.port, "dry.localhost", "/limited").status for _ in range(8)}


def test_a_limit_may_have_no_burst(edge: Edge) -> None:
    def change(values: dict[str, Any]) -> None:
        values["sites"][1]["routes"] = [{"path": "/limited", "rate": {"rate": "30r/m", "burst": 0}}]

    with run_nginx(edge, render(edge, change)) as found:
        statuses = [get(found.port, "x.zone.localhost", "/limited").status for _ in range(3)]
        assert statuses == [200, 429, 429]


# --- passwords


def test_nobody_enters_without_a_password(edge: Edge) -> None:
    host = "guarded.localhost"
    for path in ("/whoami", "/static/plain.js", "/", "/missing"):
        answer = get(edge.port, host, path)
        assert (answer.status, answer.one("WWW-Authenticate")) == (401, 'Basic realm="guarded"')
        assert answer.one("X-Content-Type-Options") == "nosniff"
        for wrong in (basic("anna", "wrong"), basic("nobody", PASSWORD), basic("anna", "")):
            assert get(edge.port, host, path, fields=wrong).status == 401
    for user, password in (("anna", PASSWORD), ("bert", "U*U")):
        assert get(edge.port, host, "/whoami", fields=basic(user, password)).status == 200
        assert get(edge.port, host, "/static/plain.js", fields=basic(user, password)).status == 200


# --- a closed door


def test_a_closed_site_says_so(edge: Edge) -> None:
    for path, method in (("/", "GET"), ("/static/plain.js", "GET"), ("/x", "POST"), ("/static", "GET")):
        answer = get(edge.port, "closed.localhost", path, method=method)
        assert answer.status == 503
        assert answer.one("Retry-After") == "300"
        assert b"Back in a moment" in answer.body
        assert answer.one("X-Content-Type-Options") == "nosniff"
    assert get(edge.port, "talk.localhost", "/whoami").status == 200


# --- the machine's own pages


def test_the_machine_asks_privately(edge: Edge) -> None:
    def curl(path: str) -> str:
        return execute(edge.container, "curl", "-s", "-m", "5", "-w", " %{http_code}", f"http://127.0.0.1:8081{path}")

    assert curl("/healthz") == "ok\n 200"
    for site in ("talk", "wild", "blog", "shelf", "dry", "guarded", "closed"):
        assert f'"site":"{site}"' in curl(f"/readyz/{site}")
    assert curl("/readyz/missing").endswith(" 404")
    for path in ("/healthz", "/readyz/talk", "/counters"):
        assert get(edge.port, "talk.localhost", path).status == 404
