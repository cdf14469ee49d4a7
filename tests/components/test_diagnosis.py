"""Diagnosis: why a container did not get healthy, in words that say what to do."""

import math
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from portico.components.docker.diagnosis import describe, tell_full
from portico.components.docker.engine_client import Engine

# How the health check says that nobody answered (components/in_container/health.py).
SILENT = "GET / with Host: a -> no answer since Gunicorn does not listen ({})"
SLOW = "GET / with Host: a -> no answer in time"
CONFIG = {"Labels": {"portico.site": "shop"}, "Env": ["PORTICO_ADDRESS=0.0.0.0:8000", "A=b=c"]}
RUNNING: dict[str, Any] = {"Running": True, "ExitCode": 0}


def say(monkeypatch: pytest.MonkeyPatch, log: str = "", seen: str = "", restarts: int = 0, **state: Any) -> str:
    """What is said of a container with that log and that last word of its health check."""
    health = {"Health": {"Log": [{"Output": "first"}, {"Output": seen}]}} if seen else {}
    found = SimpleNamespace(
        attrs={"State": RUNNING | health | state, "RestartCount": restarts, "Config": CONFIG},
        logs=lambda tail: log.encode(),
    )
    client = SimpleNamespace(containers=SimpleNamespace(get={"shop-0-1234": found}.__getitem__))
    monkeypatch.setattr("docker.from_env", lambda: client)
    return describe(Engine(), "shop-0-1234", "shop-gunicorn-0")


def test_a_known_cause_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The causes have a table of their own: tests/config/test_causes.py."""
    said = say(monkeypatch, "ModuleNotFoundError: No module named 'redis'").splitlines()
    assert "Likely cause: the package redis is missing: name it in the requirements of shop" in said[1]


def test_several_causes_are_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    said = say(monkeypatch, "OSError: No space left on device\nMemoryError").splitlines()
    assert said[1] == "Likely causes, the first one first:"
    assert said[2].startswith("  1. it ran out of memory") and said[3].startswith("  2. the disk is full")


def test_the_address_comes_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "NGINX looks for it at 0.0.0.0:8000" in say(monkeypatch, "Listening at: http://127.0.0.1:5000 (1)")


@pytest.mark.parametrize(
    ("seen", "cause"),
    [(SILENT.format("x"), "Gunicorn does not listen"), (SLOW, "in time"), ("Health check exceeded timeout", "in time")],
)
def test_the_health_check_is_heard(monkeypatch: pytest.MonkeyPatch, seen: str, cause: str) -> None:
    assert cause in say(monkeypatch, seen=seen).splitlines()[1]


def test_out_of_memory_comes_before_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    said = say(monkeypatch, "KeyError: 'A'", OOMKilled=True)
    assert "Likely cause: it ran out of memory: raise `gunicorn.memory` of shop" in said and "KeyError" in said


def test_an_unknown_cause_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Likely cause" not in say(monkeypatch, "something odd")


@pytest.mark.parametrize(
    ("state", "restarts", "line"),
    [
        ({"Running": False, "ExitCode": 3}, 0, "It ended with exit code 3."),
        ({"ExitCode": 4}, 7, "It was restarted 7 times; last exit code 4."),
        # It runs again: the 0 is no code of its.
        ({"ExitCode": 0}, 4, "It was restarted 4 times."),
        ({"ExitCode": 0, "Restarting": True}, 1, "It was restarted once; last exit code 0."),
    ],
)
def test_it_says_how_the_container_ended(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, Any], restarts: int, line: str
) -> None:
    assert line in say(monkeypatch, restarts=restarts, **state).splitlines()


def test_the_containers_own_last_lines_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert say(monkeypatch, "one\ntwo\n").endswith("Its last log lines:\n  one\n  two")
    assert say(monkeypatch).endswith("Its last log lines:\n  (it printed nothing)")


def test_what_the_switch_saw_and_what_serves_instead_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "one")
    said = describe(Engine(), "shop-0-1234", "shop-gunicorn-0", "nothing answers GET /", "Nothing serves.").splitlines()
    assert said[0] == "shop-gunicorn-0 did not become healthy. Nothing serves."
    assert "Portico stopped waiting for it: nothing answers GET /." in said
    assert "stopped waiting" not in say(monkeypatch, "one")


def test_without_an_engine_what_the_switch_saw_is_said() -> None:
    said = describe(None, "shop-0-1234", "shop-gunicorn-0", "nothing answers GET /")
    kept = "It gets no request; what served before keeps serving."
    assert said == f"shop-gunicorn-0 did not become healthy. {kept}\nnothing answers GET /"


def test_an_engine_that_cannot_be_asked_is_no_further_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise docker.errors.DockerException("no socket")

    monkeypatch.setattr("docker.from_env", refuse)
    said = describe(Engine(), "shop-0-1234", "shop-gunicorn-0")
    assert said == "shop-gunicorn-0 failed, and Docker could not be asked why: no socket"


@pytest.mark.parametrize(("free", "full"), [(0, True), (50 * 2**20, True), (10**9, False), (math.inf, False)])
def test_a_container_that_could_write_no_word_may_have_had_no_space(
    monkeypatch: pytest.MonkeyPatch, free: float, full: bool
) -> None:
    monkeypatch.setattr(Engine, "count_free", lambda _: free)
    assert tell_full(Engine()).startswith("The disk of the Docker engine is full.") is full
    assert tell_full(None) == ""
