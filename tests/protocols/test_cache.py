"""Answers that are kept for everybody: never one that is for somebody."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.attacks.edge import Edge, render, run_nginx
from tests.attacks.raw import Answer, Fields, get

pytestmark = pytest.mark.docker
HOST = "talk.localhost"


def see(answer: Answer) -> tuple[str | None, int]:
    assert answer.one("X-Content-Type-Options") == "nosniff"
    return answer.one("X-Cache"), answer.json()["number"]


@pytest.fixture
def path() -> str:
    return f"/cached/{uuid4().hex}"


def test_the_second_answer_is_the_first(edge: Edge, path: str) -> None:
    first, second = (get(edge.port, HOST, path) for _ in range(2))
    assert (see(first)[0], see(second)) == ("MISS", ("HIT", see(first)[1]))
    # Each is a request of its own anyway.
    assert first.one("X-Request-ID") != second.one("X-Request-ID")
    assert see(get(edge.port, HOST, f"{path}?other"))[0] == "MISS"


def test_nothing_else_is_kept(edge: Edge) -> None:
    path = f"/fresh/{uuid4().hex}"
    first, second = (get(edge.port, HOST, path) for _ in range(2))
    assert first.json() != second.json() and first.one("X-Cache") is None


@pytest.mark.parametrize(
    "fields",
    [[("Cookie", "session=1")], [("Authorization", "Basic eDp5")], [("Cookie", "0")], [("Authorization", "0")]],
    ids=["cookie", "authorization", "cookie 0", "authorization 0"],
)
def test_who_is_known_is_neither_served_from_it_nor_kept_in_it(edge: Edge, path: str, fields: Fields) -> None:
    kept = see(get(edge.port, HOST, path))[1]
    personal = see(get(edge.port, HOST, path, fields=fields))
    assert personal[0] == "BYPASS" and personal[1] != kept
    assert see(get(edge.port, HOST, path)) == ("HIT", kept)
    other = f"{path}/other"
    first = see(get(edge.port, HOST, other, fields=fields))
    assert first[0] == "BYPASS"
    assert see(get(edge.port, HOST, other))[0] == "MISS"


NOT_KEPT = (
    *("cookie=1", "status=404", "status=500", "status=302", "status=404&Cache-Control=max-age%3d600"),
    *("status=500&X-Accel-Expires=600", "status=302&Cache-Control=public,max-age%3d600", "Vary=*", "Pragma=no-cache"),
    *("Cache-Control=private", "Cache-Control=No-Store", "Cache-Control=no-cache", "X-Accel-Expires=0"),
    *("Cache-Control=max-age%3d59", "Cache-Control=max-age%3d0", "Cache-Control=max-age%3d600,s-maxage%3d5"),
    *("Expires=0", "Expires=Thu,+01+Jan+1970+00:00:00+GMT", "Cache-Control=public&Expires=0"),
)
KEPT = (
    *("Cache-Control=max-age%3d60", "Cache-Control=max-age%3d0,s-maxage%3d600", "Cache-Control=public", "status=301"),
    *("Cache-Control=max-age%3d600&Expires=0", "Vary=Accept-Language"),
)


@pytest.mark.parametrize("query", NOT_KEPT)
def test_what_is_not_for_everybody_or_not_for_so_long_is_not_kept(edge: Edge, path: str, query: str) -> None:
    answers = [get(edge.port, HOST, f"{path}?{query}") for _ in range(2)]
    assert [see(answer)[0] for answer in answers] == ["MISS", "MISS"]
    assert see(answers[0])[1] != see(answers[1])[1]


@pytest.mark.parametrize("query", KEPT)
def test_what_is_for_everybody_is_kept(edge: Edge, path: str, query: str) -> None:
    first, second = (see(get(edge.port, HOST, f"{path}?{query}")) for _ in range(2))
    assert (first[0], second) == ("MISS", ("HIT", first[1]))


def test_it_is_kept_as_long_as_the_setting_says(edge: Edge) -> None:
    """Whatever the application says of longer."""

    def change(values: dict[str, Any]) -> None:
        values["sites"][0]["routes"].append({"path": "/fresh/", "cache": "1s"})

    path = f"/fresh/{uuid4().hex}?Cache-Control=max-age%3d3600"
    with run_nginx(edge, render(edge, change)) as found:
        first = see(get(found.port, HOST, path))
        time.sleep(2.1)
        second = see(get(found.port, HOST, path))
        assert (first[0], second[0]) == ("MISS", "EXPIRED") and first[1] != second[1]


def test_a_request_with_a_body_is_neither_served_from_it_nor_kept_in_it(edge: Edge, path: str) -> None:
    assert see(get(edge.port, HOST, path, body=b"x"))[0] == "BYPASS"
    kept = see(get(edge.port, HOST, path))
    assert kept[0] == "MISS"
    assert see(get(edge.port, HOST, path, body=b"x"))[1] != kept[1]


def test_a_post_is_not_kept(edge: Edge, path: str) -> None:
    answers = [get(edge.port, HOST, path, method="POST", body=b"x") for _ in range(2)]
    assert answers[0].json() != answers[1].json()
    assert see(get(edge.port, HOST, path))[0] == "MISS"


def test_one_request_fills_it(edge: Edge, path: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: get(edge.port, HOST, path), range(8)))
    assert len({see(answer)[1] for answer in answers}) == 1


def test_a_whole_site_may_be_kept(edge: Edge) -> None:
    """By a route `/`: what other routes and the static files answer is not its own."""

    def change(values: dict[str, Any]) -> None:
        values["sites"][0]["routes"].append({"path": "/", "cache": "60s"})

    path = f"/fresh/{uuid4().hex}"
    with run_nginx(edge, render(edge, change)) as found:
        first, second = (get(found.port, HOST, path) for _ in range(2))
        assert (see(first)[0], see(second)) == ("MISS", ("HIT", see(first)[1]))
        assert see(get(found.port, HOST, path, fields=[("Cookie", "session=1")]))[0] == "BYPASS"
        for other in ("/ws/plain", "/static/plain.js"):
            assert get(found.port, HOST, other).one("X-Cache") is None
