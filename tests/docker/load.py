"""A small, exact load generator: it proves that no request is lost.

One thread per client, blocking sockets, the standard library alone. A request is sent once and never again: every
request that was begun ends as `ok` or as exactly one named failure, so `report.sent == report.ok + report.failed`.

A kept connection that the server closed while it was idle is looked at just before the next request is sent. Finding
it closed and opening a new one is what every HTTP client does: it is counted in `reopened`, and is no failure. Once
the request is on its way, the same close is a failure.

All times are seconds. Times of events (`at`, `since`, `until`) count from the start of the load.
"""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import json
import math
import random
import socket
import threading
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType
from typing import Final

REFUSED: Final = "connect refused"
RESET_BEFORE: Final = "reset before response"
RESET_MID: Final = "reset mid-response"
CLOSED_BEFORE: Final = "closed without response"
CLOSED_MID: Final = "closed mid-response"
TIMEOUT: Final = "timeout"
WRONG: Final = "wrong body or application"
MALFORMED: Final = "malformed response"
UNASKED: Final = "bytes nobody asked for"
NO_PORT: Final = "no local port left"  # the machine under test is innocent: lower `rate`


def status_class(code: int) -> str:
    """The failure class of a response whose status is not the expected one."""
    return f"status {code}"


@dataclass(frozen=True, kw_only=True)
class Response:
    """A whole response. Header names are lower case; repeated headers are joined with a comma."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as a JSON object; a `ValueError` if it is none."""
        answer = json.loads(self.body)
        if not isinstance(answer, dict):
            raise ValueError(f"no JSON object: {self.body[:100]!r}")
        return answer


Expect = str | Callable[[Response], bool]
Observe = Callable[[Response], str | None]


@dataclass(frozen=True, kw_only=True)
class Client:
    """One client: what it asks for, and how.

    `kept`: use one connection for all requests, else a fresh one for each.
    `pause`: wait a random time in this range before each request, in seconds; (0, 0) is as fast as possible.
    `body`: this many fresh random bytes are sent, and the response must be JSON with their `sha256` and `length`.
    `expect`: text that the body must contain, or a predicate; it says that the right application answered.
    `long`: slow by intention, so left out of the latency figures.
    `timeout`: for the whole request, from connecting to the last byte, in seconds.
    """

    host: str
    path: str = "/"
    method: str = "GET"
    kept: bool = True
    pause: tuple[float, float] = (0.0, 0.0)
    body: int = 0
    status: int = 200
    expect: Expect | None = None
    long: bool = False
    timeout: float = 30.0

    @property
    def kind(self) -> str:
        """Such as `kept GET /whoami every 2-3 s`."""
        every = f" every {self.pause[0]:g}-{self.pause[1]:g} s" if self.pause[1] else ""
        return f"{'kept' if self.kept else 'fresh'} {self.method} {self.path}{every}"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One site for `standard_clients`: a host name, and the paths that the kinds of client ask for.

    `expect` must tell this application from every other one. Without `echo` or `slow`, no client of that kind.
    """

    host: str
    expect: Expect
    path: str = "/whoami"
    echo: str | None = "/echo"
    slow: str | None = "/slow?seconds=3"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One failed request. `at`: when it failed, in seconds; `clock`: the same as local time, to find it in a log."""

    at: float
    clock: str
    what: str
    detail: str
    host: str
    kind: str
    after: float

    def __str__(self) -> str:
        return f"{self.clock} (+{self.at:.3f} s) {self.what} after {self.after:.3f} s: {self.kind} on {self.host}: " + (
            self.detail or "-"
        )


@dataclass(kw_only=True)
class Seen:
    """How often an observed value (a release, a replica) answered, and when first and last, in seconds."""

    count: int
    first: float
    last: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One successful response. `at`: when it ended; `latency`: from connecting or sending to the last byte; seconds."""

    at: float
    latency: float
    host: str
    long: bool


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of every request that was begun and has ended."""

    sent: int
    ok: int
    failures: Counter[str]
    examples: list[Failure]
    reopened: int
    hosts: dict[str, Counter[str]]
    seen: dict[str, Seen]
    seconds: float
    ended_early: str
    samples: list[Sample] = field(repr=False)

    @property
    def failed(self) -> int:
        """How many requests failed, of all classes."""
        return self.failures.total()

    @property
    def lossless(self) -> bool:
        """True if requests were sent, to the very end, and every one of them was answered as expected."""
        return self.sent > 0 and self.sent == self.ok and not self.ended_early

    def latency(self, percent: float, *, since: float = 0.0, until: float = math.inf, long: bool = False) -> float:
        """The latency that `percent` % of the successful responses kept to, in seconds; nan if there were none.

        Counted are responses that ended in the given window. `long` asks for the long requests instead of the others.
        """
        spans = sorted(s.latency for s in self.samples if s.long == long and since <= s.at <= until)
        if not spans:
            return math.nan
        return spans[max(1, math.ceil(len(spans) * percent / 100)) - 1]

    def longest_gap(self, host: str | None = None, *, since: float = 0.0, until: float | None = None) -> float:
        """The longest time without the end of a successful response, for one host or all, in seconds.

        From `since` to `until`, by default the whole load up to its stop, so a silence at either end counts too.
        """
        end = self.seconds if until is None else until
        ends = sorted(s.at for s in self.samples if host in (None, s.host) and since <= s.at <= end)
        marks = [since, *ends, end]
        return max(later - earlier for earlier, later in pairwise(marks))

    def summary(self) -> str:
        """One line."""
        failed = ", ".join(f"{count} {what}" for what, count in self.failures.most_common()) or "0 failed"
        early = f"; ended early: {self.ended_early}" if self.ended_early else ""
        return (
            f"{self.sent} requests in {self.seconds:.1f} s, {self.ok} ok, {failed}; {self.reopened} reopened; "
            f"p50 {self.latency(50) * 1000:.1f} ms, p99 {self.latency(99) * 1000:.1f} ms, "
            f"max {self.latency(100) * 1000:.1f} ms; longest gap {self.longest_gap():.3f} s{early}"
        )

    def details(self) -> str:
        """The summary and the first failures, one per line: the message of an assertion."""
        return "\n  ".join([self.summary(), *map(str, self.examples)])


class Load:
    """Sends requests from entering the `with` block until leaving it, then waits for all that are in flight.

    `rate`: at most this many requests per second, of all clients together.
    `most_requests`, `most_seconds`: the load ends there by itself, and the report says so in `ended_early`.
    `observe`: gives the release or replica that a successful response came from.
    Only addresses of this machine are accepted.
    """

    EXAMPLES: Final = 10

    def __init__(
        self,
        address: str,
        port: int,
        clients: Sequence[Client],
        *,
        rate: float | None = None,
        observe: Observe | None = None,
        most_requests: int = 1_000_000,
        most_seconds: float = 3600.0,
    ) -> None:
        if not ipaddress.ip_address(address).is_loopback:
            raise ValueError(f"{address} is not an address of this machine: load goes to 127.0.0.1 only")
        if not clients:
            raise ValueError("no clients")
        self.address = (address, port)
        self.observe = observe
        self._step = 1 / rate if rate else 0.0
        self._most_requests = most_requests
        self._most_seconds = most_seconds
        self._begun = 0
        self._slot = 0.0
        self._ended_early = ""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._start = 0.0
        self._stopped_at: float | None = None
        self._workers = [_Worker(self, client) for client in clients]

    def __enter__(self) -> Load:
        self._start = time.monotonic()
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        for worker in self._workers:
            worker.join(worker.client.timeout + 10)
        stuck = [worker.client.kind for worker in self._workers if worker.is_alive()]
        crash = next((worker.crash for worker in self._workers if worker.crash), None)
        if error is None and (crash or stuck):
            raise RuntimeError(f"the load generator itself failed: {crash or stuck}") from crash

    def now(self) -> float:
        """Seconds since the start of the load: the clock of the report."""
        return time.monotonic() - self._start

    def wait(self, seconds: float) -> bool:
        """Wait until the load has ended by its own bounds, at most this long; whether it has."""
        until = time.monotonic() + seconds
        for worker in self._workers:
            worker.join(max(0.0, until - time.monotonic()))
        return not any(worker.is_alive() for worker in self._workers)

    def report(self) -> Report:
        """What has ended so far; after the `with` block, everything."""
        seconds = self.now() if self._stopped_at is None else self._stopped_at
        failures: Counter[str] = Counter()
        examples: list[Failure] = []
        hosts: dict[str, Counter[str]] = {}
        seen: dict[str, Seen] = {}
        samples: list[Sample] = []
        reopened = 0
        for worker in self._workers:
            host, long = worker.client.host, worker.client.long
            mine = [
                Sample(at=at, latency=latency, host=host, long=long)
                for at, latency in zip(worker.ends[:], worker.latencies[:], strict=False)
            ]
            failed = worker.failures.copy()
            samples += mine
            failures += failed
            examples += worker.examples
            reopened += worker.reopened
            hosts.setdefault(host, Counter()).update(
                {"sent": len(mine) + failed.total(), "ok": len(mine), "failed": failed.total()}
            )
            for value, new in worker.seen.copy().items():
                old = seen.get(value, new)
                count = new.count + (old.count if value in seen else 0)
                seen[value] = Seen(count=count, first=min(old.first, new.first), last=max(old.last, new.last))
        return Report(
            sent=len(samples) + failures.total(),
            ok=len(samples),
            failures=failures,
            examples=sorted(examples, key=lambda failure: failure.at)[: self.EXAMPLES],
            reopened=reopened,
            hosts=hosts,
            seen=dict(sorted(seen.items(), key=lambda item: item[1].first)),
            seconds=seconds,
            ended_early=self._ended_early,
            samples=samples,
        )

    def may_send(self, pause: float) -> bool:
        """Wait for `pause` seconds and for a free slot under `rate`; False if the load is over."""
        if self._stop.wait(pause) if pause else self._stop.is_set():
            return False
        with self._lock:
            now = self.now()
            if self._begun >= self._most_requests or now >= self._most_seconds:
                self._ended_early = f"bound of {self._most_requests} requests or {self._most_seconds:g} s reached"
                self._stopped_at = self._stopped_at or now
                return False
            self._begun += 1
            slot = max(now, self._slot)
            self._slot = slot + self._step
        return not (self._stop.wait(slot - now) if slot > now else self._stop.is_set())

    def _end(self) -> None:
        with self._lock:
            self._stopped_at = self._stopped_at or self.now()
            self._stop.set()


class _RequestError(Exception):
    def __init__(self, what: str, detail: object = "") -> None:
        super().__init__(what)
        self.what = what
        self.detail = str(detail)


class _Worker(threading.Thread):
    """The thread of one client. Only this thread writes its figures; a report reads them."""

    def __init__(self, load: Load, client: Client) -> None:
        super().__init__(name=f"load: {client.kind}", daemon=True)
        self.load = load
        self.client = client
        self.ends = array("d")
        self.latencies = array("d")
        self.failures: Counter[str] = Counter()
        self.examples: list[Failure] = []
        self.seen: dict[str, Seen] = {}
        self.reopened = 0
        self.crash: Exception | None = None
        self._connection: _Connection | None = None

    def run(self) -> None:
        low, high = self.client.pause
        pause = random.uniform(0, high)  # the rare senders begin spread out, not all at once
        try:
            while self.load.may_send(pause):
                self._request()
                pause = random.uniform(low, high)
        except Exception as error:  # raised again when the `with` block is left
            self.crash = error
        finally:
            self._drop()

    def _request(self) -> None:
        begin = time.monotonic()
        body = random.randbytes(self.client.body)
        try:
            response = self._exchange(body, begin + self.client.timeout)
            _check(self.client, body, response)
        except _RequestError as failure:
            self._record_failure(failure, begin)
            return
        now = time.monotonic()
        at = now - self.load._start
        if self.load.observe and (value := self.load.observe(response)) is not None:
            seen = self.seen.setdefault(value, Seen(count=0, first=at, last=at))
            seen.count += 1
            seen.last = at
        self.latencies.append(now - begin)
        self.ends.append(at)

    def _exchange(self, body: bytes, deadline: float) -> Response:
        """One request and its whole response.

        A broken connection is dropped, and one that carried a wrong answer is kept, as other clients do: if it sits
        on an old worker, the next answers on it will be wrong too, and each counts.
        """
        client = self.client
        reusable = False
        try:
            if self._connection is not None and self._connection.closed_while_idle():
                self._drop()
                self.reopened += 1
            if self._connection is None:
                self._connection = _Connection(self.load.address, deadline)
            response, reusable = self._connection.exchange(_message(client, body), client.method, deadline)
        finally:
            if not (reusable and client.kept):
                self._drop()
        return response

    def _record_failure(self, failure: _RequestError, begin: float) -> None:
        now = time.monotonic()
        wall = time.time()
        if len(self.examples) < Load.EXAMPLES:
            self.examples.append(
                Failure(
                    at=now - self.load._start,
                    clock=time.strftime("%H:%M:%S", time.localtime(wall)) + f".{int(wall % 1 * 1000):03d}",
                    what=failure.what,
                    detail=failure.detail,
                    host=self.client.host,
                    kind=self.client.kind,
                    after=now - begin,
                )
            )
        self.failures[failure.what] += 1

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Connection:
    """One TCP connection and the HTTP/1.1 on it."""

    def __init__(self, address: tuple[str, int], deadline: float) -> None:
        try:
            self._socket = socket.create_connection(address, timeout=_left(deadline))
        except OSError as error:
            raise _RequestError(_connect_class(error), error) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._answered = False
        self._deadline = deadline

    def close(self) -> None:
        self._socket.close()

    def closed_while_idle(self) -> bool:
        """Look, without waiting, whether the server has closed the connection since the last response."""
        self._socket.setblocking(False)
        try:
            waiting = self._socket.recv(64, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        if waiting:
            raise _RequestError(UNASKED, waiting)
        return True

    def exchange(self, message: bytes, method: str, deadline: float) -> tuple[Response, bool]:
        """Send one request, read its response; and whether the connection may be used again."""
        self._deadline = deadline
        self._answered = False
        try:
            self._socket.settimeout(_left(deadline))
            self._socket.sendall(message)
        except TimeoutError as error:
            raise _RequestError(TIMEOUT, "while sending") from error
        except OSError:
            pass  # the server may have answered before it closed: reading tells
        status, version, headers = self._head()
        while 100 <= status < 200:
            status, version, headers = self._head()
        body, framed = self._body(status, headers, method)
        if self._buffer:
            raise _RequestError(UNASKED, f"after the response: {bytes(self._buffer[:64])!r}")
        tokens = {token.strip().lower() for token in headers.get("connection", "").split(",")}
        stays = "close" not in tokens if version == "HTTP/1.1" else "keep-alive" in tokens
        return Response(status=status, headers=headers, body=body), framed and stays

    def _head(self) -> tuple[int, str, dict[str, str]]:
        version, _, rest = self._line().partition(" ")
        code = rest[:3]
        if version not in ("HTTP/1.1", "HTTP/1.0") or not (code.isascii() and code.isdigit() and len(code) == 3):
            raise _RequestError(MALFORMED, f"status line {version} {rest}"[:100])
        headers: dict[str, str] = {}
        while line := self._line():
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise _RequestError(MALFORMED, f"header line {line!r}"[:100])
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return int(code), version, headers

    def _body(self, status: int, headers: dict[str, str], method: str) -> tuple[bytes, bool]:
        """The body, and whether it said where it ends."""
        if method == "HEAD" or status in (204, 304):
            return b"", True
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise _RequestError(MALFORMED, f"Transfer-Encoding: {headers['transfer-encoding']}")
            return self._chunks(), True
        if "content-length" in headers:
            length = headers["content-length"]
            if not (length.isascii() and length.isdigit()):
                raise _RequestError(MALFORMED, f"Content-Length: {length}")
            return self._take(int(length)), True
        while self._receive():
            pass
        return self._take(len(self._buffer)), False

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            line = self._line()
            try:
                size = int(line.partition(";")[0].strip(), 16)
            except ValueError as error:
                raise _RequestError(MALFORMED, f"chunk size {line!r}"[:100]) from error
            if size == 0:
                break
            body += self._take(size)
            if self._take(2) != b"\r\n":
                raise _RequestError(MALFORMED, "a chunk is longer than its size")
        while self._line():
            pass  # trailers
        return bytes(body)

    def _line(self) -> str:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > 64 * 1024:
                raise _RequestError(MALFORMED, "a line without an end")
            self._more()
        return self._take(end + 2)[:-2].decode("latin-1")

    def _take(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._more()
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _more(self) -> None:
        if not self._receive():
            raise _RequestError(CLOSED_MID if self._answered else CLOSED_BEFORE)

    def _receive(self) -> bool:
        """Read what there is; False at the end of the connection."""
        try:
            self._socket.settimeout(_left(self._deadline))
            data = self._socket.recv(64 * 1024)
        except TimeoutError as error:
            raise _RequestError(TIMEOUT, "mid-response" if self._answered else "no response") from error
        except OSError as error:
            raise _RequestError(RESET_MID if self._answered else RESET_BEFORE, error) from error
        self._answered = self._answered or bool(data)
        self._buffer += data
        return bool(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _connect_class(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return REFUSED
    if isinstance(error, TimeoutError):
        return TIMEOUT
    if isinstance(error, ConnectionResetError):
        return RESET_BEFORE
    if error.errno == errno.EADDRNOTAVAIL:
        return NO_PORT
    return f"connect failed: {errno.errorcode.get(error.errno or 0, type(error).__name__)}"


def _message(client: Client, body: bytes) -> bytes:
    lines = [
        f"{client.method} {client.path} HTTP/1.1",
        f"Host: {client.host}",
        "User-Agent: portico-load",
        "Accept: */*",
    ]
    if body:
        lines += ["Content-Type: application/octet-stream", f"Content-Length: {len(body)}"]
    if not client.kept:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _check(client: Client, body: bytes, response: Response) -> None:
    """Raise unless the response has the expected status and comes from the right application, for this request."""
    start = response.body[:100]
    if response.status != client.status:
        raise _RequestError(status_class(response.status), start)
    try:
        if body:
            answer = response.json()
            right = (answer["sha256"], answer["length"]) == (hashlib.sha256(body).hexdigest(), len(body))
        else:
            right = True
        if isinstance(client.expect, str):
            right = right and client.expect.encode() in response.body
        elif client.expect is not None:
            right = right and client.expect(response)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _RequestError(WRONG, f"{error!r} in {start!r}") from error
    if not right:
        raise _RequestError(WRONG, start)


def json_is(**fields: object) -> Callable[[Response], bool]:
    """A predicate: the body is a JSON object with these values, such as `json_is(site="hello")`."""

    def predicate(response: Response) -> bool:
        answer = response.json()
        return all(answer[name] == value for name, value in fields.items())

    return predicate


def json_values(*names: str) -> Observe:
    """For `observe`: these fields of a JSON response, such as `json_values("release", "replica")` -> `3f2a91c/2`."""

    def observe(response: Response) -> str | None:
        try:
            answer = response.json()
        except ValueError:
            return None
        return "/".join(str(answer[name]) for name in names) if all(name in answer for name in names) else None

    return observe


def standard_clients(count: int, targets: Iterable[Target]) -> list[Client]:
    """The load of the reliability tests: `count` clients, spread evenly over the targets.

    Half on kept connections, and a third of these send only every 2-3 s; 10 % of all POST random bytes that must come
    back as their hash; 5 % ask for what takes seconds. At least one of each kind, as far as the targets offer it.
    """
    if count < 4:
        raise ValueError("fewer than 4 clients cannot be of all kinds")
    sites = list(targets)
    echoing = [site for site in sites if site.echo]
    slow = [site for site in sites if site.slow]
    posts = max(1, round(count * 0.10)) if echoing else 0
    longs = max(1, round(count * 0.05)) if slow else 0
    clients: list[Client] = []
    for number in range(posts):
        site, size = echoing[number % len(echoing)], (2_000, 100_000)[number // 2 % 2]
        clients.append(Client(host=site.host, path=site.echo or "", method="POST", body=size, kept=number % 2 == 0))
    for number in range(longs):
        site = slow[number % len(slow)]
        clients.append(
            Client(host=site.host, path=site.slow or "", expect=site.expect, kept=number % 2 == 1, long=True)
        )
    kept = count // 2 - sum(client.kept for client in clients)
    rare = max(1, count // 6)
    for number in range(count - len(clients)):
        site = sites[number % len(sites)]
        pause = (2.0, 3.0) if number < min(rare, kept) else (0.0, 0.0)
        clients.append(Client(host=site.host, path=site.path, expect=site.expect, kept=number < kept, pause=pause))
    return clients
