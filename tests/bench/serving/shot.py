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
from pathlib import Path
from statistics import median
from typing import Final

CONNECTIONS: Final = 16
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_HEADERS: Final = ("-H", "Host: localhost", "-H", "Accept-Encoding: gzip")


@dataclass(frozen=True)
class Shot:
    """What wrk said of one run, and the processor time that each side used for a request, in microseconds."""

    rate: float
    p50: float
    p99: float
    edge: float
    gunicorn: float
    client: float


@dataclass
class Contender:
    """Something that answers at `port`; `pid` is its first process, `app` its Gunicorn's; their children count too."""

    name: str
    port: int
    pid: int | None
    app: int
    path: str
    shots: list[Shot] = field(default_factory=list)

    def middle(self, value: str) -> float:
        """The median of one figure over the rounds."""
        return float(median(getattr(shot, value) for shot in self.shots))


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
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = int(_find(r"(\d+) requests in", done.stdout))
    spent = (after.ru_utime + after.ru_stime) - (client.ru_utime + client.ru_stime)
    return Shot(
        rate=float(_find(r"Requests/sec:\s+([0-9.]+)", done.stdout)),
        p50=_milliseconds(_find(r"50%\s+([0-9.]+\w+)", done.stdout)),
        p99=_milliseconds(_find(r"99%\s+([0-9.]+\w+)", done.stdout)),
        edge=(used(target.pid) - edge) / total * 1e6,
        gunicorn=(used(target.app) - app) / total * 1e6,
        client=spent / total * 1e6,
    )


def used(first: int | None) -> float:
    """Processor seconds of a process and everything below it, so far."""
    if first is None:
        return 0.0
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            values = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(values[1])
            times[int(path.parent.name)] = (int(values[11]) + int(values[12])) / _TICKS
    family = {first}
    for _ in range(4):
        family |= {pid for pid, parent in parents.items() if parent in family}
    return sum(times.get(pid, 0.0) for pid in family)


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
