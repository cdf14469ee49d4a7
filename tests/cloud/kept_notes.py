"""The example `notes` on PostgreSQL and Valkey with backups, on a machine elsewhere: what its user does there."""

import json
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import docker

from portico.config.settings.service import IMAGES, POSTGRES, VALKEY
from tests.cloud.vm import Vm
from tests.docker.applications import write_offline
from tests.docker.ask import get
from tests.docker.command import ROOT
from tests.docker.engine import Deployment
from tests.docker.outage import Outage
from tests.docker.product import HOST, NOTES, SITE
from tests.docker.test_backups import build
from tests.docker.test_services import list_rows, order

SERVICES: Final = [{"name": "db", "kind": POSTGRES}, {"name": "cache", "kind": VALKEY}]
_OWN = ("environment", "data", "schedule", "workers")
KEPT_NOTES: Final[dict[str, Any]] = {
    **{key: value for key, value in NOTES.items() if key not in _OWN},
    "replicas": 1,
    "uses": ["db", "cache"],
    "environment": {"MEDIA_FOLDER": "/media"},
    "data": [{"name": "media", "path": "/media", "url": "/media/"}],
}
_WRITERS: Final = 6


def make_backups(folder: Path, to: str, **more: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The section `backups`, never due while it is tested, and all images that the machine needs for it.

    What makes backups is built there from an image that has its packages: the machine reaches no package index.
    """
    (folder / "made").mkdir()
    base = f"{build(folder / 'made')}-offline"
    (folder / "Dockerfile").write_text(
        f"FROM {base.removesuffix('-offline')}\nRUN rm -rf /etc/apt/sources.list /etc/apt/sources.list.d\n"
    )
    engine = docker.from_env()
    engine.images.build(path=str(folder), tag=base, rm=True)
    engine.close()
    backups = {"to": to, "every": "9 3 29 2 *", "image": base, **more}
    return backups, (base, *(next(iter(IMAGES[kind].values())) for kind in (POSTGRES, VALKEY)))


def prepare(deployment: Deployment) -> None:
    """Its source, and the key of its backups."""
    packages = (ROOT / "examples" / SITE / "requirements.txt").read_text().split()
    write_offline(deployment, SITE, packages=packages)
    deployment.portico("backup", "key")
    # Two cores have the machine, its containers and whatever else is tested.
    deployment.allow(1200)


def walk(deployment: Deployment, file: Path) -> None:
    """Back it up, bring it back, dump and load it, and rehearse a release. `file` is one for a dump."""
    assert get(deployment.port, HOST, "/healthz", address=deployment.address).status == 200
    first = order(deployment)
    assert "1 database of PostgreSQL with" in deployment.portico("backup", "now").output
    listed = json.loads(deployment.portico("backup", "list", "--json").output)
    assert listed and {one["run"]["outcome"] for one in listed} == {"proven"}
    assert deployment.portico("backup", "check").output.endswith("it is whole.\n")

    second = order(deployment)
    said = deployment.portico("restore", "--site", SITE, "--yes").output
    assert "db/notes: rows jobs 2 -> 1" in said and list_rows(deployment) == {first}, said
    deployment.portico("restore", "--undo", "--yes")
    assert list_rows(deployment) == {first, second}
    deployment.portico("restore", "--forget", "--yes")

    deployment.portico("db", "dump", "--site", SITE, "--file", str(file))
    ask = {"input": "DELETE FROM jobs; SELECT count(*) AS left FROM jobs;", "text": True, "capture_output": True}
    words = deployment.spell_portico("db", "shell", "--site", SITE)
    done = subprocess.run(words, cwd=deployment.folder, env=deployment.environment, **ask)  # type: ignore[call-overload]
    assert done.returncode == 0 and "DELETE 2" in done.stdout, done
    deployment.portico("db", "load", "--site", SITE, "--file", str(file), "--yes")
    assert list_rows(deployment) == {first, second} and order(deployment)

    rehearsed = json.loads("{" + deployment.portico("rehearse", "--path", "/", "--json").output.partition("{")[2])
    assert rehearsed["faults"] == [] and rehearsed["command"]["code"] == 0
    reported = deployment.portico("status").output
    assert "db: postgres, healthy, " in reported and "cache: valkey, healthy, " in reported, reported
    assert "What runs is what the last update" in deployment.portico("check").output


class Writers:
    """Six who write rows; `confirmed` are the numbers of those that were answered with success."""

    def __init__(self, deployment: Deployment) -> None:
        self.confirmed = set[int]()
        self._deployment, self._ended = deployment, threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(_WRITERS)]

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for one in self._threads:
            one.join()

    def await_more(self, count: int = 30, seconds: float = 300) -> None:
        """Until so many more rows were confirmed."""
        least, end = len(self.confirmed) + count, time.monotonic() + seconds
        while len(self.confirmed) < least:
            assert time.monotonic() < end, f"{len(self.confirmed)} of {least} rows are confirmed"
            time.sleep(0.1)

    def _write(self) -> None:
        while not self._ended.is_set():
            if number := order(self._deployment):
                self.confirmed.add(number)
            else:
                time.sleep(0.1)


def cut_power(deployment: Deployment, vm: Vm) -> tuple[int, float]:
    """Cut the machine's power while six write, and switch it on again: nothing confirmed may be lost.

    How many rows were confirmed, and how many seconds nobody got an answer.
    """
    with Outage(deployment, HOST, "/healthz") as outage, Writers(deployment) as writers:
        writers.await_more()
        vm.restart(power_cut=True)
        writers.await_more()
    lost = writers.confirmed - list_rows(deployment)
    assert not lost, f"{len(lost)} of {len(writers.confirmed)} confirmed rows are lost"
    return len(writers.confirmed), outage.seconds
