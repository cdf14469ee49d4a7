"""What one measured change left, as plain data that can be kept, tabled and drawn again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

STEP: Final = 0.5  # seconds of one bar of the plot


@dataclass(frozen=True, kw_only=True)
class Run:
    """One change by one contender. Times are in seconds and count from the start of its command.

    `lost`: {class of failure: how many}. `gap`: the longest time without an answer. `p99`, before and during.
    `done`: when the command returned. `live`: when the new release first answered.
    `begin`: where the load, and the first bar, begins. `answered`, `failed`: requests in each bar of STEP.
    `phases`: {part of the command: its seconds}, where that is known.
    `busy`: the machine's load average when the turn began.
    """

    contender: str
    requests: int
    lost: Mapping[str, int]
    gap: float
    p99_before: float
    p99_during: float
    done: float
    live: float
    begin: float
    answered: Sequence[int]
    failed: Sequence[int]
    phases: Mapping[str, float] = field(default_factory=dict)
    busy: float = 0.0

    @property
    def all_lost(self) -> int:
        return sum(self.lost.values())


@dataclass(frozen=True)
class Figure:
    """Of several rounds: the median, and the lowest and highest."""

    middle: float
    low: float
    high: float

    def text(self, form: str) -> str:
        """Such as `12.1 (11.8-13.0)`; equal figures are said once."""
        middle, low, high = (format(value, form) for value in (self.middle, self.low, self.high))
        return middle if low == high else f"{middle} ({low}-{high})"


def spread(values: Sequence[float]) -> Figure:
    return Figure(median(values), min(values), max(values))


def count_bars(times: Sequence[float], begin: float, bars: int) -> list[int]:
    """How many of `times` lie in each of so many bars of STEP from `begin` on; the rest is left out."""
    counts = [0] * bars
    for time in times:
        number = int((time - begin) // STEP)
        if 0 <= number < bars:
            counts[number] += 1
    return counts


def group(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs of each contender, in the order of their first run."""
    names = dict.fromkeys(run.contender for run in runs)
    return {name: [run for run in runs if run.contender == name] for name in names}


def choose(runs: Sequence[Run]) -> Run:
    """The run that is drawn: of the rounds, the middle one in lost requests, then in seconds."""
    return sorted(runs, key=lambda run: (run.all_lost, run.done))[(len(runs) - 1) // 2]


def save(path: Path, runs: Sequence[Run]) -> None:
    path.write_text("".join(json.dumps(asdict(run)) + "\n" for run in runs))


def load(path: Path) -> list[Run]:
    return [Run(**json.loads(line)) for line in path.read_text().splitlines()]
