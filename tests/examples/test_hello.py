"""The example application `hello`, asked through Flask's own test client."""

import hashlib
import importlib
import os
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FOLDER = Path(__file__).parents[2] / "examples" / "hello"
FACTS = {"site", "release", "replica", "client", "scheme", "host", "request_id"}


@pytest.fixture(scope="module")
def app() -> Flask:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        module = importlib.import_module("hello")
    application = module.app
    assert isinstance(application, Flask)
    return application


@pytest.fixture
def client(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    for name in ("PORTICO_SITE", "PORTICO_RELEASE", "PORTICO_REPLICA"):
        monkeypatch.delenv(name, raising=False)
    return app.test_client()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the application asked for, in seconds; none is waited for."""
    asked: list[float] = []
    monkeypatch.setattr(time, "sleep", asked.append)
    return asked


def facts_of(answer: TestResponse) -> dict[str, object]:
    facts = answer.get_json()
    assert isinstance(facts, dict)
    return facts


class _Page(HTMLParser):
    """The facts that the page shows, and the addresses it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.facts: dict[str, str] = {}
        self.loads: list[str] = []
        self.inline: list[str] = []
        self._fact: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._fact = given.get("data-fact")
        if self._fact is not None:
            self.facts[self._fact] = ""
        if tag in {"img", "script", "link"}:
            self.loads.append(given.get("src") or given.get("href") or "")
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            self.inline.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._fact = None

    def handle_data(self, data: str) -> None:
        if self._fact is not None:
            self.facts[self._fact] += data


def test_whoami_tells_what_the_platform_set(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_SITE", "shop")
    monkeypatch.setenv("PORTICO_RELEASE", "3f2a91c")
    monkeypatch.setenv("PORTICO_REPLICA", "2")

    answer = client.get(
        "/whoami",
        base_url="https://shop.example.org",
        headers={"X-Request-ID": "abc123"},
        environ_overrides={"REMOTE_ADDR": "198.51.100.7"},
    )

    assert answer.json == {
        "site": "shop",
        "release": "3f2a91c",
        "replica": "2",
        "client": "198.51.100.7",
        "scheme": "https",
        "host": "shop.example.org",
        "request_id": "abc123",
        "pid": os.getpid(),
    }


def test_whoami_makes_sense_without_a_platform(client: FlaskClient) -> None:
    facts = facts_of(client.get("/whoami"))
    assert facts.keys() == FACTS | {"pid"}
    assert all(facts.values())


def test_forwarded_headers_are_not_believed(client: FlaskClient) -> None:
    """Only the server may say who the client is; a header that anybody can send changes nothing."""
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    facts = facts_of(client.get("/whoami", headers=headers))
    assert (facts["client"], facts["scheme"], facts["host"]) == ("127.0.0.1", "http", "localhost")


def test_page_shows_the_same_facts_as_whoami(client: FlaskClient) -> None:
    headers = {"X-Request-ID": "abc123"}
    facts = facts_of(client.get("/whoami", headers=headers))
    del facts["pid"]
    assert _Page(client.get("/", headers=headers).text).facts == facts


def test_page_loads_only_own_files_and_each_is_there(client: FlaskClient) -> None:
    loads = _Page(client.get("/").text).loads
    assert {Path(address).suffix for address in loads} == {".css", ".js", ".svg", ".png"}
    for address in loads:
        assert address.startswith("/static/")
        assert client.get(address).status_code == 200


def test_page_needs_no_inline_style_or_script(client: FlaskClient) -> None:
    """So that it works under a strict Content-Security-Policy."""
    page = client.get("/").text
    assert _Page(page).inline == []
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []


def test_page_escapes_what_the_client_sends(client: FlaskClient) -> None:
    page = client.get("/", headers={"X-Request-ID": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page
    assert _Page(page).facts["request_id"] == "<script>alert(1)</script>"


def test_healthz_is_plain_ok(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/plain", "ok")


@pytest.mark.parametrize(
    ("query", "slept"),
    [
        ("", 3.0),
        ("?seconds=0.25", 0.25),
        ("?seconds=31", 30.0),
        ("?seconds=inf", 30.0),
        ("?seconds=-1", 0.0),
        ("?seconds=nan", 0.0),
        ("?seconds=soon", 3.0),
    ],
)
def test_slow_sleeps_at_most_30_seconds(client: FlaskClient, naps: list[float], query: str, slept: float) -> None:
    answer = client.get(f"/slow{query}")
    assert naps == [slept]
    facts = facts_of(answer)
    assert facts["slept"] == slept
    assert facts.keys() == FACTS | {"slept"}


@pytest.mark.parametrize("length", [0, 1, 64 * 1024, 300_001])
def test_echo_proves_the_whole_body(client: FlaskClient, length: int) -> None:
    body = os.urandom(length)
    answer = client.post("/echo", data=body)
    assert answer.json == {"sha256": hashlib.sha256(body).hexdigest(), "length": length}


def test_echo_takes_nothing_but_post(client: FlaskClient) -> None:
    assert client.get("/echo").status_code == 405


def test_events_are_server_sent_events(client: FlaskClient, naps: list[float]) -> None:
    answer = client.get("/events?n=3&pause=0.5")
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.text == "id: 1\ndata: 1 of 3\n\nid: 2\ndata: 2 of 3\n\nid: 3\ndata: 3 of 3\n\n"
    assert naps == [0.5, 0.5]


def test_events_are_bounded(client: FlaskClient, naps: list[float]) -> None:
    assert client.get("/events?n=1e9&pause=1e9").text.count("id: ") == 60
    assert max(naps) == 1.0


@pytest.mark.parametrize("path", ["/", "/whoami", "/healthz", "/events?n=1"])
def test_answers_about_one_request_are_not_kept(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_static_files_may_be_kept(client: FlaskClient) -> None:
    assert "no-store" not in client.get("/static/style.css").headers["Cache-Control"]
