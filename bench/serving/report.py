"""What was measured, as Markdown: the tables, the targets, and how it was done."""

from collections.abc import Iterator
from statistics import median
from typing import Final

from bench.serving.shot import Contender

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


# What is asked of NGINX and Gunicorn together, against Gunicorn alone.
RATIO: Final = 0.95


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
                f"{one.middle('p50'):.2f} | {one.middle('p99'):.2f} | {one.middle('edge.time'):.0f} | "
                f"{one.middle('gunicorn.time'):.0f} | {one.middle('client'):.0f} |"
            )
        yield ""
    yield "## Targets\n\n| target | reached | median ratio | lowest, highest of the rounds |\n|---|---|---|---|"
    targets = [
        ("dynamic: default >= 1.4 x article", dynamic["default"], dynamic["article"], 1.4),
        ("dynamic: default ahead of Caddy", dynamic["default"], dynamic["caddy"], 1.0),
        (f"dynamic: NGINX and Gunicorn >= {RATIO} x Gunicorn alone", dynamic["default"], dynamic["gunicorn"], RATIO),
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
    yield ""
    yield from explain(dynamic)


def explain(dynamic: dict[str, Contender]) -> Iterator[str]:
    """Where the time of a dynamic request goes, and what follows from that for the ratio to Gunicorn alone."""
    yield (
        "## Where the time of a dynamic request goes\n\nMicroseconds of processor time for one request, and how often "
        "somebody gave up the core to wait.\n\n"
        "| | NGINX's own code | the kernel for it | waits | Gunicorn's own code | the kernel for it | waits | wrk |"
        " cores idle |\n" + "|---" * 9 + "|"
    )
    for one in dynamic.values():
        sides = [
            f"{one.middle(f'{side}.own'):.0f} | {one.middle(f'{side}.kernel'):.0f} | {one.middle(f'{side}.waits'):.1f}"
            for side in ("edge", "gunicorn")
        ]
        yield f"| {one.name} | {' | '.join(sides)} | {one.middle('client'):.0f} | {one.middle('idle'):.0%} |"
    default, gunicorn = dynamic["default"], dynamic["gunicorn"]
    ratio, _, _ = compare(default, gunicorn)
    alone, whole = (
        sum(one.middle(side) for side in ("edge.time", "gunicorn.time", "client")) for one in (gunicorn, default)
    )
    edge = default.middle("edge.time")
    yield (
        f"\nA dynamic request costs {whole:.0f} µs of processor time through NGINX and {alone:.0f} µs without it. "
        f"Where no core is idle, that alone makes a ratio of {alone / whole:.2f} to Gunicorn alone."
    )
    if ratio < RATIO:
        more = default.middle("gunicorn.time") - gunicorn.middle("gunicorn.time")
        left = edge - (whole - alone / RATIO)
        most = f"at most {left:.0f} µs" if left > 0 else "less than nothing"
        yield (
            f"\n**{RATIO} of Gunicorn alone is not reached** ({ratio:.2f}). NGINX takes {edge:.0f} µs of a request, "
            f"{default.middle('edge.kernel') / edge:.0%} of it in the kernel, which receives, sends and logs for it; "
            f"Gunicorn takes {more:+.0f} µs against Gunicorn alone. For {RATIO} NGINX would have to take {most}."
        )
