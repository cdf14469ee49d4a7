"""What is in the HOME of a site's processes is reported, without what Portico keeps there."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import DockerException

from portico.cli import scratch
from portico.cli.scratch import read_scratch

LIVE = {"shop": "new"}


def container(home: Path, release: str = "new", process: str = "", status: str = "running") -> Any:
    labels = {"portico.site": "shop", "portico.release": release, "portico.process": process}
    return SimpleNamespace(id=str(home), status=status, labels=labels)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is reported of containers whose ids are the folders that they have as HOME; workers have a process."""

    def name(engine: Any, action: str, home: str, *words: str, terminal: bool) -> list[str]:
        _python, *rest, _, own = words
        return [sys.executable, *rest, home, own]

    def run(*found: Any) -> list[str]:
        monkeypatch.setattr(scratch, "name_docker", name)
        shown = {
            "gunicorn": [one for one in found if not one.labels["portico.process"]],
            "worker": [one for one in found if one.labels["portico.process"]],
        }
        deployed: Any = SimpleNamespace(engine=None, list_containers=lambda role: shown[role])
        return [str(one) for one in read_scratch(deployed, LIVE)]

    return run


def fill(folder: Path, **sizes: int) -> Path:
    (folder / ".portico").mkdir(parents=True)
    (folder / ".portico" / "healthy").write_text("15")
    for name, size in sizes.items():
        (folder / "deep").mkdir(exist_ok=True)
        (folder / "deep" / name).write_bytes(b"x" * size)
    return folder


def test_the_container_with_most_is_reported_by_its_largest_files(tmp_path: Path, read: Any) -> None:
    few = container(fill(tmp_path / "a", small=1))
    many = container(fill(tmp_path / "b", db=50_000, log=20_000, pid=5_000, key=1))
    (line,) = read(few, many)
    assert line.startswith("shop: 4 files in its HOME, /tmp (") and ": deep/db, deep/log, deep/pid); " in line
    assert line.endswith("a restart or a release loses them; write files that are to stay into a folder of data")


def test_a_worker_is_reported_by_its_name(tmp_path: Path, read: Any) -> None:
    (line,) = read(container(fill(tmp_path / "a", db=1), process="queue"))
    assert line.startswith("shop (queue): 1 file in its HOME") and " loses it; " in line


def test_what_portico_keeps_there_is_not_spoken_of(tmp_path: Path, read: Any) -> None:
    assert read(container(fill(tmp_path / "a"))) == []


def test_only_what_runs_of_the_live_release_is_asked(tmp_path: Path, read: Any) -> None:
    old = container(fill(tmp_path / "a", db=1), release="old")
    ended = container(fill(tmp_path / "b", db=1), status="exited")
    assert read(old, ended) == []


def test_a_process_that_cannot_be_asked_is_left_out(tmp_path: Path, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "read_script", lambda _: "raise SystemExit(1)")
    assert read(container(fill(tmp_path / "a", db=1))) == []


def test_an_engine_that_does_not_answer_reports_nothing() -> None:
    def fail(role: str) -> Any:
        raise DockerException("nobody answers")

    silent: Any = SimpleNamespace(list_containers=fail)
    assert read_scratch(silent, LIVE) == []
