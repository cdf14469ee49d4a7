"""What was measured, as Markdown: the tables, the targets, and how it was done."""

from collections.abc import Iterator
from statistics import median
from typing import Final

from tests.bench.serving.shot import Contender

HEAD: Final = """# Benchmarks

Measured on {date} with `make bench WRITE=docs/benchmarks.md`: {rounds} rounds of {seconds} s each, wrk with 16
connections on 127.0.0.1, {cores} cores that wrk, NGINX, Gunicorn and whatever else the machine did shared (load when it
began: {load:.1f}). In each round everybody has one turn; figures are medians of the rounds, ratios medians of each
round's own ratio. Absolute figures say more about the machine than about the software: compare within a table.

NGINX 1.30.6 runs from the files of `make render LAYOUT=sites-available` in a plain container on the host's network, and
so does Caddy; behind them is Gunicorn with the rendered `gunicorn.conf.py` (2 workers, 4 threads) and `examples/hello`.
NGINX and Caddy write an access log. Dynamic requests ask for `/whoami`; the static file is text of random words, asked
for with `Accept-Encoding: gzip`.

The pair of idle limits is shortened in proportion in the rendered files; bursts of 32 POSTs follow one another after
pauses just below and above the two limits, in steps of milliseconds.
"""


def compare(top: Contender, bottom: Contender) -> tuple[float, float, float]:
    """The ratio of rates: the median of the rounds' own ratios, and the lowest and highest."""
    ratios = [one.rate / two.rate for one, two in zip(top.shots, bottom.shots, strict=True)]
    return median(ratios), min(ratios), max(ratios)


def report(dynamic: dict[str, Contender], static: dict[str, Contender], notes: dict[str, str]) -> Iterator[str]:
    head = (
        "| | requests/s | lowest, highest | p50 ms | p99 ms | CPU µs/request: edge | Gunicorn | wrk |\n"
        + "|---" * 8
        + "|"
    )
    for title, group in (("Dynamic requests", dynamic), ("A text file of 80 KiB", static)):
        yield f"## {title}\n\n{head}"
        for one in group.values():
            rates = [shot.rate for shot in one.shots]
            yield (
                f"| {one.name} | {one.middle('rate'):,.0f} | {min(rates):,.0f}, {max(rates):,.0f} | "
                f"{one.middle('p50'):.2f} | {one.middle('p99'):.2f} | {one.middle('edge'):.0f} | "
                f"{one.middle('gunicorn'):.0f} | {one.middle('client'):.0f} |"
            )
        yield ""
    yield "## Targets\n\n| target | reached | median ratio | lowest, highest of the rounds |\n|---|---|---|---|"
    targets = [
        ("dynamic: default >= 1.4 x article", dynamic["default"], dynamic["article"], 1.4),
        ("dynamic: default ahead of Caddy", dynamic["default"], dynamic["caddy"], 1.0),
        ("dynamic: NGINX and Gunicorn >= 0.95 x Gunicorn alone", dynamic["default"], dynamic["gunicorn"], 0.95),
        ("static: default never slower than article", static["default"], static["article"], 1.0),
        ("static: default >= 20 x compression on the fly", static["default"], static["fly"], 20.0),
        ("static: default ahead of Caddy", static["default"], static["caddy"], 1.0),
    ]
    for text, top, bottom, least in targets:
        ratio, low, high = compare(top, bottom)
        yield f"| {text} | {'yes' if ratio >= least else '**no**'} | {ratio:.2f} | {low:.2f}, {high:.2f} |"
    late = dynamic["default"].middle("p99") / dynamic["article"].middle("p99")
    yield f"| dynamic: p99 of default not worse than article's | {'yes' if late <= 1 else '**no**'} | {late:.2f} | |"
    for text, value in notes.items():
        yield f"| {text} | {value} | | |"
    alone, whole = (
        sum(dynamic[key].middle(side) for side in ("edge", "gunicorn", "client")) for key in ("gunicorn", "default")
    )
    yield (
        f"\nA dynamic request costs {whole:.0f} µs of processor time through NGINX and {alone:.0f} µs without it. "
        f"Where all cores are busy, as here, that alone makes a ratio of {alone / whole:.2f} to Gunicorn alone."
    )
