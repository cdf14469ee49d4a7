"""What runs jobs: real processes, by a clock that goes thirty times as fast; each container is one of them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portico.config.release.schedule import write_words
from portico.config.settings import Settings
from tests.config.sample import make_site, read_settings

SPEED = 30  # a minute takes two seconds
# As if the container were called as it is reported, and began when it is reported.
PRELUDE = f"""
import os, select, socket, time
_real, _pause, _zero = time.time, select.select, float(os.environ["ZERO"])
time.time = lambda: _zero + (_real() - float(os.environ["EPOCH"])) * {SPEED}
select.select = lambda r, w, x, wait: _pause(r, w, x, wait / {SPEED})
socket.gethostname = lambda: os.environ["NAME"]
"""
# Three minutes before a full hour: a busy machine takes seconds to start a process.
ZERO = datetime.fromisoformat("2026-03-10T03:57:00+00:00").timestamp()


@dataclass
class Site:
    """The folder that the containers of one site share, and those containers."""

    folder: Path
    epoch: float = field(default_factory=time.time)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, name: str, *jobs: dict[str, Any], release: str = "r1", zero: float = ZERO) -> subprocess.Popen[str]:
        """Start what runs the jobs in a container of that name."""
        root = self.folder.parent
        settings: Settings = read_settings(root, make_site(schedule=list(jobs)))
        words = write_words(settings.sites[0])
        script, last = PRELUDE + words[3], str(self.folder)
        given = {"NAME": name, "EPOCH": str(self.epoch), "ZERO": str(zero), "PORTICO_RELEASE": release}
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", script, *words[4:-1], last],
            env={"PATH": os.environ["PATH"], "OUT": str(self.folder.parent / "out"), **given},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.started.append(process)
        return process

    def read(self) -> list[dict[str, Any]]:
        file = self.folder / "schedule.json"
        runs: list[dict[str, Any]] = json.loads(file.read_text())["runs"] if file.exists() else []
        return runs

    def outcomes(self) -> list[tuple[str, str]]:
        return [(run["due"][11:16], run["outcome"]) for run in self.read()]

    def done(self) -> list[str]:
        file = self.folder.parent / "out"
        return file.read_text().splitlines() if file.exists() else []

    def wait(self, what: Callable[[], object], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, (self.read(), self.done())
            time.sleep(0.05)


@pytest.fixture
def site(root: Path) -> Iterator[Site]:
    made = Site(root / "state")
    yield made
    for process in made.started:
        process.kill()
    # In a container their jobs would end with them. Here they would keep the pipes open that are read to their ends.
    ours = os.fsencode(f"OUT={made.folder.parent / 'out'}")
    for one in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if ours in (one / "environ").read_bytes().split(b"\0"):
                os.kill(int(one.name), signal.SIGKILL)
    for process in made.started:
        process.communicate()


def list_minutes(first: str, count: int) -> list[str]:
    """So many minutes, one after the other."""
    begin = datetime.fromisoformat(first)
    return [(begin + timedelta(minutes=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(count)]


def job(script: str = 'echo "$PORTICO_SCHEDULED" >>"$OUT"', cron: str = "* * * * *", **more: Any) -> dict[str, Any]:
    return {"name": "tick", "cron": cron, "command": f"sh -c '{script}'", **more}


def test_nothing_is_run_for_earlier_times_and_then_each_minute_once(site: Site) -> None:
    site.start("a", job())
    site.wait(lambda: len(site.read()) > 3)
    first, *others = site.read()[:3]
    # Nothing is due at 03:57 itself: it was that when it began, or later.
    assert first["due"] > "2026-03-10T03:57:00Z"
    assert [run["outcome"] for run in (first, *others)] == ["ended"] * 3
    assert site.done()[:3] == [run["due"] for run in (first, *others)] == list_minutes(first["due"], 3)
    assert (first["job"], first["code"], first["release"], first["holder"]) == ("tick", 0, "r1", "a")
    assert first["start"] >= first["due"] and first["seconds"] < 2


def test_each_minute_is_run_once_across_releases_whoever_is_killed(site: Site) -> None:
    """Six containers; each second one is killed, the others are asked to end while the next one waits."""
    minutes = 0
    running = site.start("c0", job())
    for index in range(1, 6):
        following = site.start(f"c{index}", job(), release=f"r{index}")
        minutes += 2
        site.wait(lambda wanted=minutes: len(site.done()) >= wanted)  # type: ignore[misc]
        running.send_signal(signal.SIGKILL if index % 2 else signal.SIGTERM)
        running.wait(60)
        running = following
    site.wait(lambda: len(site.done()) >= minutes + 2)
    done = site.done()
    assert done == list_minutes(done[0], len(done))
    assert len({run["release"] for run in site.read()}) > 3


def test_a_long_job_is_not_cut_by_a_release_and_does_not_overlap(site: Site) -> None:
    script = 'echo "begin $PORTICO_SCHEDULED" >>"$OUT"; sleep 5; echo "end $PORTICO_SCHEDULED" >>"$OUT"'
    old = site.start("old", job(script))
    site.wait(site.done)
    new = site.start("new", job(script), release="r2")
    old.terminate()
    assert old.wait(60) == 0
    first = site.read()[0]["due"]
    site.wait(lambda: len(site.done()) > 2)
    assert site.done()[:2] == [f"begin {first}", f"end {first}"]
    skipped = [run for run in site.read() if run["outcome"] == "skipped"]
    # While the old one only waited for its job, the new one looked after the times.
    assert skipped[0]["due"] == list_minutes(first, 2)[1] and skipped[-1]["holder"] == "new"
    assert site.read()[-1]["holder"] == "new" and new.poll() is None


@pytest.mark.extended
def test_what_overlaps_is_allowed_where_it_is_to_be(site: Site) -> None:
    site.start("a", job('echo x >>"$OUT"; sleep 20', overlap="allow"))
    site.wait(lambda: len(site.done()) == 3)
    assert {outcome for _, outcome in site.outcomes()} == {"running"}


def test_the_newer_run_ends_the_older_one_also_in_another_container(site: Site) -> None:
    old = site.start("old", job('echo x >>"$OUT"; exec sleep 60', overlap="replace"))
    site.wait(site.done)
    site.start("new", job('echo x >>"$OUT"; exec sleep 60', overlap="replace"))
    old.terminate()
    assert old.wait(60) == 0
    last = [run for run in site.read() if run["holder"] == "old"][-1]
    assert (last["outcome"], last["code"]) == ("replaced", -signal.SIGTERM)
    site.wait(lambda: site.read()[-1]["holder"] == "new")


def test_a_job_that_takes_too_long_is_ended_with_what_it_has_started(site: Site) -> None:
    site.start("a", job('sleep 61.25 & echo x >>"$OUT"; wait', timeout="1s", cron="0 * * * *"))
    site.wait(lambda: site.outcomes() == [("04:00", "timeout")])
    assert not subprocess.run(["pgrep", "-fx", "sleep 61.25"], capture_output=True).stdout


def test_what_its_container_took_along_is_reported_and_not_run_again(site: Site) -> None:
    killed = site.start("a", job('echo $$ >>"$OUT"; exec sleep 60', cron="0 * * * *"))
    site.wait(site.done)
    killed.kill()
    # In a container it would have been ended with it.
    os.kill(int(site.done()[0]), signal.SIGKILL)
    # The same container once more, as Docker starts it.
    site.start("a", job('echo x >>"$OUT"; exec sleep 60', cron="0 * * * *"))
    site.wait(lambda: site.outcomes() == [("04:00", "lost")])
    time.sleep(0.5)
    assert len(site.done()) == 1


def test_what_nobody_was_there_for_is_missed_and_reported_once(site: Site) -> None:
    before = site.start("a", job())
    site.wait(lambda: len(site.done()) == 1)
    before.terminate()
    before.wait(60)
    site.start("b", job(), zero=ZERO + 3600)
    site.wait(lambda: "missed" in dict(site.outcomes()).values())
    missed = next(run for run in site.read() if run["outcome"] == "missed")
    count = missed["count"]
    assert count > 50 and list_minutes(missed["first"], count)[-1] == missed["due"]
    site.wait(lambda: len(site.done()) > 6)
    done = site.done()
    # What is less than five minutes late is run, and what is missed is no more.
    assert list_minutes(done[0], count + 2)[1:] == [*list_minutes(missed["first"], count), done[1]]
    assert done[1:] == list_minutes(done[1], len(done) - 1)


def test_a_command_that_is_not_there_and_one_that_fails_are_reported(site: Site) -> None:
    site.start("a", job() | {"command": "no-such-program"}, job("exit 3") | {"name": "bad"})
    site.wait(lambda: len([run for run in site.read() if run["outcome"] not in ("running",)]) >= 2)
    runs = {run["job"]: run for run in site.read()[:2]}
    assert runs["tick"]["why"] == "no-such-program: No such file or directory" and runs["bad"]["code"] == 3


@pytest.mark.extended
def test_a_clock_that_goes_back_runs_nothing_twice(site: Site) -> None:
    before = site.start("a", job())
    site.wait(lambda: len(site.done()) == 2)
    before.terminate()
    before.wait(60)
    site.start("b", job(), zero=ZERO - 120)
    site.wait(lambda: len(site.done()) > 3)
    done = site.done()
    assert done == list_minutes(done[0], len(done))


def test_the_record_is_bounded(site: Site) -> None:
    (site.folder).mkdir()
    runs = [{"job": "tick", "due": f"2026-03-09T00:{n:02}:00Z", "outcome": "ended", "holder": "x"} for n in range(59)]
    (site.folder / "schedule.json").write_text(json.dumps({"until": {}, "runs": runs}))
    site.start("a", job())
    site.wait(site.done)
    assert len(site.read()) == 20
