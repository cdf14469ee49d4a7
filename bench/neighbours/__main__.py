"""Measures and writes: python -m bench.neighbours."""

import argparse
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any, Final

from bench import neighbours
from bench.neighbours.application import TEXT
from bench.neighbours.attacks import ATTACKS, under
from bench.neighbours.quiet import Seen, report, watch
from tests.docker.engine import Deployment, free_port

_HEAD: Final = """# Noisy neighbours

What a site notices of attacks on another site of the same stack, by `make bench`: {date}, {cores} cores, load
{load:.1f} before, {seconds} s each, all from one address, client and attacker on the same machine. Every fifth answer
has 2 MB, the others 1 KB. The promise: none fails, and the 99th percentile is at most twice that of a quiet stack.
"""
_LOUD, _QUIET = "loud", "quiet"


def make_site(name: str, **settings: Any) -> dict[str, Any]:
    return {
        "name": name,
        "source": f"sites/{name}",
        "entry": "web:app",
        "hosts": [f"{name}.localhost"],
        "health": "/whoami",
        **settings,
    }


def measure(folder: Path, seconds: float) -> tuple[Seen, list[Seen]]:
    """Without an attack, and under each."""
    sites = [make_site(_LOUD, routes=[{"path": "/page/", "cache": "60s"}]), make_site(_QUIET)]
    tls: dict[str, Any] = {"port": free_port(), "localAuthority": True, "redirect": False}
    with Deployment(folder, *sites, tls=tls) as deployment:
        for name in (_LOUD, _QUIET):
            deployment.write(name, "web.py", TEXT)
            deployment.write(name, "requirements.txt", "flask==3.1.3\n")
        deployment.up()
        port, host = deployment.port, f"{_QUIET}.localhost"
        watch("", port, host, 3)  # nobody is the first
        quiet, seen = watch("", port, host, seconds), []
        for name, (attack, many) in ATTACKS.items():
            with under(attack, many, port, tls["port"], f"{_LOUD}.localhost"):
                time.sleep(3)
                seen.append(watch(name, port, host, seconds))
            print(f"{name}: {seen[-1].failed} failed, p99 {seen[-1].p99 * 1000:.0f} ms", file=sys.stderr, flush=True)
            time.sleep(5)  # what is begun ends
        return quiet, seen


def main() -> None:
    parser = argparse.ArgumentParser(description=neighbours.__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--write", type=Path, help="a Markdown file for the results")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as folder:
        lines = "\n".join(report(*measure(Path(folder), options.seconds)))
    print(lines)
    if options.write:
        before = options.write.read_text() if options.write.is_file() else ""
        notes = "".join(before.partition("\n## Notes\n")[1:])
        head = _HEAD.format(date=date.today(), cores=os.cpu_count(), load=load, seconds=f"{options.seconds:g}")
        options.write.write_text(f"{head}\n{lines}\n{notes}")


if __name__ == "__main__":
    main()
