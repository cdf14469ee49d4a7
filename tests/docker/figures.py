"""What the reliability tests measured, for docs/reliability.md.

A test takes the fixture `figures` and says, in one line for each promise:

    figures.record("C4", "replaced after a hang", target="<= 30 s", measured="21.3 s", met=seconds <= 30)

That is also the assertion: the test fails where `met` is false, so the table and the test cannot disagree. The rows are
in rows.py. `make soak` runs every test that is marked `soak` or takes `figures`; of a parametrized test that has forms
marked `soak`, only those. `SOAK` is true then, for a test that has one form and two counts.
"""

import os
from dataclasses import dataclass
from typing import Final

from tests.docker.rows import ROWS

SOAK: Final = os.environ.get("PORTICO_EXAMPLES") == "soak"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One promise and what became of it."""

    row: str
    what: str
    target: str
    measured: str
    met: bool

    def __str__(self) -> str:
        return f"{self.row} {self.what}: {self.measured} (target {self.target}){'' if self.met else ' NOT MET'}"


class Figures:
    """The figures of one run of the tests, in the order in which they were recorded."""

    def __init__(self) -> None:
        self.recorded: list[Figure] = []

    def record(self, row: str, what: str, *, target: str, measured: str, met: bool) -> None:
        """Note one figure, and fail the test if it is not `met`. A `row` that rows.py does not name is a KeyError."""
        assert ROWS[row]
        figure = Figure(row=row, what=what, target=target, measured=measured, met=met)
        self.recorded.append(figure)
        assert met, str(figure)

    def table(self) -> list[str]:
        """A Markdown table: every row, those without a figure too."""
        lines = ["| row | what | target | measured | met |", "|---|---|---|---|---|"]
        for row in ROWS:
            found = [figure for figure in self.recorded if figure.row == row]
            lines += [
                f"| {row} | {_cell(one.what)} | {_cell(one.target)} | {_cell(one.measured)} | "
                + ("yes |" if one.met else "**no** |")
                for one in found
            ] or [f"| {row} | | | not measured | |"]
        return lines


# Of this process; tests/conftest.py gathers those of the workers.
FIGURES: Final = Figures()
# What was not run, and why.
LEFT_OUT: Final[list[str]] = []


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
