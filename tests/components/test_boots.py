"""The questions of the switch, put to real Gunicorns: what they note of themselves is what it judges them by."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from portico.config.messages.replica_causes import Evidence, rank_causes
from portico.config.render.gunicorn import render_gunicorn
from tests.components.judged import JUDGE
from tests.components.switch_folder import RELEASE, SwitchFolder
from tests.config.sample import read_settings

HOST = socket.gethostname()
GOOD = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
"""
# The sequence that went live with one good answer: one worker starts, no other one ever does.
SECOND_FAILS = f"""
import os, time
try:
    os.close(os.open("taken", os.O_CREAT | os.O_EXCL))
except FileExistsError:
    time.sleep(1)
    raise RuntimeError("not a second time")
{GOOD}"""


@dataclass
class Container:
    """A replica without Docker: Gunicorn with the file that Portico renders, started again by hand."""

    here: SwitchFolder
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"{self.here.folder}/run/shop/{RELEASE}-0"

    def start(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {"PORTICO_ADDRESS": f"unix:{self.base}.sock", "PORTICO_BOOTS": f"{self.base}.boots"}
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "web:app"]
        with (self.folder / "log").open("ab") as log:
            started = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        self.running.append(started)
        return started

    def judge(self, wait: int) -> tuple[list[str], float]:
        line = f"shop {RELEASE} 0 {HOST} 2 unix:{self.base}.sock.{HOST} unix:{self.base}.sock shop.example /"
        found = self.here.add()
        found.line = line
        self.here.replicas = [found]
        ran = self.here.prove(JUDGE, wait=wait, quick=False)
        assert (ran.code, ran.errors) == (0, "")
        return ran.said, ran.seconds

    def notes(self) -> list[str]:
        file = Path(f"{self.base}.boots.{HOST}")
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

    def await_notes(self, enough: Callable[[list[str]], bool]) -> list[str]:
        ends = time.monotonic() + 60
        while not enough(self.notes()):
            assert time.monotonic() < ends, (self.notes(), (self.folder / "log").read_text())
            time.sleep(0.1)
        return self.notes()


@pytest.fixture
def container(root: Path, here: SwitchFolder) -> Iterator[Container]:
    (here.folder / "run" / "shop").mkdir()
    (root / "gunicorn.conf.py").write_text(render_gunicorn(read_settings(root).sites[0], "."))
    made = Container(here, root)
    yield made
    for one in made.running:
        one.kill() if one.poll() is None else None
        one.wait()


def test_a_gunicorn_whose_workers_are_up_is_proven(container: Container) -> None:
    (container.folder / "web.py").write_text(GOOD)
    container.start()
    assert container.judge(60)[0] == ["refused:"]
    assert container.notes() == ["start", "worker", "worker"]


def test_a_gunicorn_whose_application_cannot_be_imported_is_given_up_at_once(container: Container) -> None:
    (container.folder / "web.py").write_text("import nothere\n")
    for _ in range(4):
        # 3 is Gunicorn's code for this; it is 1 where a second worker ends while it handles the end of the first.
        assert container.start().wait(60) in (1, 3)
    said, seconds = container.judge(120)
    assert said == ["shop-gunicorn-0: Gunicorn ended 3 times while it started", "refused: shop"]
    assert seconds < 30 and container.notes().count("start") == 4 and "worker" not in container.notes()


@pytest.mark.parametrize("code", [0, 1])
def test_a_gunicorn_whose_application_ends_each_worker_is_given_up_soon(container: Container, code: int) -> None:
    """It makes another worker forever, and never ends itself."""
    (container.folder / "web.py").write_text(f"import sys\nprint('no key', file=sys.stderr)\nsys.exit({code})\n")
    container.start()
    said, seconds = container.judge(120)
    assert "workers ended, and none has loaded the application" in said[0] and said[-1] == "refused: shop"
    assert seconds < 30 and container.notes().count("start") == 1
    log = (container.folder / "log").read_text()
    assert f"its worker ends by itself with code {code}" in rank_causes(Evidence(site="shop", log=log))[0]


def test_a_gunicorn_of_which_one_worker_alone_ever_starts_is_refused(container: Container) -> None:
    (container.folder / "web.py").write_text(SECOND_FAILS)
    first = container.start()
    # It answers, and it is asked: one good answer is not health.
    container.await_notes(lambda notes: "worker" in notes)
    said, _ = container.judge(2)
    assert said[-1] == "refused: shop"
    first.wait(60)


def test_a_worker_that_is_killed_is_noted_and_its_successor_too(container: Container) -> None:
    (container.folder / "web.py").write_text(GOOD)
    container.start()
    container.await_notes(lambda notes: notes.count("worker") == 2)
    lines = Path(f"{container.base}.boots.{HOST}").read_text().splitlines()
    os.kill(int(lines[-1].split()[1]), signal.SIGKILL)
    assert container.await_notes(lambda notes: len(notes) == 5)[3:] == ["lost", "worker"]
    assert container.judge(60)[0] == ["refused:"]
