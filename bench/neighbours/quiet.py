"""What the other site's visitors see."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tests.attacks.raw import ask

_RATE: Final = 20
# The promise: nothing fails, and 99 of 100 take at most so many times what they take where nobody is attacked.
MOST_TIMES: Final = 2.0


@dataclass(frozen=True)
class Seen:
    """What was asked under one attack, "" for none: the seconds of each answer, and how many failed."""

    attack: str
    seconds: Sequence[float]
    failed: int

    @property
    def p99(self) -> float:
        """Seconds that 99 of 100 did not take longer than."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]


def watch(attack: str, port: int, host: str, seconds: float) -> Seen:
    """Ask 20 times a second: a page, and each fifth time an answer of 2 MB."""

    def fetch(number: int) -> float | None:
        length = 2_000_000 if number % 5 == 0 else 1000
        began = time.monotonic()
        try:
            answer = ask(port, host, f"/whoami?length={length}", timeout=60)
        except (OSError, ValueError, AssertionError):
            return None
        whole = answer is not None and answer.status == 200 and len(answer.body) == length
        return time.monotonic() - began if whole else None

    waiting = []
    with ThreadPoolExecutor(64) as pool:
        began = time.monotonic()
        for number in range(round(_RATE * seconds)):
            time.sleep(max(0.0, began + number / _RATE - time.monotonic()))
            waiting.append(pool.submit(fetch, number))
        found = [one.result() for one in waiting]
    good = [one for one in found if one is not None]
    return Seen(attack, good, len(found) - len(good))


def report(quiet: Seen, seen: Sequence[Seen]) -> list[str]:
    """The table, and of each attack whether the promise is kept."""
    lines = ["| the other site is under | requests | failed | median, ms | p99, ms | times the quiet p99 | kept |"]
    lines.append("|---" * 7 + "|")
    for one in (quiet, *seen):
        times = one.p99 / quiet.p99
        kept = "" if one is quiet else "yes" if not one.failed and times <= MOST_TIMES else "**no**"
        lines.append(
            f"| {one.attack or 'no attack'} | {len(one.seconds) + one.failed} | {one.failed} "
            f"| {statistics.median(one.seconds) * 1000:.0f} | {one.p99 * 1000:.0f} | {times:.1f} | {kept} |"
        )
    return lines
