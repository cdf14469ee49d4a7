"""Tests side by side: groups stay together, and who must be alone is."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from tests.docker.engine import free_port
from tests.side_by_side import Turn, list_locks, name_group

pytestmark = pytest.mark.extended


def test_modules_that_share_a_deployment_are_one_group() -> None:
    assert name_group("tests/attacks/test_hosts.py") == name_group("tests/attacks/test_slow.py")
    assert name_group("tests/docker/test_engine_restarts.py") == name_group("tests/docker/test_full_disk.py")
    assert name_group("tests/docker/test_by_hand.py") == name_group("tests/docker/test_secrets.py")
    assert name_group("tests/docker/test_drift.py") != name_group("tests/docker/test_secrets.py")
    # What they share is made once a worker.
    assert name_group("tests/docker/test_first_page.py") != name_group("tests/docker/test_hardening.py")
    assert name_group("tests/components/ecs/test_image.py") == name_group("tests/program/test_replay.py")
    assert name_group("tests/components/test_port.py") != name_group("tests/components/test_disk_space.py")


def test_no_port_is_given_twice_and_no_worker_has_those_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    for worker in range(3):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{worker}")
        given += (free_port() for _ in range(100))
        assert {port % 8 for port in given[-100:]} == {worker}
    assert len({*given}) == len(given)


@pytest.fixture
def config() -> Iterator[Any]:
    """That of a worker of a run of its own."""
    config: Any = SimpleNamespace(workerinput={"testrunuid": uuid4().hex})
    yield config
    for lock in list_locks(config):
        lock.unlink()


def begin(config: Any, events: list[str], name: str, *, alone: bool, end: threading.Event) -> threading.Thread:
    def run() -> None:
        with Turn(config, alone=alone):
            events.append(f"{name} begins")
            end.wait(10)
            events.append(f"{name} ends")

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for(events: list[str], event: str) -> None:
    for _ in range(200):
        if event in events:
            return
        time.sleep(0.01)
    raise AssertionError(events)


def test_others_run_side_by_side(config: Any) -> None:
    events: list[str] = []
    end = threading.Event()
    threads = [begin(config, events, name, alone=False, end=end) for name in "ab"]
    for name in "ab":
        wait_for(events, f"{name} begins")
    end.set()
    for thread in threads:
        thread.join()


def test_who_is_alone_waits_for_others_and_they_for_it(config: Any) -> None:
    events: list[str] = []
    first, second, third = (threading.Event() for _ in range(3))
    threads = [begin(config, events, "a", alone=False, end=first)]
    wait_for(events, "a begins")
    threads.append(begin(config, events, "alone", alone=True, end=second))
    time.sleep(0.1)
    # It has asked first: nobody overtakes it.
    threads.append(begin(config, events, "b", alone=False, end=third))
    time.sleep(0.1)
    assert events == ["a begins"]
    for event in (first, second, third):
        event.set()
    for thread in threads:
        thread.join()
    assert events == ["a begins", "a ends", "alone begins", "alone ends", "b begins", "b ends"]
