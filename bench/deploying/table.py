"""The table of docs/deploys.md, from recorded runs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from bench.deploying.record import Run, group, spread

PORTICO: Final = "Portico"
COMPOSE: Final = "Docker Compose"
MOST_SECONDS, MOST_TIMES = 15.0, 3.0


def make_table(runs: Sequence[Run]) -> str:
    """Medians of the rounds with lowest and highest, then what was promised and what came of it."""
    return "\n".join([*_rows(runs), "", *_targets(runs), *_phases(runs)])


def _rows(runs: Sequence[Run]) -> Iterator[str]:
    yield (
        "| | requests | lost | longest gap, s | p99 before, ms | p99 during, ms | ratio "
        "| seconds to done | seconds to new release |"
    )
    yield "|---" * 9 + "|"
    for name, mine in group(runs).items():
        figures = [
            spread([run.requests for run in mine]).text(".0f"),
            f"**{spread([run.all_lost for run in mine]).text('.0f')}**",
            spread([run.gap for run in mine]).text(".2f"),
            spread([run.p99_before * 1000 for run in mine]).text(".0f"),
            spread([run.p99_during * 1000 for run in mine]).text(".0f"),
            spread([run.p99_during / run.p99_before for run in mine]).text(".1f"),
            spread([run.done for run in mine]).text(".1f"),
            spread([run.live for run in mine]).text(".1f"),
        ]
        yield f"| {name} | {' | '.join(figures)} |"
    yield ""
    yield "Lost requests of all rounds, by what the client saw:"
    yield ""
    for name, mine in group(runs).items():
        classes: Counter[str] = Counter()
        for run in mine:
            classes.update(run.lost)
        said = ", ".join(f"{count:,} {what}" for what, count in classes.most_common())
        yield f"- {name}: {said or 'none'} (of {sum(run.requests for run in mine):,})"


def _targets(runs: Sequence[Run]) -> Iterator[str]:
    mine = group(runs)
    portico, compose = mine[PORTICO], mine[COMPOSE]
    lost = sum(run.all_lost for run in portico)
    done = spread([run.done for run in portico])
    times = spread([one.done / two.done for one, two in zip(portico, compose, strict=True)])
    yield "| promise of Portico | kept | measured |"
    yield "|---|---|---|"
    yield f"| no request is lost | {_yes(not lost)} | {lost} |"
    yield (
        f"| done within {MOST_SECONDS:.0f} s, the wait for old workers included "
        f"| {_yes(done.middle <= MOST_SECONDS)} | {done.text('.1f')} s |"
    )
    yield (
        f"| done within {MOST_TIMES:.0f} x Compose's time in the same round "
        f"| {_yes(times.middle <= MOST_TIMES)} | {times.text('.2f')} |"
    )


def _phases(runs: Sequence[Run]) -> Iterator[str]:
    mine = [run for run in runs if run.contender == PORTICO and run.phases]
    if not mine:
        return
    yield "\n| where the seconds of Portico go | |"
    yield "|---|---|"
    for name in mine[0].phases:
        yield f"| {name} | {spread([run.phases.get(name, 0.0) for run in mine]).text('.1f')} |"


def _yes(kept: bool) -> str:
    return "yes" if kept else "**no**"
