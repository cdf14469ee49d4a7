"""One run of wrk against one server, and what it cost."""

import contextlib
import os
import re
import resource
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Final, Self

CONNECTIONS: Final = 16
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_HEADERS: Final = ("-H", "Host: localhost", "-H", "Accept-Encoding: gzip")


@dataclass(frozen=True)
class Use:
    """What processes used: seconds of their own code and of the kernel for them, and how often they stopped to wait."""

    own: float = 0.0
    kernel: float = 0.0
    waits: float = 0.0

    def since(self, before: Self, requests: int) -> "Use":
        """For each of so many requests: microseconds, and a count."""
        return Use(
            (self.own - before.own) / requests * 1e6,
            (self.kernel - before.kernel) / requests * 1e6,
            (self.waits - before.waits) / requests,
        )

    @property
    def time(self) -> float:
        return self.own + self.kernel


@dataclass(frozen=True)
class Shot:
    """What wrk said of one run, what each side used for a request, and the share of the machine that had nothing to do.

    The median and the 99th percentile are milliseconds, the client's time microseconds.
    """

    rate: float
    p50: float
    p99: float
    edge: Use
    gunicorn: Use
    client: float
    idle: float


@dataclass
class Contender:
    """Something that answers at `port`; `pid` is its first process, `app` its Gunicorn's; their children count too."""

    name: str
    port: int
    pid: int | None
    app: int
    path: str
    shots: list[Shot] = field(default_factory=list)

    def middle(self, figure: str) -> float:
        """The median of one figure over the rounds, such as `rate` or `edge.kernel`."""
        return float(median(attrgetter(figure)(shot) for shot in self.shots))


def await_port(port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if fetch(port, "/healthz")[0] == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")


def fetch(port: int, path: str) -> tuple[int, dict[str, str], int]:
    """One request; status, headers and length of the body as it was sent."""
    lines = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(lines.encode())
        answer = b"".join(iter(lambda: peer.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in rest)}, len(body)


def shoot(target: Contender, seconds: int) -> Shot:
    """One run of wrk."""
    edge, app, client = used(target.pid), used(target.app), resource.getrusage(resource.RUSAGE_CHILDREN)
    idle = _read_idle()
    url = f"http://127.0.0.1:{target.port}{target.path}"
    done = subprocess.run(
        ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *_HEADERS, url],
        check=True,
        capture_output=True,
        text=True,
    )
    for sign in ("Non-2xx", "Socket errors"):
        if sign in done.stdout:
            sys.exit(f"error: {target.name} failed:\n{done.stdout}")
    unused, whole = (now - before for now, before in zip(_read_idle(), idle, strict=True))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = int(_find(r"(\d+) requests in", done.stdout))
    spent = (after.ru_utime + after.ru_stime) - (client.ru_utime + client.ru_stime)
    return Shot(
        rate=float(_find(r"Requests/sec:\s+([0-9.]+)", done.stdout)),
        p50=_milliseconds(_find(r"50%\s+([0-9.]+\w+)", done.stdout)),
        p99=_milliseconds(_find(r"99%\s+([0-9.]+\w+)", done.stdout)),
        edge=used(target.pid).since(edge, total),
        gunicorn=used(target.app).since(app, total),
        client=spent / total * 1e6,
        idle=unused / whole,
    )


def used(first: int | None) -> Use:
    """What a process and everything below it used so far."""
    if first is None:
        return Use()
    parents: dict[int, int] = {}
    uses: dict[int, Use] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            values = (path / "stat").read_text().rpartition(")")[2].split()
            parents[int(path.name)] = int(values[1])
            uses[int(path.name)] = Use(int(values[11]) / _TICKS, int(values[12]) / _TICKS)
    family = {first}
    for _ in range(4):
        family |= {pid for pid, parent in parents.items() if parent in family}
    found = [uses[pid] for pid in family if pid in uses]
    return Use(sum(use.own for use in found), sum(use.kernel for use in found), sum(map(_count_waits, family)))


def _count_waits(pid: int) -> int:
    """How often the threads of a process gave up their core, to wait for something."""
    count = 0
    for path in Path(f"/proc/{pid}/task").glob("*/status"):
        with contextlib.suppress(OSError):
            count += int(_find(r"\nvoluntary_ctxt_switches:\s+(\d+)", path.read_text()))
    return count


def _read_idle() -> tuple[int, int]:
    """Ticks in which a core of this machine had nothing to do, and all ticks."""
    values = [int(text) for text in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    return values[3] + values[4], sum(values)


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
