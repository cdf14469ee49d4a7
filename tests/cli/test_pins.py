"""A hold that the settings do not allow is taken back: whatever stood there before stands there again."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli import deploy, pins
from portico.cli.commands import resume, rollback
from portico.cli.events import Event
from portico.cli.prepare import Place
from portico.cli.run import Ended
from portico.cli.screen import Screen
from portico.cli.story import Story

REFUSED = "1 mistake in the settings; nothing was changed.\n  sites[0].health: write a path"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What stands in the settings, by site."""
    kept: dict[str, str] = {}

    def ask(*words: str, **_: Any) -> str:
        path = next(word for word in words if word.startswith(f"{pins.SETTING}."))
        if words[1] == "set":
            kept[path.rpartition(".")[2]] = words[-1]
        else:
            del kept[path.rpartition(".")[2]]
        return ""

    monkeypatch.setattr(pins, "ask", ask)
    monkeypatch.setattr(pins, "call", lambda *_: None)
    monkeypatch.setattr(pins, "read_pins", lambda _: dict(kept))
    return kept


@pytest.mark.parametrize("before", [{}, {"shop": "a"}, {"blog": "c"}])
@pytest.mark.parametrize("release", ["b", ""])
def test_what_stood_there_stands_there_again(
    kept: dict[str, str], tmp_path: Path, before: dict[str, str], release: str
) -> None:
    if not release and "shop" not in before:
        return
    kept |= before
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    undo = pins.pin(Place(tmp_path, "dev"), "shop", release)
    assert kept.get("shop", "") == release
    undo()
    assert kept == before


def test_what_else_the_file_says_stays_as_it_was_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pulumi makes a text of each number and of each `true`."""
    written = 'config:\n  portico:port: 8091 # mine\n  portico:protect: true\n  portico:address: "0.0.0.0"\n'
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(written)

    def ask(*_: str, **__: Any) -> str:
        quoted = written.replace("8091", '"8091"').replace("true", '"true"')
        file.write_text(f"{quoted}  portico:rollback:\n    shop: a\n")
        return ""

    monkeypatch.setattr(pins, "ask", ask)
    monkeypatch.setattr(pins, "read_pins", lambda _: {})
    pins.pin(Place(tmp_path, "dev"), "shop", "a")
    assert file.read_text() == f"{written}  portico:rollback:\n    shop: a\n"


@pytest.mark.parametrize("command", [rollback, resume], ids=["rollback", "resume"])
def test_beside_another_run_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: ModuleType
) -> None:
    """Or the next update, by anybody, would go back."""
    written: list[str] = []
    for name, value in {
        "prepare": Place(tmp_path, "dev"),
        "require_stack": None,
        "read_outputs": {},
        "read_served": {},
        "choose": ("shop", "a"),
        "read_pins": {"shop": "a"},
        "choose_pinned": "shop",
        "has_failed": False,
    }.items():
        monkeypatch.setattr(command, name, lambda *_, value=value: value, raising=False)
    monkeypatch.setattr(command, "pin", lambda *_: written.append("pinned"))
    monkeypatch.setattr(deploy, "describe", lambda *_: "Another run is working on the stack dev. Nothing was changed.")
    done = CliRunner().invoke(command.command, ["-s", "dev"])
    assert done.exit_code == 1 and "Another run" in done.output and not written


@pytest.mark.parametrize("served", [{"shop": "b"}, None])
def test_what_never_went_live_is_nothing_to_go_back_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, served: dict[str, str] | None
) -> None:
    """The release that serves is the last good one: the one before it is not what is meant."""
    records = [{"release": release} for release in "ba"]
    outputs = {"history": {"shop": records}, "releases": {"shop": "b"}}
    given = {
        "prepare": Place(tmp_path, "dev"),
        "require_stack": None,
        "read_outputs": outputs,
        "read_served": served,
        "has_failed": True,
        "refuse_locked": None,
        "deploy": 0,
    }
    for name, value in given.items():
        monkeypatch.setattr(rollback, name, lambda *_, value=value, **__: value)
    pinned: list[str] = []
    monkeypatch.setattr(rollback, "pin", lambda _, __, release: pinned.append(release))
    done = CliRunner().invoke(rollback.command, ["-s", "dev"])
    assert done.exit_code == 1 and "there is nothing to go back from" in done.output and "--to a" in done.output
    assert CliRunner().invoke(rollback.command, ["-s", "dev", "--to", "a"]).exit_code == 0 and pinned == ["a"]
    # One that an update made live which failed for another site.
    monkeypatch.setattr(rollback, "read_served", lambda *_: {"shop": "c"})
    assert CliRunner().invoke(rollback.command, ["-s", "dev"]).exit_code == 0 and pinned == ["a", "b"]


@pytest.mark.parametrize(("message", "undone"), [(REFUSED, True), ("shop-gunicorn-0 did not become healthy.", False)])
def test_it_is_taken_back_where_the_settings_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, message: str, undone: bool
) -> None:
    done: list[str] = []
    story = Story()
    story.take(Event(kind="preludeEvent"))
    story.take(Event(kind="diagnosticEvent", body={"severity": "error", "message": message, "urn": ""}))

    def run(*_: Any) -> Ended:
        return Ended(1, story, tmp_path / "log")

    monkeypatch.setattr(deploy, "run", run)
    monkeypatch.setattr(deploy, "describe", lambda *_: "")

    def undo() -> None:
        done.append("undo")

    assert deploy.deploy(Place(tmp_path, "dev"), Screen(), "rollback", undo=undo) == 1
    assert bool(done) == undone
