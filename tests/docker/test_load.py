"""The load generator tells the truth: servers that are broken in one exact way are found out, and honest ones are not.

Every server here listens on a free port of 127.0.0.1 and lives for one test.
"""

import hashlib
import itertools
import json
import math
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType

import pytest

from tests.docker.load import Client, Load, Report, Response, Sample, Target, json_is, json_values, standard_clients


class Peer:
    """The server's side of one connection; `number` counts its requests from 1."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.number = 0
        self.head = ""
        self.body = b""

    @property
    def path(self) -> str:
        return self.head.split(" ", 2)[1]

    @property
    def host(self) -> str:
        return next(line[6:] for line in self.head.split("\r\n") if line.startswith("Host: "))

    def receive(self) -> bool:
        """Read the next request; False when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.connection.recv(65536)
            if not more:
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        self.head = head.decode()
        length = next((int(line[16:]) for line in self.head.split("\r\n") if line.startswith("Content-Length: ")), 0)
        while len(body) < length:
            body += self.connection.recv(65536)
        self.body = body
        self.number += 1
        return True

    def send(self, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        self.raw(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)

    def raw(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.connection.close()

    def honest(self) -> None:
        """What the example `hello` would answer, without Flask."""
        if self.path == "/echo":
            answer: dict[str, object] = {"sha256": hashlib.sha256(self.body).hexdigest(), "length": len(self.body)}
        else:
            answer = {"site": self.host, "release": "r1", "replica": "1"}
        self.send(json.dumps(answer).encode())


Behaviour = Callable[[Peer], None]


class Server:
    """A threaded server that treats every request as `behaviour` says, until the peer is closed."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> "Server":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self._serve, args=(Peer(connection),), daemon=True).start()

    def _serve(self, peer: Peer) -> None:
        try:
            while peer.connection.fileno() >= 0 and peer.receive():
                self.behaviour(peer)
        except OSError:
            pass
        finally:
            peer.close()


def run(behaviour: Behaviour, *clients: Client, requests: int = 5) -> Report:
    """Exactly so many requests against a server with this behaviour."""
    with Server(behaviour) as server, Load("127.0.0.1", server.port, clients, most_requests=requests) as load:
        assert load.wait(20)
    report = load.report()
    assert report.sent == requests == report.ok + report.failed
    assert len(report.examples) == min(report.failed, 10)
    return report


KEPT = Client(host="a.example", timeout=5.0)
FRESH = Client(host="a.example", kept=False, timeout=5.0)


def drip(peer: Peer) -> None:
    peer.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly the start")


def truncated(peer: Peer) -> None:
    drip(peer)
    peer.connection.shutdown(socket.SHUT_RDWR)


def reset_midway(peer: Peer) -> None:
    drip(peer)
    time.sleep(0.1)  # a reset makes the client's kernel forget what was not read yet
    peer.reset()


def truncated_chunk(peer: Peer) -> None:
    peer.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nff\r\nwor")
    peer.connection.shutdown(socket.SHUT_RDWR)


def missing_last_chunk(peer: Peer) -> None:
    peer.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    peer.connection.shutdown(socket.SHUT_RDWR)


def half_a_status_line(peer: Peer) -> None:
    peer.raw(b"HTTP/1.")
    peer.connection.shutdown(socket.SHUT_RDWR)


def raw(data: bytes) -> Behaviour:
    return lambda peer: peer.raw(data)


@pytest.mark.parametrize("client", [KEPT, FRESH], ids=["kept", "fresh"])
@pytest.mark.parametrize(
    ("behaviour", "what"),
    [
        (Peer.reset, "reset before response"),
        (reset_midway, "reset mid-response"),
        (Peer.close, "closed without response"),
        (truncated, "closed mid-response"),
        (truncated_chunk, "closed mid-response"),
        (missing_last_chunk, "closed mid-response"),
        (half_a_status_line, "closed mid-response"),
        (lambda peer: peer.send(b"Bad Gateway", status="502 Bad Gateway"), "status 502"),
        (lambda peer: peer.send(b"", status="503 Service Unavailable", headers="Connection: close\r\n"), "status 503"),
        (lambda peer: peer.send(b"", status="404 Not Found"), "status 404"),
        (lambda peer: peer.send(b"", status="204 No Content"), "status 204"),
        (raw(b"SSH-2.0-OpenSSH_10.0\r\n\r\n"), "malformed response"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello"), "malformed response"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsoon\r\n"), "malformed response"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"), "malformed response"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello"), "bytes nobody asked for"),
    ],
)
def test_each_breakage_is_named(behaviour: Behaviour, what: str, client: Client) -> None:
    report = run(behaviour, client)
    assert report.failures == {what: 5}
    assert not report.lossless
    first = report.examples[0]
    assert (first.what, first.host, first.kind) == (what, "a.example", client.kind)
    assert 0 <= first.at <= report.seconds + 1


def test_a_port_nobody_listens_on_refuses() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        with Load("127.0.0.1", reserved.getsockname()[1], [KEPT, FRESH], most_requests=6) as load:
            assert load.wait(5)
    assert load.report().failures == {"connect refused": 6}


@pytest.mark.parametrize("behaviour", [lambda peer: time.sleep(1), drip], ids=["silent", "stuck midway"])
def test_a_request_ends_at_its_timeout(behaviour: Behaviour) -> None:
    report = run(behaviour, Client(host="a.example", timeout=0.2), requests=2)
    assert report.failures == {"timeout": 2}
    assert 0.2 <= report.examples[0].after < 0.9


def test_drops_do_not_stretch_the_timeout() -> None:
    """The timeout holds for the whole request, not for each read."""

    def trickle(peer: Peer) -> None:
        peer.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(20):
            time.sleep(0.05)
            peer.raw(b".")

    assert run(trickle, Client(host="a.example", timeout=0.3), requests=1).failures == {"timeout": 1}


def test_the_wrong_application_is_found_out() -> None:
    text = Client(host="a.example", expect='"site": "b.example"')
    predicate = Client(host="a.example", expect=json_is(site="b.example"))
    no_field = Client(host="a.example", expect=json_is(colour="red"))
    for client in (text, predicate, no_field):
        assert run(Peer.honest, client).failures == {"wrong body or application": 5}


def test_a_predicate_that_meets_html_is_a_wrong_application() -> None:
    report = run(lambda peer: peer.send(b"<h1>Welcome</h1>"), Client(host="a.example", expect=json_is(site="a")))
    assert report.failures == {"wrong body or application": 5}
    assert "Welcome" in report.examples[0].detail


@pytest.mark.parametrize("size", [1, 300_000])
def test_a_posted_body_must_come_back_as_its_hash(size: int) -> None:
    client = Client(host="a.example", method="POST", path="/echo", body=size)
    assert run(Peer.honest, client).ok == 5

    def loses_a_byte(peer: Peer) -> None:
        peer.body = peer.body[:-1]
        peer.honest()

    assert run(loses_a_byte, client).failures == {"wrong body or application": 5}


def test_a_stale_answer_to_a_post_is_found_out() -> None:
    """An answer that belongs to another request has a hash, and the wrong one."""
    first: list[bytes] = []

    def stale(peer: Peer) -> None:
        first.append(peer.body)
        peer.body = first[0]
        peer.honest()

    report = run(stale, Client(host="a.example", method="POST", path="/echo", body=100))
    assert (report.ok, report.failures) == (1, {"wrong body or application": 4})


def test_a_kept_connection_closed_while_idle_is_reopened_and_no_failure() -> None:
    def closes(peer: Peer) -> None:
        peer.honest()
        peer.close()

    report = run(closes, Client(host="a.example", pause=(0.1, 0.11)))
    assert (report.ok, report.failed, report.reopened) == (5, 0, 4)


def test_a_kept_connection_reset_while_idle_is_reopened_and_no_failure() -> None:
    def resets(peer: Peer) -> None:
        peer.honest()
        time.sleep(0.02)
        peer.reset()

    report = run(resets, Client(host="a.example", pause=(0.2, 0.21)))
    assert (report.ok, report.failed, report.reopened) == (5, 0, 4)


def test_the_same_close_after_the_request_was_sent_is_a_failure_and_not_retried() -> None:
    received: list[str] = []

    def closes_on_the_second(peer: Peer) -> None:
        received.append(peer.path)
        if peer.number == 1:
            peer.honest()
        else:
            peer.close()

    report = run(closes_on_the_second, KEPT, requests=10)
    assert (report.ok, report.failures, report.reopened) == (5, {"closed without response": 5}, 0)
    assert len(received) == 10


def test_bytes_on_an_idle_connection_are_a_failure() -> None:
    def talkative(peer: Peer) -> None:
        peer.honest()
        time.sleep(0.03)
        peer.raw(b"HTTP/1.1 408 Request Timeout\r\n\r\n")

    report = run(talkative, Client(host="a.example", pause=(0.2, 0.21)), requests=4)
    assert (report.ok, report.failures) == (2, {"bytes nobody asked for": 2})


def test_an_answer_given_before_the_whole_body_was_read_counts_by_its_status() -> None:
    """Such as 413: the server answers, then stops reading."""
    ports = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection, _ = ports.accept()
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
        connection.close()

    threading.Thread(target=refuse, daemon=True).start()
    client = Client(host="a.example", method="POST", path="/echo", body=5_000_000, timeout=5.0)
    with ports, Load("127.0.0.1", ports.getsockname()[1], [client], most_requests=1) as load:
        assert load.wait(10)
    assert load.report().failures == {"status 413": 1}


def test_a_kept_connection_stays_open_after_a_wrong_status() -> None:
    """A client that sits on a broken worker goes on sitting there: each of its failures counts."""
    with Server(lambda peer: peer.send(b"", status="502 Bad Gateway")) as server:
        with Load("127.0.0.1", server.port, [KEPT], most_requests=5) as load:
            assert load.wait(5)
        assert server.connections == 1


def test_connections_are_kept_or_fresh_as_asked() -> None:
    for client, connections in ((KEPT, 1), (FRESH, 5)):
        with Server(Peer.honest) as server:
            with Load("127.0.0.1", server.port, [client], most_requests=5) as load:
                assert load.wait(5)
            assert server.connections == connections


def test_connection_close_in_a_response_is_honoured() -> None:
    def announces(peer: Peer) -> None:
        peer.send(b"bye", headers="Connection: close\r\n")

    with Server(announces) as server:
        with Load("127.0.0.1", server.port, [KEPT], most_requests=5) as load:
            assert load.wait(5)
        assert server.connections == 5
    assert (load.report().ok, load.report().reopened) == (5, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;a=b\r\nhello \r\n5\r\nworld\r\n0\r\nX-Sum: 1\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    ],
    ids=["length", "chunked with a trailer", "early hints first"],
)
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_responses_are_read_whole_in_whatever_pieces_they_come(data: bytes, piece: int) -> None:
    def pieces(peer: Peer) -> None:
        for start in range(0, len(data), piece):
            peer.raw(data[start : start + piece])

    def whole(response: Response) -> bool:
        return response.body == b"hello world"

    assert run(pieces, Client(host="a.example", expect=whole)).ok == 5


def test_a_body_may_end_with_the_connection() -> None:
    def old(peer: Peer) -> None:
        peer.raw(b"HTTP/1.0 200 OK\r\n\r\nhello world")
        peer.close()

    assert run(old, Client(host="a.example", expect="hello world")).ok == 5


def test_no_body_is_awaited_where_none_may_be() -> None:
    head = Client(host="a.example", method="HEAD", timeout=1.0)
    empty = Client(host="a.example", status=204, timeout=1.0)
    assert run(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), head).ok == 5
    assert run(raw(b"HTTP/1.1 204 No Content\r\n\r\n"), empty).ok == 5


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


def test_the_rate_holds_for_all_clients_together() -> None:
    with Server(Peer.honest) as server:
        with Load("127.0.0.1", server.port, [KEPT] * 8, rate=100) as load:
            time.sleep(0.6)
        report = load.report()
    assert 20 <= report.sent <= 100 * report.seconds + 1


def test_rare_senders_pause() -> None:
    with Server(Peer.honest) as server:
        with Load("127.0.0.1", server.port, [Client(host="a.example", pause=(0.1, 0.15))]) as load:
            time.sleep(0.6)
        report = load.report()
    assert 2 <= report.sent <= report.seconds / 0.1 + 1


def test_the_load_ends_at_its_bounds_and_says_so() -> None:
    with Server(Peer.honest) as server:
        with Load("127.0.0.1", server.port, [KEPT] * 4, most_requests=50) as load:
            assert load.wait(5)
        assert (load.report().sent, load.report().lossless) == (50, False)
        with Load("127.0.0.1", server.port, [KEPT] * 4, most_seconds=0.2) as load:
            assert load.wait(5)
        assert not load.report().lossless
        assert "ended early: " in load.report().summary()


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


def test_a_mistake_in_a_hook_is_not_a_verdict() -> None:
    def mistaken(response: Response) -> str:
        raise ZeroDivisionError

    with Server(Peer.honest) as server:
        load = Load("127.0.0.1", server.port, [KEPT], observe=mistaken)
        with pytest.raises(RuntimeError, match="load generator itself"), load:
            load.wait(5)


def test_load_goes_to_this_machine_only() -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1 only"):
        Load("192.0.2.1", 80, [KEPT])


def test_standard_clients_are_the_mix_that_was_asked_for() -> None:
    targets = [
        Target(host="a.example", expect="a"),
        Target(host="b.example", expect="b", path="/get", echo=None, slow="/delay/3"),
    ]
    clients = standard_clients(40, targets)
    assert len(clients) == 40
    assert sum(client.kept for client in clients) == 20
    assert sum(client.method == "POST" for client in clients) == 4
    assert {client.host for client in clients if client.body} == {"a.example"}
    assert sum(client.long for client in clients) == 2
    rare = [client for client in clients if client.pause == (2.0, 3.0)]
    assert len(rare) == 6
    assert all(client.kept for client in rare)
    assert {client.host for client in rare} == {"a.example", "b.example"}
    assert all(client.expect or client.body for client in clients)


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
