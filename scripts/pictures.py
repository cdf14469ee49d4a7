"""Draws the pictures of the documents as SVG: what runs, a release on a line of time, what `portico status` prints."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
# Tones between light and dark: the background is transparent, and both of a browser's are common.
TEXT, LINE, EDGE, NEW, OLD, OWN = "#7d8590", "#7d8590", "#388bfd", "#2da44e", "#b083f0", "#d29922"
SANS: Final = "DejaVu Sans, Helvetica, Arial, sans-serif"
MONO: Final = "DejaVu Sans Mono, Menlo, Consolas, monospace"

# What it printed for docs/getting-started.md with PostgreSQL, on 2026-11-30. Two lines are cut.
STATUS: Final = """$ portico status
dev: 6 running: db-service-server-109d49a hello-gunicorn-0-212f469 hello-gunicorn-1-eba22f7 ...
hello: 1ab3b915c987  https://localhost:8423
db: postgres, healthy, 0 of 100 connections, hello 7.9 MB
db: data postgres-18, volume hello.dev.db.postgres-18
hello: data database, volume hello.dev.hello.database: 12.3 KB in 2 files, 56.5 GB are free
backups: the newest proven one is 7e4eb04a, made 2026-11-30 23:52 UTC (4 min ago): 1 file, 1 database ...
  made at 57 3 * * * (UTC)"""


def write(x: float, y: float, text: str, *, size: int = 12, colour: str = TEXT, anchor: str = "start") -> str:
    where = f'x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"'
    return f'<text {where} xml:space="preserve">{escape(text)}</text>'


def draw_box(x: float, y: float, width: float, height: float, colour: str, lines: Sequence[str] = ()) -> Iterable[str]:
    yield (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5" fill="{colour}" fill-opacity="0.15" '
        f'stroke="{colour}"/>'
    )
    first = y + height / 2 - 8 * (len(lines) - 1) + 4
    for number, line in enumerate(lines):
        yield write(x + width / 2, first + 16 * number, line, anchor="middle")


def draw_arrow(x1: float, y1: float, x2: float, y2: float, text: str = "", dashed: bool = False) -> Iterable[str]:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    yield f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{LINE}" fill="none" marker-end="url(#end)"{dash}/>'
    if text:
        yield write((x1 + x2) / 2, (y1 + y2) / 2 - 6, text, size=11, anchor="middle")


def frame(title: str, width: int, height: int, parts: Iterable[str], font: str = SANS) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{font}" role="img">',
            f"<title>{escape(title)}</title>",
            '<defs><marker id="end" markerWidth="8" markerHeight="8" refX="7" refY="3" orient="auto">'
            f'<path d="M0 0L7 3L0 6z" fill="{LINE}"/></marker></defs>',
            *parts,
            "</svg>\n",
        ]
    )


def draw_architecture() -> str:
    """What runs on one Docker engine, and who makes it."""
    parts = [
        *draw_box(190, 20, 590, 330, LINE),
        write(200, 40, "one Docker engine: this machine, one over SSH, or a VM on AWS"),
        *draw_box(10, 110, 90, 50, LINE, ["browser"]),
        *draw_box(210, 100, 120, 70, EDGE, ["port holder", "owns the port"]),
        *draw_box(390, 100, 120, 70, EDGE, ["NGINX", "static files"]),
        *draw_box(600, 70, 160, 40, NEW, ["Gunicorn, replica 0"]),
        *draw_box(600, 130, 160, 40, NEW, ["Gunicorn, replica 1"]),
        *draw_box(600, 200, 160, 40, NEW, ["workers, jobs"]),
        *draw_box(390, 270, 120, 60, OWN, ["folders of data", "backups"]),
        *draw_box(600, 270, 160, 60, OWN, ["PostgreSQL, Valkey", "where asked for"]),
        *draw_arrow(100, 135, 208, 135, "8080"),
        *draw_arrow(330, 135, 388, 135, "socket"),
        *draw_arrow(510, 125, 598, 90, "unix socket"),
        *draw_arrow(510, 145, 598, 150),
        *draw_box(10, 270, 140, 60, LINE, ["portico up", "a Pulumi program"]),
        *draw_box(210, 270, 120, 60, EDGE, ["check, switch", "end when done"]),
        *draw_arrow(150, 300, 208, 300, dashed=True),
        *draw_arrow(330, 285, 430, 172, "proves, then reloads", dashed=True),
        write(
            10,
            372,
            "Blue: the edge. Green: a release. Yellow: what all of it uses and what outlives it. Dashed: in an update.",
            size=11,
        ),
    ]
    return frame("What runs on one Docker engine", 790, 385, parts)


def read_phases(text: str) -> list[tuple[str, float]]:
    """Where the seconds of a release go: the table of docs/deploys.md."""
    rows = text.partition("| where the seconds of Portico go | |")[2].partition("\n\n")[0]
    return [(name, float(seconds)) for name, seconds in re.findall(r"(?m)^\| ([^|]+?) \| ([\d.]+)", rows)]


def draw_release() -> str:
    """One release by the figures of docs/deploys.md."""
    phases = read_phases((DOCS / "deploys.md").read_text())
    total, left, width = sum(seconds for _, seconds in phases), 250, 500
    starts = [sum(seconds for _, seconds in phases[:number]) for number in range(len(phases))]
    place = dict(zip((name for name, _ in phases), starts, strict=True))

    def at(second: float) -> float:
        return left + width * second / total

    parts = []
    for number, (name, seconds) in enumerate(phases):
        y = 20 + 24 * number
        parts.append(write(left - 10, y + 13, name, anchor="end"))
        parts += draw_box(at(starts[number]), y, max(width * seconds / total, 2), 18, EDGE)
        parts.append(write(at(starts[number] + seconds) + 6, y + 13, f"{seconds:g} s", size=11))
    begins, switches = place["replicas start and become healthy"], place["NGINX switches, old workers finish"]
    stops, ends = place["old replicas stop"], place["the rest is deleted, state is saved"]
    y = 40 + 24 * len(phases)
    for number, (name, since, until, colour) in enumerate(
        (
            ("the old release answers", 0.0, stops, OLD),
            ("old replicas end", stops, ends, LINE),
            ("new replicas start, asked by nobody", begins, switches, LINE),
            ("the new release answers", switches, total, NEW),
        )
    ):
        parts.append(write(left - 10, y + 24 * number + 13, name, anchor="end"))
        parts += draw_box(at(since), y + 24 * number, width * (until - since) / total, 18, colour)
    y += 24 * 4 + 24
    parts.append(write(left, y, "While NGINX's old workers finish, both answer: there is no gap.", size=11))
    return frame("One release on a line of time", 810, y + 12, parts)


def draw_status() -> str:
    """What it prints, as text."""
    lines = STATUS.split("\n")
    parts = [
        *draw_box(2, 2, 896, 20 * len(lines) + 18, LINE),
        *(write(14, 26 + 20 * number, line, size=11) for number, line in enumerate(lines)),
    ]
    return frame("What portico status prints", 900, 20 * len(lines) + 24, parts, MONO)
