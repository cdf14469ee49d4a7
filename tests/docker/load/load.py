"""The load itself: its clients from start to end."""

import ipaddress
import json
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.docker.load.client import Client, Observe
from tests.docker.load.pace import Pace
from tests.docker.load.report import EXAMPLES, Failure, Report, Sample, Seen
from tests.docker.load.worker import Worker


class Load:
    """Sends requests from entering the `with` block until leaving it, then waits for all that are in flight.

    `rate`: at most this many requests per second, of all clients together.
    `most_requests`, `most_seconds`: the load ends there by itself, and the report says so in `ended_early`.
    `examples`: this many failures are kept in full; all are counted.
    `observe`: gives the release or replica that a successful response came from.
    Only addresses of this machine are accepted.
    """

    def __init__(
        self,
        address: str,
        port: int,
        clients: Sequence[Client],
        *,
        rate: float | None = None,
        observe: Observe | None = None,
        examples: int = EXAMPLES,
        most_requests: int = 1_000_000,
        most_seconds: float = 3600.0,
    ) -> None:
        if not _is_own(address):
            raise ValueError(f"{address} is not an address of this machine: load goes nowhere else")
        if not clients:
            raise ValueError("no clients")
        self._pace = Pace(rate=rate, most_requests=most_requests, most_seconds=most_seconds)
        self._examples = examples
        self._workers = [Worker(self._pace, client, (address, port), observe, examples) for client in clients]

    def __enter__(self) -> Self:
        self._pace.start()
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pace.stop()
        for worker in self._workers:
            worker.join(worker.client.timeout + 10)
        stuck = [worker.client.kind for worker in self._workers if worker.is_alive()]
        crash = next((worker.crash for worker in self._workers if worker.crash), None)
        if error is None and (crash or stuck):
            raise RuntimeError(f"the load generator itself failed: {crash or stuck}") from crash

    def now(self) -> float:
        """Seconds since the start of the load: the clock of the report."""
        return self._pace.now()

    def begun(self) -> int:
        """How many requests were begun, about: those that wait for their slot are among them."""
        return self._pace.begun

    def wait(self, seconds: float) -> bool:
        """Wait until the load has ended by its own bounds, at most this long; whether it has."""
        until = time.monotonic() + seconds
        for worker in self._workers:
            worker.join(max(0.0, until - time.monotonic()))
        return not any(worker.is_alive() for worker in self._workers)

    def report(self) -> Report:
        """What has ended so far; after the `with` block, everything."""
        seconds = self.now() if self._pace.stopped_at is None else self._pace.stopped_at
        failures: Counter[str] = Counter()
        examples: list[Failure] = []
        hosts: dict[str, Counter[str]] = {}
        seen: dict[str, Seen] = {}
        samples: list[Sample] = []
        failed_at: list[float] = []
        reopened = 0
        for worker in self._workers:
            host, long = worker.client.host, worker.client.long
            mine = [
                Sample(at=at, latency=latency, host=host, long=long)
                for at, latency in zip(worker.ends[:], worker.latencies[:], strict=False)
            ]
            failed = worker.failures.copy()
            samples += mine
            failed_at += worker.failed_at[:]
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
            examples=sorted(examples, key=lambda failure: failure.at)[: self._examples],
            reopened=reopened,
            hosts=hosts,
            seen=dict(sorted(seen.items(), key=lambda item: item[1].first)),
            seconds=seconds,
            ended_early=self._pace.ended_early,
            samples=samples,
            failed_at=sorted(failed_at),
        )


# For documentation: no machine has such an address but those that tests make here.
_NOBODYS = ipaddress.ip_network("192.0.2.0/24")


def _is_own(address: str) -> bool:
    """Whether it is an address of this machine, in the network that this thread is in, or inside this machine."""
    if ipaddress.ip_address(address).is_unspecified:
        return False
    if ipaddress.ip_address(address) in _NOBODYS:
        return True
    if _is_inside(address):
        return True
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _is_inside(address: str) -> bool:
    """Whether a bridge of this machine leads there: a container has that address."""
    if shutil.which("ip") is None:
        return False
    found = subprocess.run(["ip", "-json", "route", "get", address], capture_output=True, text=True)
    routes = json.loads(found.stdout) if found.returncode == 0 else []
    return bool(routes) and "gateway" not in routes[0] and Path(f"/sys/class/net/{routes[0]['dev']}/bridge").is_dir()
