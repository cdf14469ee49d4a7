"""Measures and writes: python -m tests.bench.serving."""

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, Final

import bench.serving
from bench.serving.bench import Bench
from bench.serving.pair import try_pairs
from bench.serving.report import HEAD, report
from bench.serving.shot import Contender, fetch, shoot
from tests.docker.engine import free_port

_DYNAMIC: Final = "/whoami"
_STATIC: Final = "/static/words.txt"


def measure(
    bench: Bench, rounds: int, seconds: int
) -> tuple[dict[str, Contender], dict[str, Contender], dict[str, str]]:
    upstream = free_port()
    wanted: dict[str, dict[str, Any]] = {
        "article": {"preset": "article"},
        "default": {"upstream": "socket"},
        "tcp": {},
        "fly": {"nginx": {"gzip": {"static": False}}},
    }
    ports = {name: free_port() for name in (*wanted, "caddy")}
    trees = {name: bench.render(name, ports[name], upstream, **settings) for name, settings in wanted.items()}
    # The presets differ in NGINX alone, so all Gunicorns are alike; one has a port and one a socket.
    assert len({(tree / "gunicorn/hello.gunicorn.conf.py").read_text() for tree, _ in trees.values()}) == 1
    gunicorn = bench.start_gunicorn(trees["article"][0], upstream)
    tree, plan = trees["default"]
    place = bench.sockets / plan.releases[0].bind[0].removeprefix("unix:/run/portico/")
    apps = {"default": bench.start_gunicorn(tree, place)}
    pids = {name: bench.start_nginx(tree, plan, ports[name]) for name, (tree, plan) in trees.items()}
    pids["caddy"] = bench.start_caddy(ports["caddy"], upstream)
    version = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout.split()[0]
    names = {
        "article": "preset article (TCP to Gunicorn)",
        "default": "preset default (unix socket)",
        "tcp": "preset default (TCP)",
        "caddy": f"Caddy {version} (TCP)",
    }
    dynamic = {
        key: Contender(name, ports[key], pids[key], apps.get(key, gunicorn), _DYNAMIC) for key, name in names.items()
    }
    dynamic["gunicorn"] = Contender("Gunicorn alone (gthread, TCP)", upstream, None, gunicorn, _DYNAMIC)
    names = {
        "article": "preset article (not compressed)",
        "default": "preset default (precompressed)",
        "fly": "compressed on the fly, level 5",
        "caddy": f"Caddy {version} (precompressed)",
    }
    static = {key: Contender(name, ports[key], pids[key], gunicorn, _STATIC) for key, name in names.items()}
    sizes = {}
    for key, one in static.items():
        status, headers, size = fetch(one.port, _STATIC)
        assert status == 200 and (headers.get("content-encoding") == "gzip") == (key != "article"), (key, headers)
        sizes[key] = size
    everybody = [*dynamic.values(), *static.values()]
    for one in everybody:
        shoot(one, 1)
    for number in range(rounds):
        # Everybody is first once, so that a slow minute of the machine is not always the same one's.
        turn = number % len(everybody)
        for one in everybody[turn:] + everybody[:turn]:
            one.shots.append(shoot(one, seconds))
            print(
                f"round {number + 1}: {one.name} {one.path}: {one.shots[-1].rate:,.0f}/s", file=sys.stderr, flush=True
            )
    saved = 1 - sizes["default"] / sizes["article"]
    return dynamic, static, {"static: always compressed": f"yes: {saved:.0%} fewer bytes than the article's answer"}


def main() -> None:
    parser = argparse.ArgumentParser(description=tests.bench.serving.__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 5))
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("SECONDS_EACH") or 4))
    parser.add_argument("--bursts", type=int, default=32)
    parser.add_argument("--write", type=Path, help="a Markdown file for the results")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as name:
        Path(name).chmod(0o755)
        bench = Bench(Path(name))
        try:
            dynamic, static, notes = measure(bench, options.rounds, options.seconds)
            pairs = try_pairs(bench, options.bursts)
        finally:
            bench.close()
    good, bad = pairs.values()
    notes["keepalive pair: none of 1,000 POSTs around the idle limit fails"] = (
        f"{'yes' if not good[1] else '**no**'}: {good[1]} of {good[0]:,} failed"
    )
    notes["keepalive pair, broken on purpose: failures appear"] = (
        f"{'yes' if bad[1] else '**no**'}: {bad[1]} of {bad[0]:,} failed"
    )
    lines = "\n".join(report(dynamic, static, notes))
    text = HEAD.format(
        date=date.today(), rounds=options.rounds, seconds=options.seconds, cores=os.cpu_count(), load=load
    )
    print(lines)
    if options.write:
        # What people wrote below the figures stays.
        before = options.write.read_text() if options.write.is_file() else ""
        notes_below = "".join(before.partition("\n## Notes\n")[1:])
        options.write.write_text(f"{text}\n{lines}\n{notes_below}")


if __name__ == "__main__":
    main()
