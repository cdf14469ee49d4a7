"""Answers that are kept for everybody: never one that is for somebody."""

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
    # Each is a request of its own all the same.
    assert first.one("X-Request-ID") != second.one("X-Request-ID")
    assert see(get(edge.port, HOST, f"{path}?other"))[0] == "MISS"


def test_nothing_else_is_kept(edge: Edge) -> None:
    path = f"/fresh/{uuid4().hex}"
    first, second = (get(edge.port, HOST, path) for _ in range(2))
    assert first.json() != second.json() and first.one("X-Cache") is None


@pytest.mark.parametrize(
    "fields", [[("Cookie", "session=1")], [("Authorization", "Basic eDp5")]], ids=["cookie", "authorization"]
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


@pytest.mark.parametrize("query", ["cookie=1", "private=1", "status=404", "status=500"])
def test_what_is_for_one_person_is_not_kept(edge: Edge, path: str, query: str) -> None:
    answers = [get(edge.port, HOST, f"{path}?{query}") for _ in range(2)]
    assert [see(answer)[0] for answer in answers] == ["MISS", "MISS"]
    assert see(answers[0])[1] != see(answers[1])[1]


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
