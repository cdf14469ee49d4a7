"""What became of every request of a load."""

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

EXAMPLES: Final = 10  # failures that are kept in full


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
    """What became of every request that was begun and has ended. `examples` are the first failures, `failed_at` all."""

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
    failed_at: list[float] = field(default_factory=list, repr=False)

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
