"""The report of a load is exact: over honest servers, and over those that fail now and then."""

import itertools
import json
import math
import threading
import time
from collections import Counter

import pytest

from tests.docker.load import Client, Load, Report, Sample, Target, json_is, json_values, standard_clients
from tests.docker.peer import FRESH, KEPT, Peer, Server, run

pytestmark = pytest.mark.extended


def test_an_honest_server_under_the_standard_load_has_no_failure() -> None:
    def hello(peer: Peer) -> None:
        if peer.path.startswith("/slow"):
            time.sleep(0.3)
        peer.honest()

    targets = [Target(host=host, expect=json_is(site=host)) for host in ("a.example", "b.example")]
    with Server(hello) as server:
        with Load(
            "127.0.0.1",
            server.port,
            standard_clients(32, targets),
            rate=1500,
            observe=json_values("release", "replica"),
        ) as load:
            time.sleep(1.5)
        report = load.report()
    assert report.lossless, report.details()
    assert report.sent > 200
    assert report.hosts.keys() == {"a.example", "b.example"}
    assert sum(host["sent"] for host in report.hosts.values()) == report.sent
    assert report.seen.keys() == {"r1/1"}
    assert report.longest_gap() < 1
    assert report.latency(50) < 0.3 <= report.latency(50, long=True)
    assert "0 failed" in report.summary()
    assert "\n" not in report.summary()


def test_few_failures_among_many_are_counted_exactly() -> None:
    """What the server broke, and nothing else, is in the report: by class, over kept and fresh clients."""
    numbers = itertools.count(1)
    broken: Counter[str] = Counter()
    lock = threading.Lock()

    def now_and_then(peer: Peer) -> None:
        with lock:
            number = next(numbers)
        match number % 50:
            case 10:
                broken["reset before response"] += 1
                peer.reset()
            case 20:
                broken["status 502"] += 1
                peer.send(b"", status="502 Bad Gateway")
            case 30:
                broken["closed without response"] += 1
                peer.close()
            case 40:
                broken["wrong body or application"] += 1
                peer.send(b"another application")
            case _:
                peer.honest()

    clients = [Client(host="a.example", kept=number % 2 == 0, expect="a.example") for number in range(16)]
    report = run(now_and_then, *clients, requests=2000)
    assert report.failures == broken == dict.fromkeys(broken, 40)
    assert report.failed == 160
    assert report.details().count("\n") == 10


def test_leaving_waits_for_requests_in_flight() -> None:
    def slow(peer: Peer) -> None:
        time.sleep(0.9)
        peer.honest()

    with Server(slow) as server:
        with Load("127.0.0.1", server.port, [KEPT, FRESH]) as load:
            time.sleep(0.1)
        report = load.report()
    assert (report.sent, report.ok) == (2, 2)
    assert report.lossless
    assert report.seconds < 0.8  # the load had stopped long before they were answered


def test_an_outage_shows_as_a_gap_and_a_new_release_in_time() -> None:
    start = time.monotonic()

    def outage(peer: Peer) -> None:
        since = time.monotonic() - start
        if 0.3 < since < 0.7:
            time.sleep(0.7 - since)
        peer.send(json.dumps({"release": "old" if since < 0.3 else "new"}).encode())

    with Server(outage) as server:
        with Load("127.0.0.1", server.port, [KEPT, FRESH], rate=200, observe=json_values("release")) as load:
            time.sleep(1)
        report = load.report()
    assert report.lossless
    assert 0.3 < report.longest_gap() < 0.8
    assert report.longest_gap("a.example") == report.longest_gap()
    assert list(report.seen) == ["old", "new"]
    assert report.seen["old"].first < report.seen["new"].first
    assert report.latency(100, until=0.25) < 0.2 < report.latency(100, since=0.25)


def test_a_silence_to_the_end_is_a_gap() -> None:
    def falls_silent(peer: Peer) -> None:
        if peer.number > 3:
            time.sleep(2)
        peer.honest()

    with Server(falls_silent) as server:
        with Load("127.0.0.1", server.port, [Client(host="a.example", timeout=0.9)]) as load:
            time.sleep(0.5)
        assert load.report().longest_gap() > 0.4


def test_a_load_that_sent_nothing_proves_nothing() -> None:
    with Server(Peer.honest) as server:
        with Load("127.0.0.1", server.port, [Client(host="a.example", pause=(60, 60))]) as load:
            pass
        report = load.report()
    assert report.sent <= 1
    assert report.lossless == (report.sent == 1)
    assert math.isnan(report.latency(99)) == (report.sent == 0)


def test_a_report_may_be_asked_for_meanwhile() -> None:
    with Server(Peer.honest) as server, Load("127.0.0.1", server.port, [KEPT, FRESH], rate=500) as load:
        time.sleep(0.2)
        early = load.report()
        time.sleep(0.2)
        later = load.report()
    assert 0 < early.sent < later.sent <= load.report().sent


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1.0), (1, 1.0), (50, 50.0), (99, 99.0), (99.5, 100.0), (100, 100.0)]
)
def test_percentiles_are_nearest_rank(percent: float, expected: float) -> None:
    samples = [Sample(at=0.0, latency=float(number), host="a.example", long=False) for number in range(100, 0, -1)]
    report = Report(
        sent=100,
        ok=100,
        failures=Counter(),
        examples=[],
        reopened=0,
        hosts={},
        seen={},
        seconds=1.0,
        ended_early="",
        samples=samples,
    )
    assert report.latency(percent) == expected
