"""What status says that runs: as Docker shows it, and by the state alone where Docker is silent."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from docker.errors import DockerException

from portico.cli.commands import status
from portico.cli.running import list_running
from portico.cli.scratch import Scratch
from portico.cli.services import Seen
from portico.cli.summary import Summary
from portico.components.docker.engine_client import Engine


def deployed(**states: str) -> Any:
    """A stack with containers in these states, by role."""

    found = [
        SimpleNamespace(name=f"shop-{role}", status=state, labels={"portico.role": role})
        for role, state in states.items()
    ]
    return SimpleNamespace(list_containers=lambda: found)


def test_what_docker_shows_counts() -> None:
    shown = deployed(nginx="running", gunicorn="restarting", worker="exited", check="running")
    assert list_running(shown) == (["shop-nginx"], ["shop-gunicorn"], ["shop-worker (exited)"])


def test_where_docker_is_silent_nothing_is_known() -> None:
    def fail() -> Any:
        raise DockerException("nobody answers")

    silent: Any = SimpleNamespace(list_containers=fail)
    assert list_running(silent) is None


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`portico status` of a stack whose state names one worker, while Docker shows this."""

    def run(seen: Any, *words: str, certificates: Any = None, services: Any = None, home: Any = None) -> str:
        summary = Summary(urls={"shop": "http://shop"}, releases={"shop": "a"}, running=["nginx", "worker-new"])
        for name, value in {
            "prepare": SimpleNamespace(root=None),
            "read_export": {},
            "summarize": summary,
            "find_engine": Engine(),
            "describe": "",
            "find_served": {"shop": "a"},
            "look_at_data": [],
            "read_scratch": home or [],
            "read_runs": [],
            "read_last_runs": {},
            "read_certificates": certificates or {},
            "read_backups": None,
            "list_running": seen,
            "read_services": services or [],
        }.items():
            monkeypatch.setattr(status, name, lambda *_, value=value: value)
        monkeypatch.setattr(status, "Deployed", SimpleNamespace(of=lambda *_: None if seen == "ecs" else object()))
        done = CliRunner().invoke(status.command, ["-s", "dev", *words])
        assert done.exit_code == 0
        return done.output

    return run


def test_it_names_what_runs_and_not_what_the_state_remembers(ask: Any) -> None:
    """A new worker that failed is in the state, and the one before it, which goes on, is not."""
    reported = ask((["nginx", "worker-old"], ["web-new"], ["web-old (paused)"])).splitlines()
    assert reported[0].endswith("2 running: nginx worker-old")
    assert reported[1] == "  restarted repeatedly: web-new"
    assert reported[2] == "  does not run: web-old (paused); portico check -s dev says what is wrong"
    asked = json.loads(ask((["nginx", "worker-old"], [], ["web (exited)"]), "--json"))
    assert (asked["running"], asked["restarting"], asked["stopped"]) == (["nginx", "worker-old"], [], ["web (exited)"])


@pytest.mark.parametrize("silent", [None, "ecs"])
def test_where_docker_cannot_be_asked_the_state_is_reported(ask: Any, silent: Any) -> None:
    assert ask(silent).splitlines()[0].endswith("2 running: nginx worker-new")


def test_it_tells_how_many_are_connected_to_a_service_and_what_it_holds(ask: Any) -> None:
    db = Seen("db", "postgres", "healthy", connections=7, most=100, sizes={"shop": 8_200_000})
    silent = Seen("cache", "valkey", "exited")
    reported = ask((["nginx"], [], []), services=[db, silent]).splitlines()
    assert reported[-2:] == ["db: postgres, healthy, 7 of 100 connections, shop 8.2 MB", "cache: valkey, exited"]
    asked = json.loads(ask((["nginx"], [], []), "--json", services=[db]))["services"]
    assert (asked[0]["connections"], asked[0]["most"], asked[0]["sizes"]) == (7, 100, {"shop": 8_200_000})


def test_it_names_what_a_restart_would_lose(ask: Any) -> None:
    home = [Scratch("shop", "", 50_000, 1, ("shop.db",))]
    reported = ask((["nginx"], [], []), home=home).splitlines()
    assert reported[-1].startswith("shop: 1 file in its HOME, /tmp (50.0 KB: shop.db); ")
    asked = json.loads(ask((["nginx"], [], []), "--json", home=home))["home"]
    assert (asked[0]["site"], asked[0]["bytes"], asked[0]["largest"]) == ("shop", 50_000, ["shop.db"])
