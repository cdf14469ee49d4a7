"""What gunicorn.conf.py notes of a replica, for the switch to judge it by: its starts, its workers, its requests."""

import os
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.config.gunicorn_config import address as address
from tests.config.gunicorn_config import folder as folder
from tests.config.gunicorn_config import run


def read_notes(folder: Path) -> list[str]:
    return Path(f"{folder}/r-0.boots.{socket.gethostname()}").read_text().splitlines()


def test_it_notes_its_start_and_what_becomes_of_its_workers(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    monkeypatch.setenv("PORTICO_BOOTS", f"{folder}/r-0.boots")
    before = int(time.time())
    values = run(root)
    (start,) = read_notes(folder)
    assert start.split()[0] == "start" and before <= int(start.split()[1]) <= time.time()
    values["post_worker_init"](SimpleNamespace(wsgi=print, pid=7))
    values["post_worker_init"](SimpleNamespace(wsgi=print, pid=8))
    values["child_exit"](None, SimpleNamespace(pid=7))
    assert read_notes(folder)[1:] == ["worker 7", "worker 8", "lost 7"]
    run(root)
    assert [line.split()[0] for line in read_notes(folder)] == ["start", "worker", "worker", "lost", "start"]


def test_a_start_is_noted_before_anything_can_fail(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image without Werkzeug, or an address that is missing, is a start that ended."""
    monkeypatch.setenv("PORTICO_BOOTS", f"{folder}/r-0.boots")
    monkeypatch.setitem(sys.modules, "werkzeug.middleware.proxy_fix", None)
    with pytest.raises(ImportError):
        run(root)
    assert [line.split()[0] for line in read_notes(folder)] == ["start"]


def test_a_worker_that_cannot_be_found_is_not_noted(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_BOOTS", f"{folder}/r-0.boots")
    monkeypatch.setenv("PORTICO_ADDRESS", f"unix:{folder}/gone/r-0.sock")
    values = run(root)
    with pytest.raises(FileNotFoundError):
        values["post_worker_init"](SimpleNamespace(wsgi=print, pid=7))
    assert [line.split()[0] for line in read_notes(folder)] == ["start"]


def test_notes_that_cannot_be_written_are_no_failure(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_BOOTS", f"{folder}/gone/r-0.boots")
    run(root)["child_exit"](None, SimpleNamespace(pid=7))
    monkeypatch.delenv("PORTICO_BOOTS")
    run(root)["child_exit"](None, SimpleNamespace(pid=7))  # machines without our containers have no such file
    assert list(folder.iterdir()) == []


def test_gunicorn_calls_these_hooks_with_these_arguments(root: Path) -> None:
    from gunicorn.config import Config

    config, values = Config(), run(root)
    for name in ("post_worker_init", "child_exit", "post_request", "on_starting"):
        config.set(name, values[name])  # it counts the arguments


def test_the_end_of_a_request_leaves_a_sign_of_life(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "state" / "progress"
    monkeypatch.setenv("PORTICO_PROGRESS", str(file))
    values = run(root)
    values["on_starting"](None)
    os.utime(file, (0, 0))
    values["post_request"](None, None, {}, None)
    assert file.stat().st_mtime > 0
    file.unlink()
    values["post_request"](None, None, {}, None)  # an application that clears its /tmp is no reason to fail
    monkeypatch.delenv("PORTICO_PROGRESS")
    run(root)["post_request"](None, None, {}, None)  # machines without our containers have no such file
