"""One code release on Portico, Docker Compose in three ways and plain pulumi-docker, under the same load, in one run.

python -m bench.deploying.run [--rounds 3] [--record FILE] [--keep FOLDER]
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from bench.deploying.contenders import Compose, Contender, PlainPulumi, Portico
from bench.deploying.experts import RollingCompose, TunedCompose
from bench.deploying.record import STEP, Run, count_bars, save
from tests.docker.ask import ADDRESS, ask
from tests.docker.load import Load, Report, json_values, standard_clients
from tests.docker.traffic import HELLO

BEFORE, AFTER = 5.0, 4.0  # seconds of load before the command, and after both its end and the new release
TIMEOUT = 60.0  # seconds in which the new release must answer after the command returned


def make_load(port: int) -> Load:
    """The load of the reliability tests."""
    clients = standard_clients(16, [HELLO])
    return Load(ADDRESS, port, clients, rate=150, observe=json_values("site", "release"), most_seconds=300)


def measure(contender: Contender, number: int) -> Run:
    """One change under load."""
    busy, load = os.getloadavg()[0], make_load(contender.port)
    with load:
        load.wait(BEFORE)
        old = set(load.report().seen)
        contender.change(number)
        begin = load.now()
        contender.deploy()
        done = load.now()
        while not (fresh := [seen.first for name, seen in load.report().seen.items() if name not in old]):
            if load.now() - done > TIMEOUT:
                raise RuntimeError(f"{contender.name}: the new release does not answer\n{load.report().details()}")
            load.wait(0.2)
        load.wait(AFTER)
    run = describe(contender.name, load.report(), begin, done, min(fresh), contender.phases)
    return replace(run, busy=busy)


def describe(
    name: str,
    report: Report,
    begin: float,
    done: float,
    live: float,
    phases: Mapping[str, float] = MappingProxyType({}),
) -> Run:
    """The figures of one report; `begin`, `done` and `live` by the clock of the load."""
    bars = int(report.seconds // STEP)
    changed = max(done, live)
    return Run(
        contender=name,
        requests=report.sent,
        lost=dict(report.failures),
        gap=report.longest_gap(),
        p99_before=report.latency(99, until=begin),
        p99_during=report.latency(99, since=begin, until=changed + 1),
        done=done - begin,
        live=live - begin,
        begin=-begin,
        answered=count_bars([sample.at for sample in report.samples], 0, bars),
        failed=count_bars(report.failed_at, 0, bars),
        phases=dict(phases),
    )


def await_page(contender: Contender) -> None:
    """Until NGINX and the application answer for the first time."""
    until = time.monotonic() + TIMEOUT
    while True:
        try:
            answer = ask(contender.port, "localhost", "/healthz", timeout=5)
        except OSError:
            answer = None
        if answer is not None and answer.status == 200:
            return
        if time.monotonic() > until:
            raise RuntimeError(f"{contender.name} does not answer: {answer}")
        time.sleep(0.2)


def run_all(folder: Path, rounds: int) -> list[Run]:
    """All contenders, up at the same time; in each round everybody has a turn, and another one is first."""
    with ExitStack() as stack:
        everybody: list[Contender] = []

        def enter(contender: Contender) -> None:
            stack.callback(contender.remove)
            everybody.append(contender)
            contender.deploy()
            await_page(contender)
            say(f"{contender.name} is up")

        enter(Portico(folder / "portico"))
        pip = folder / "portico" / ".portico"
        enter(Compose(folder / "compose", pip))
        enter(TunedCompose(folder / "tuned", pip))
        enter(RollingCompose(folder / "rolling", pip))
        enter(PlainPulumi(folder / "plain", pip))
        runs: dict[str, list[Run]] = {contender.name: [] for contender in everybody}
        for number in range(rounds):
            turn = number % len(everybody)
            for contender in everybody[turn:] + everybody[:turn]:
                one = measure(contender, number)
                runs[contender.name].append(one)
                say(
                    f"round {number + 1}: {contender.name}: {one.requests} requests, {one.all_lost} lost, "
                    f"done in {one.done:.1f} s, new release after {one.live:.1f} s"
                )
        return [run for mine in runs.values() for run in mine]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 3))
    parser.add_argument("--record", type=Path, required=True, help="where the runs are kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as name:
        # The mounted nginx.conf must be readable by NGINX's user.
        Path(name).chmod(0o755)
        runs = run_all(Path(name), options.rounds)
    options.record.parent.mkdir(parents=True, exist_ok=True)
    save(options.record, runs)


if __name__ == "__main__":
    main()
