"""Draws recorded runs: answered and lost requests a second, one panel for each contender.

    .tools/bench/bin/python -m tests.bench.deploying.plot RECORD OUT.svg [OUT.png]

Needs matplotlib (requirements-bench.lock), and nothing else that is not in this folder.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.deploying.record import STEP, Run, choose, group, load

# Tones between light and dark: the background is transparent, and both of GitHub's are common.
TEXT, GRID, ANSWERED, LOST = "#7d8590", "#7d859044", "#2da44e", "#e5534b"
MARK, FIRST = "#388bfd", "#b083f0"


def draw(runs: Sequence[Run], *outs: Path) -> None:
    """One file for each of `outs`, in the format that its name ends with."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update(
        {
            "svg.fonttype": "none",  # text stays text
            "svg.hashsalt": "portico",  # the same record, the same file
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial"],
            "font.size": 11,
            **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), TEXT),
        }
    )
    from matplotlib import pyplot

    chosen = [choose(mine) for mine in group(runs).values()]
    figure, panels = pyplot.subplots(
        len(chosen), 1, figsize=(9, 2.3 * len(chosen)), sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for panel, run in zip(panels[:, 0], chosen, strict=True):
        _draw_panel(panel, run)
    panels[-1, 0].set_xlabel("seconds since the command began")
    panels[len(chosen) // 2, 0].set_ylabel("requests per second")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, fontsize=10)
    for out in outs:
        extra: dict[str, Any] = {"metadata": {"Date": None}} if out.suffix == ".svg" else {"dpi": 100}
        figure.savefig(out, transparent=True, **extra)
    pyplot.close(figure)


def _draw_panel(panel: Any, run: Run) -> None:
    answered, lost = (_rate(counts) for counts in (run.answered, run.failed))
    edges = [run.begin + STEP * number for number in range(len(answered) + 1)]
    both = [sum(rates) for rates in zip(answered, lost, strict=True)]
    panel.stairs(answered, edges, fill=True, color=ANSWERED, label="answered")
    panel.stairs(both, edges, baseline=answered, fill=True, color=LOST, label="lost")
    panel.axvline(0, color=MARK, linewidth=1.5, label="command begins")
    panel.axvline(run.done, color=MARK, linewidth=1.5, linestyle="--", label="it returned")
    panel.axvline(run.live, color=FIRST, linewidth=2, linestyle=":", label="new release answers")
    panel.set_title(
        f"{run.contender}: {run.all_lost:,} of {run.requests:,} requests lost, done in {run.done:.1f} s",
        loc="left",
        fontsize=12,
        fontweight="bold",
    )
    panel.grid(axis="y", color=GRID)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _rate(counts: Sequence[int]) -> list[float]:
    return [count / STEP for count in counts]


if __name__ == "__main__":
    draw(load(Path(sys.argv[1])), *map(Path, sys.argv[2:]))
