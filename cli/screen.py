"""The output of a run: one line that is overwritten on a terminal, plain lines in a pipe."""

import shutil
import sys
import textwrap
import time
from typing import TextIO

import click

from portico.config.printable import spell_printable

# Seconds after which a line in a pipe says that something still goes on.
SILENCE = 30
_FRAMES = "|/-\\"


def spell_lines(text: str) -> str:
    """Lines without control characters, whatever the text that they repeat contains."""
    return spell_printable(text, keep="\n\t")


def tell(text: str, *, err: bool = False) -> None:
    """Print lines of a command that ends with them: on a terminal as `wrap` does, in a pipe as they are."""
    output = sys.stderr if err else sys.stdout
    text = spell_lines(text)
    click.echo(wrap(text, shutil.get_terminal_size((80, 24)).columns) if output.isatty() else text, err=err)


def wrap(text: str, width: int) -> str:
    """The lines of a text, each in as many rows of that many characters as it needs; no word is cut.

    What goes on in another row is indented by two more.
    """
    return "\n".join(row for line in text.splitlines() for row in _wrap_line(line, width))


def _wrap_line(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    rows = textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return rows or [line]


class Screen:
    """Lines that stay, and below them, on a terminal, one that says what is done just now."""

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output or sys.stdout
        self.terminal = self._output.isatty()
        self.width = shutil.get_terminal_size((80, 24)).columns if self.terminal else 80
        self._began = time.monotonic()
        self._spoke = self._began
        self._drawn = False

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._began

    def say(self, line: str) -> None:
        """Print a line that stays. On a terminal it ends between two words; in a pipe it is one line.

        What it repeats, such as an application's log, tells the terminal nothing.
        """
        self.clear()
        plain = spell_lines(line)
        print(wrap(plain, self.width) if self.terminal else plain, file=self._output, flush=True)
        self._spoke = time.monotonic()

    def show(self, what: str) -> None:
        """Say what is done just now; in a pipe only where nothing was said for long."""
        now = time.monotonic()
        reported = f"{spell_lines(what)} ({now - self._began:.0f} s)"
        if self.terminal:
            frame = _FRAMES[int(now * 8) % len(_FRAMES)]
            self._output.write(f"\r\x1b[K{frame} {reported}"[: self.width + 3])
            self._output.flush()
            self._drawn = True
        elif now - self._spoke >= SILENCE:
            self.say(f"still at work: {reported}")

    def clear(self) -> None:
        """Remove the line that says what is done just now."""
        if self._drawn:
            self._output.write("\r\x1b[K")
            self._drawn = False
