"""Diagnosis: why a container did not get healthy, in words that say what to do."""

from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from components.diagnosis import describe

# How the health check says that nobody answered (components/scripts/health.py).
SILENT = "GET / with Host: a -> no answer since Gunicorn does not listen ({})"
SLOW = "GET / with Host: a -> no answer in time"
RUNNING: dict[str, Any] = {"Running": True, "ExitCode": 0}


def say(monkeypatch: pytest.MonkeyPatch, log: str = "", seen: str = "", restarts: int = 0, **state: Any) -> str:
    """What is said of a container with that log and that last word of its health check."""
    health = {"Health": {"Log": [{"Output": "first"}, {"Output": seen}]}} if seen else {}
    found = SimpleNamespace(
        attrs={"State": RUNNING | health | state, "RestartCount": restarts}, logs=lambda tail: log.encode()
    )
    client = SimpleNamespace(containers=SimpleNamespace(get={"shop-0-1234": found}.__getitem__))
    monkeypatch.setattr("docker.from_env", lambda: client)
    return describe(None, "shop-0-1234", "shop-gunicorn-0")


CAUSES = [
    pytest.param("ModuleNotFoundError: No module named 'redis'", "", "name it in the requirements", id="package"),
    pytest.param("Failed to find attribute 'app' in 'web'.", "", "see the site's `entry`", id="entry"),
    pytest.param("KeyError: 'DATABASE'", "", "see the site's `environment` and portico:secrets", id="variable"),
    pytest.param("OSError: Read-only file system: 'x.db'", "", "only /tmp can be written", id="read-only"),
    pytest.param("FileNotFoundError: 'x.json'", "", "see .dockerignore", id="file"),
    pytest.param("", "GET / with Host: a -> HTTP/1.1 400 BAD REQUEST", "refuses the host name", id="host name"),
    pytest.param("", "GET /x with Host: a -> HTTP/1.1 500 ERROR", "see `health`", id="health path fails"),
    pytest.param(
        "ValueError: x\n[ERROR] Worker failed to boot.", SILENT.format("x"), "while it is imported", id="import"
    ),
    pytest.param("", SLOW, "does not answer its health path in time", id="slow"),
    pytest.param("", SILENT.format("[Errno 111] Connection refused"), "Gunicorn does not listen", id="port"),
    pytest.param(
        "[INFO] Booting worker",
        SILENT.format("[Errno 2] No such file or directory"),
        "Gunicorn does not listen",
        id="socket",
    ),
    pytest.param(
        "[INFO] Booting worker",
        SILENT.format("[Errno 13] Permission denied"),
        "Gunicorn does not listen",
        id="socket of another user",
    ),
]


@pytest.mark.parametrize(("log", "seen", "cause"), CAUSES)
def test_a_known_cause_is_said_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, log: str, seen: str, cause: str
) -> None:
    (line,) = (line for line in say(monkeypatch, log, seen).splitlines() if line.startswith("Likely cause: "))
    assert cause in line


def test_out_of_memory_comes_before_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    said = say(monkeypatch, "KeyError: 'A'", OOMKilled=True)
    assert "raise the site's gunicorn.memory" in said and "portico:secrets" not in said


def test_an_unknown_cause_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Likely cause" not in say(monkeypatch, "something odd")


@pytest.mark.parametrize(
    ("state", "restarts", "line"),
    [
        ({"Running": False, "ExitCode": 3}, 0, "It ended with exit code 3."),
        ({"ExitCode": 4}, 7, "It was restarted 7 times; last exit code 4."),
    ],
)
def test_it_says_how_the_container_ended(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, Any], restarts: int, line: str
) -> None:
    assert line in say(monkeypatch, restarts=restarts, **state).splitlines()


def test_the_containers_own_last_lines_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert say(monkeypatch, "one\ntwo\n").endswith("Its last log lines:\n  one\n  two")
    assert say(monkeypatch).endswith("Its last log lines:\n  (it printed nothing)")


def test_an_engine_that_cannot_be_asked_is_no_further_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise docker.errors.DockerException("no socket")

    monkeypatch.setattr("docker.from_env", refuse)
    said = describe(None, "shop-0-1234", "shop-gunicorn-0")
    assert said == "shop-gunicorn-0 failed, and Docker could not be asked why: no socket"
