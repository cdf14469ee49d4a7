"""How long rendering takes: 50, 100 and 200 sites. Run it with: .venv/bin/python -m tests.bench.rendering

Everything is measured that a preview does before Pulumi: the settings are checked, the sources read,
and all files written, in memory. It fails where 100 sites take 1 s, or where four times the sites
take more than six times as long: then something is looked up in a list for each entry of a list.
"""

import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from portico.config.settings import derive_uid
from tests.config.sample import SHOP, write_files
from tests.property.rendered import render

COUNTS = (50, 100, 200)
ROUNDS = 5
MOST_SECONDS, MOST_RATIO = 1.0, 4 * 1.5


def make_values(count: int) -> dict[str, Any]:
    """A stack of many sites, each with a few of everything."""
    # Two names in 40,000 share a user, which settings refuse.
    names = {derive_uid(name): name for name in (f"site-{number}" for number in range(2 * count))}
    routes = [{"path": "/events", "stream": True}, {"path": "/api/", "cache": "10s", "rate": {"rate": "10r/s"}}]
    return {
        "sites": [
            {
                "name": name,
                "source": "shop",
                "entry": "web:app",
                "hosts": [f"{name}.example", f"*.{name}.example"],
                "aliases": [f"www-{name}.example"],
                "replicas": 4,
                "routes": routes,
            }
            for name in list(names.values())[:count]
        ]
    }


def measure(root: Path) -> dict[int, float]:
    """Shortest seconds of processor time by number of sites: what else the machine does adds little to them.

    The numbers take turns, so that a busy moment meets all of them.
    """
    render(make_values(1), root)
    seconds: dict[int, list[float]] = {count: [] for count in COUNTS}
    for _ in range(ROUNDS):
        for count, taken in seconds.items():
            values = make_values(count)
            began = time.process_time()
            render(values, root)
            taken.append(time.process_time() - began)
    for count, taken in seconds.items():
        print(f"{count:4} sites: median {median(taken):.3f} s, {min(taken):.3f} to {max(taken):.3f} s")
    return {count: min(taken) for count, taken in seconds.items()}


def main() -> int:
    with TemporaryDirectory() as folder:
        write_files(Path(folder) / "shop", SHOP)
        seconds = measure(Path(folder))
    ratio = seconds[200] / seconds[50]
    print(f"200 sites take {ratio:.1f} times as long as 50 (at most {MOST_RATIO:g}; linear is 4)")
    return int(seconds[100] > MOST_SECONDS or ratio > MOST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
