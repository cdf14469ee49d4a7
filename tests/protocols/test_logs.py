"""Logs: one JSON object a request, and one id in all of them."""

import json
import time
from typing import Any

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import exchange, get

pytestmark = pytest.mark.docker
HOST = "talk.localhost"


def read_lines(edge: Edge, since: float, wanted: str) -> list[dict[str, Any]]:
    """The access log since a time, once it tells of `wanted`."""
    for _ in range(50):
        lines: bytes = edge.container.logs(stdout=True, stderr=False, since=int(since) or None)
        if wanted in (text := lines.decode(errors="replace")):
            return [json.loads(line) for line in text.splitlines()]
        time.sleep(0.1)
    raise AssertionError(f"the log does not tell of {wanted}")


def read_replica(edge: Edge, since: float, wanted: str) -> str:
    """The log of the replica since a time, once it tells of `wanted`, or after five seconds."""
    container = edge.deployment.container("gunicorn", "talk")
    for _ in range(50):
        text: str = container.logs(since=int(since)).decode()
        if wanted in text:
            break
        time.sleep(0.1)
    return text


def test_one_id_is_everywhere(edge: Edge) -> None:
    began = time.time()
    answer = get(edge.port, HOST, "/whoami?q=1", fields=[("User-Agent", 'a "quoted" \\ one\t'), ("Referer", "x/é")])
    name = answer.one("X-Request-ID")
    assert name and answer.json()["request_id"] == name
    (line,) = [line for line in read_lines(edge, began, name) if line["request_id"] == name]
    assert (line["host"], line["method"], line["uri"], line["status"]) == (HOST, "GET", "/whoami?q=1", 200)
    assert line["bytes"] == len(answer.body) and line["seconds"] >= 0
    assert line["agent"] == 'a "quoted" \\ one\t'
    assert line["upstream"].startswith("unix:") and line["upstream_status"] == "200"
    assert float(line["upstream_seconds"]) >= 0
    # Gunicorn writes its line once the answer is sent: NGINX, and so we, may be there before it.
    replica = read_replica(edge, began, f"s request_id={name}")
    assert f'"GET /whoami?q=1 HTTP/1.1" 200 {len(answer.body)}' in replica
    assert f"s request_id={name}" in replica, "Gunicorn's access log"
    assert f"flask request_id={name}" in replica, "Flask's own log"


def test_whatever_is_sent_the_log_can_be_read(edge: Edge) -> None:
    began = time.time()
    for message in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\r\n",
        b'GET /"\\\x01\xff HTTP/1.1\r\nHost: talk.localhost\r\n\r\n',
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b'GET /x HTTP/1.1\r\nHost: talk.localhost\r\nConnection: close\r\nUser-Agent: \xff\xfe\x7f"\r\n\r\n',
        b"POST /whoami HTTP/1.1\r\nHost: talk.localhost\r\nContent-Length: 5\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ):
        exchange(edge.port, message, timeout=0.5)
    name = get(edge.port, HOST, "/whoami").one("X-Request-ID")
    assert name
    lines = read_lines(edge, began, name)
    assert {400, 444} <= {line["status"] for line in lines}


def test_health_checks_are_not_in_it(edge: Edge) -> None:
    name = get(edge.port, HOST, "/whoami").one("X-Request-ID")
    assert name
    lines = read_lines(edge, 0, name)
    assert not [line for line in lines if line["uri"] in ("/healthz", "/tree", "/counters") and line["host"] != HOST]
    assert not [line for line in lines if line["client"] == "127.0.0.1"]
