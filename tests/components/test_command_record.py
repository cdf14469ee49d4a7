"""What is known of release commands before an update: those that ran, and one that runs just now."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker import command_record
from portico.components.docker.command_record import await_commands, read_done
from portico.components.docker.observation import Observation, Seen
from portico.config.release.release_command import key_command
from tests.components.sample import make_stack
from tests.components.watched import Watched, show
from tests.config.sample import make_site

SITE = make_site(release={"command": "flask db upgrade"})
ID = "e" * 64


def seen(name: str, role: str, state: str = "running", network: str = "n") -> Seen:
    return Seen(
        id=ID,
        name=name,
        role=role,
        site="shop",
        release="a",
        networks=frozenset({network}),
        state=state,
        health="",
    )


EDGE = seen("edge", "nginx")


def observation(*others: Seen) -> Observation:
    return Observation(containers={one.name: one for one in (EDGE, *others)}, edge=EDGE)


def test_the_record_on_the_machine_says_what_ended_well(root: Path) -> None:
    lines = "k1 0 1700000000 1.5\nk2 3 1700000001 0.1\ntorn\n"
    engine = Watched(listed=[show(ID, "nginx")], files={"/run/portico/shop/once": lines})
    assert read_done(engine, observation(), make_stack(root, SITE)) == {"shop": frozenset({"k1"})}


def test_a_site_that_is_pinned_runs_none(root: Path) -> None:
    stack = make_stack(root, SITE)
    pinned = replace(stack, pinned={"shop": stack.releases[0].id})
    assert read_done(None, None, pinned) == {"shop": frozenset({key_command(stack.releases[0])})}


def test_nothing_is_asked_where_no_site_has_a_command_or_nothing_ran(root: Path) -> None:
    assert read_done(Watched(listed=None), observation(), make_stack(root)) == {}
    assert read_done(Watched(listed=[show(ID, "nginx")]), observation(), make_stack(root, SITE)) == {
        "shop": frozenset()
    }
    assert read_done(Watched(listed=None), observation(), make_stack(root, SITE)) == {"shop": frozenset()}


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text: said.append(text))
    monkeypatch.setattr(command_record, "_PAUSE", 0.0)
    return said


def test_an_update_waits_until_a_command_of_an_interrupted_run_has_ended(
    monkeypatch: pytest.MonkeyPatch, reported: list[str]
) -> None:
    running, ended = observation(seen("c", "command")), observation(seen("c", "command", "exited"))
    looks = iter([running, ended])
    monkeypatch.setattr(command_record, "observe", lambda *_: next(looks))
    assert await_commands(Watched(listed=[show(ID, "command")]), "edge", running) is ended
    (line,) = reported
    assert line.startswith("shop: the release command of a run before this one still runs; this update waits")


@pytest.mark.parametrize(
    "observed",
    [None, observation(), observation(seen("c", "command", "exited")), observation(seen("c", "command", network="x"))],
    ids=["nobody answers", "there is none", "it has ended", "it is another checkout's"],
)
def test_nobody_waits_for_what_does_not_run(observed: Observation | None, reported: list[str]) -> None:
    assert await_commands(Watched(), "edge", observed) is observed
    assert reported == []


@pytest.mark.parametrize("listed", [[show(ID, "command", State="exited")], []], ids=["it has ended", "it is gone"])
def test_an_engine_with_a_full_disk_that_lists_one_as_running_is_not_believed(
    reported: list[str], listed: list[dict[str, Any]]
) -> None:
    """It could not write down that the container has ended, so its list shows it as running forever."""
    observed = observation(seen("c", "command"))
    assert await_commands(Watched(listed=listed), "edge", observed) is observed
    assert reported == []


def test_a_preview_waits_for_nobody(monkeypatch: pytest.MonkeyPatch, reported: list[str]) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    running = observation(seen("c", "command"))
    assert await_commands(Watched(listed=[show(ID, "command")]), "edge", running) is running
    assert reported == ["shop: the release command of a run before this one still runs; an update waits for it."]
