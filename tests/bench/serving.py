"""How fast it serves: the presets article and default, Caddy, and Gunicorn alone, taking turns in one run.

python -m tests.bench.serving [--rounds 5] [--seconds 4] [--write docs/benchmarks.md]

Everything runs from rendered files (`make render LAYOUT=sites-available`) on 127.0.0.1: each NGINX and Caddy in a plain
container of the same image on the host's network, before Gunicorns with one and the same rendered configuration. All
write an access log into memory.
"""

import argparse
import contextlib
import gzip
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, Final

import docker
import yaml
from docker.models.containers import Container

from config.plan import Plan, make_plan
from config.stackfile import read_stack
from scripts.render import render_stack, write_rendering
from tests.docker.command import ROOT
from tests.docker.engine import free_port

IMAGE: Final = "nginx:1.30.6"
CONNECTIONS: Final = 16
DYNAMIC, STATIC, ECHO = "/whoami", "/static/words.txt", "/echo"
TICKS: Final = os.sysconf("SC_CLK_TCK")
_HEADERS: Final = ("-H", "Host: localhost", "-H", "Accept-Encoding: gzip")
_RUN_NGINX: Final = (
    "rm -rf /etc/nginx/sites-enabled /etc/nginx/conf.d; cp -R /rendered/. /etc/nginx/; exec nginx -g 'daemon off;'"
)


@dataclass(frozen=True)
class Shot:
    """What wrk said of one run, and the processor time that each side used for a request, in microseconds."""

    rate: float
    p50: float
    p99: float
    edge: float
    gunicorn: float
    client: float


@dataclass
class Contender:
    """Something that answers at `port`; `pid` is its first process, `app` its Gunicorn's; their children count too."""

    name: str
    port: int
    pid: int | None
    app: int
    path: str
    shots: list[Shot] = field(default_factory=list)

    def middle(self, value: str) -> float:
        """The median of one figure over the rounds."""
        return float(median(getattr(shot, value) for shot in self.shots))


class Bench:
    """The applications and edges that are measured; `close` ends them all."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._engine = folder, docker.from_env()
        self._closing = contextlib.ExitStack()
        shutil.copytree(ROOT / "examples/hello", folder / "hello", ignore=shutil.ignore_patterns("__pycache__"))
        self.sockets = folder / "sockets"
        (self.sockets / "hello").mkdir(parents=True)
        (self.sockets / "hello").chmod(0o777)
        words = folder / "hello/static/words.txt"
        words.write_text(_make_words(80 * 1024))
        words.with_name("words.txt.gz").write_bytes(gzip.compress(words.read_bytes(), 9, mtime=0))
        shutil.copystat(words, words.with_name("words.txt.gz"))

    def close(self) -> None:
        self._closing.close()

    def render(self, name: str, port: int, gunicorn: int, **settings: Any) -> tuple[Path, Plan]:
        """The tree of `make render` for these settings; only its three fixed ports are made free ones."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text("name: portico\n")
        site = {"name": "hello", "source": "../hello", "entry": "hello:app", "hosts": ["localhost"]}
        values = {"upstream": "tcp", "replicas": 1, "port": port, "sites": [site], **settings}
        config = {f"portico:{key}": value for key, value in values.items()}
        (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
        plan = make_plan(read_stack(folder, "dev"), folder)
        write_rendering(folder / "out", render_stack(plan, "sites-available"))
        if plan.settings.upstream == "tcp":
            edit(folder / "out/sites-available/hello.conf", "127.0.0.1:8000", f"127.0.0.1:{gunicorn}")
        edit(folder / "out/conf.d/00-status.conf", "127.0.0.1:8081", f"127.0.0.1:{free_port()}")
        return folder / "out", plan

    def start_gunicorn(self, tree: Path, place: int | Path) -> int:
        """Gunicorn from the rendered gunicorn.conf.py, at a port or a socket; its process id."""
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("gunicorn"),
                "--config",
                tree / "gunicorn/hello.gunicorn.conf.py",
                "hello:app",
            ],
            cwd=self.folder / "hello",
            env={**os.environ, "PORTICO_ADDRESS": f"unix:{place}" if isinstance(place, Path) else f"127.0.0.1:{place}"},
            stdout=(log := tree.with_name("gunicorn.log").open("wb")),
            stderr=log,
            start_new_session=True,
        )

        def stop() -> None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

        self._closing.callback(stop)
        if isinstance(place, int):
            await_port(place)
        return process.pid

    def start_nginx(self, tree: Path, plan: Plan, port: int) -> int:
        """NGINX as root with user www-data, as on Debian; its process id."""
        return self._run(
            ["sh", "-c", _RUN_NGINX],
            port,
            {
                str(tree): "/rendered",
                str(self.sockets): "/run/portico",
                str(self.folder / "hello/static"): f"/srv/static/hello/{plan.releases[0].id}/static",
            },
        )

    def start_caddy(self, port: int, upstream: int) -> int:
        """Caddy with the same duties: a proxy, precompressed files, an access log; its process id."""
        (self.folder / "Caddyfile").write_text(
            "{\n\tauto_https off\n\tadmin off\n}\n"
            f"http://127.0.0.1:{port}, http://localhost:{port} {{\n"
            "\tlog {\n\t\toutput file /var/log/nginx/access.log\n\t}\n"
            "\thandle /static/* {\n\t\troot * /srv\n\t\tfile_server {\n\t\t\tprecompressed gzip\n\t\t}\n\t}\n"
            f"\thandle {{\n\t\treverse_proxy 127.0.0.1:{upstream}\n\t}}\n}}\n"
        )
        program = shutil.which("caddy") or sys.exit("error: there is no caddy; make bench installs it.")
        return self._run(
            ["/caddy", "run", "--config", "/Caddyfile"],
            port,
            {
                str(program): "/caddy",
                str(self.folder / "Caddyfile"): "/Caddyfile",
                str(self.folder / "hello/static"): "/srv/static",
            },
        )

    def _run(self, command: Sequence[str], port: int, volumes: dict[str, str]) -> int:
        container: Container = self._engine.containers.create(
            IMAGE,
            entrypoint=list(command),
            network_mode="host",
            volumes={source: {"bind": target, "mode": "ro"} for source, target in volumes.items()},
            tmpfs={"/var/log/nginx": "size=512m"},
        )
        self._closing.callback(container.remove, force=True, v=True)
        container.start()
        try:
            await_port(port)
        except TimeoutError:
            sys.exit(f"error: {' '.join(command)} does not listen\n{container.logs().decode()}")
        container.reload()
        return int(container.attrs["State"]["Pid"])


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text, f"{before} is not in {file}"
    file.write_text(text.replace(before, after))


def await_port(port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if fetch(port, "/healthz")[0] == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")


def fetch(port: int, path: str) -> tuple[int, dict[str, str], int]:
    """One request; status, headers and length of the body as it was sent."""
    lines = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(lines.encode())
        answer = b"".join(iter(lambda: peer.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in rest)}, len(body)


def shoot(target: Contender, seconds: int) -> Shot:
    """One run of wrk."""
    edge, app, client = used(target.pid), used(target.app), resource.getrusage(resource.RUSAGE_CHILDREN)
    url = f"http://127.0.0.1:{target.port}{target.path}"
    done = subprocess.run(
        ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *_HEADERS, url],
        check=True,
        capture_output=True,
        text=True,
    )
    for sign in ("Non-2xx", "Socket errors"):
        if sign in done.stdout:
            sys.exit(f"error: {target.name} failed:\n{done.stdout}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = int(_find(r"(\d+) requests in", done.stdout))
    spent = (after.ru_utime + after.ru_stime) - (client.ru_utime + client.ru_stime)
    return Shot(
        rate=float(_find(r"Requests/sec:\s+([0-9.]+)", done.stdout)),
        p50=_milliseconds(_find(r"50%\s+([0-9.]+\w+)", done.stdout)),
        p99=_milliseconds(_find(r"99%\s+([0-9.]+\w+)", done.stdout)),
        edge=(used(target.pid) - edge) / total * 1e6,
        gunicorn=(used(target.app) - app) / total * 1e6,
        client=spent / total * 1e6,
    )


def used(first: int | None) -> float:
    """Processor seconds of a process and everything below it, so far."""
    if first is None:
        return 0.0
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            values = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(values[1])
            times[int(path.parent.name)] = (int(values[11]) + int(values[12])) / TICKS
    family = {first}
    for _ in range(4):
        family |= {pid for pid, parent in parents.items() if parent in family}
    return sum(times.get(pid, 0.0) for pid in family)


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _make_words(size: int) -> str:
    """Text of random words: worse to compress than prose, so nobody's advantage."""
    chance = random.Random(4)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 10))) for _ in range(3000)]
    text = ""
    while len(text) < size:
        text += " ".join(chance.choices(words, k=12)) + "\n"
    return text[:size]


# --- the keepalive pair


def send_bursts(port: int, pauses: Sequence[float], width: int) -> tuple[int, int]:
    """Bursts of POSTs on kept connections, with these pauses between: how many there were, and how many failed."""
    body = b"x" * 512
    request = f"POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    peers = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(width)]
    sent = failed = 0
    for pause in pauses:
        for peer in peers:
            peer.sendall(request)
        for index, peer in enumerate(peers):
            answer = b""
            while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < _length(answer):
                more = peer.recv(65536)
                if not more:
                    break
                answer += more
            sent += 1
            if not answer.startswith(b"HTTP/1.1 200"):
                failed += 1
            if b"\r\nConnection: close" in answer or not answer:
                peers[index] = socket.create_connection(("127.0.0.1", port), 10)
        time.sleep(pause)
    for peer in peers:
        peer.close()
    return sent, failed


def _length(answer: bytes) -> int:
    found = re.search(rb"\r\ncontent-length: (\d+)", answer, re.IGNORECASE)
    return int(found[1]) if found else 0


def try_pairs(bench: Bench, bursts: int) -> dict[str, tuple[int, int]]:
    """The shipped pair and a broken one, both shortened in proportion, at the same time."""
    results: dict[str, tuple[int, int]] = {}
    threads = []
    # Three bursts around the shorter limit, one around the longer, in steps of a few milliseconds: a connection is
    # closed at the limit or, while Gunicorn has nothing else to do, when the first request of a burst wakes it.
    steps = [number / max(1, bursts - 1) for number in range(bursts)]
    pauses = [(2.94 if number % 4 == 3 else 1.94) + 0.07 * step for number, step in enumerate(steps)]
    for name, nginx, gunicorn in (("kept: NGINX 2 s, Gunicorn 3 s", 2, 3), ("broken: NGINX 3 s, Gunicorn 2 s", 3, 2)):
        port, upstream = free_port(), free_port()
        tree, plan = bench.render(f"pair-{nginx}-{gunicorn}", port, upstream)
        edit(tree / "sites-available/hello.conf", "keepalive_timeout  60s;", f"keepalive_timeout  {nginx}s;")
        edit(tree / "gunicorn/hello.gunicorn.conf.py", "keepalive = 75", f"keepalive = {gunicorn}")
        bench.start_gunicorn(tree, upstream)
        bench.start_nginx(tree, plan, port)

        def work(name: str = name, port: int = port) -> None:
            results[name] = send_bursts(port, pauses, 32)

        threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(sorted(results.items(), reverse=True))


# --- the report


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
        key: Contender(name, ports[key], pids[key], apps.get(key, gunicorn), DYNAMIC) for key, name in names.items()
    }
    dynamic["gunicorn"] = Contender("Gunicorn alone (gthread, TCP)", upstream, None, gunicorn, DYNAMIC)
    names = {
        "article": "preset article (not compressed)",
        "default": "preset default (precompressed)",
        "fly": "compressed on the fly, level 5",
        "caddy": f"Caddy {version} (precompressed)",
    }
    static = {key: Contender(name, ports[key], pids[key], gunicorn, STATIC) for key, name in names.items()}
    sizes = {}
    for key, one in static.items():
        status, headers, size = fetch(one.port, STATIC)
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
    parser = argparse.ArgumentParser(description=__doc__)
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
    text = _HEAD.format(
        date=date.today(), rounds=options.rounds, seconds=options.seconds, cores=os.cpu_count(), load=load
    )
    print(lines)
    if options.write:
        # What people wrote below the figures stays.
        before = options.write.read_text() if options.write.is_file() else ""
        notes_below = "".join(before.partition("\n## Notes\n")[1:])
        options.write.write_text(f"{text}\n{lines}\n{notes_below}")


_HEAD: Final = """# Benchmarks

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

if __name__ == "__main__":
    main()
