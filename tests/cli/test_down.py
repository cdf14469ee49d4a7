"""What `portico down` deletes: nothing that is protected, and no data of a site whose name nobody wrote."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli.commands.down import ASK, choose_data, command
from portico.cli.commands.recover import State
from portico.cli.data import Folder, spell_bytes
from portico.cli.holder import Holder
from portico.cli.interrupted import settle
from portico.cli.prepare import Place
from portico.cli.refused import Refused
from portico.cli.screen import Screen

FOLDERS = [Folder("blog", "posts", "p.dev.blog.posts"), Folder("shop", "media", "p.dev.shop.media")]


def test_the_site_that_is_named_and_no_other() -> None:
    assert choose_data(FOLDERS, "shop") == FOLDERS[1:]


@pytest.mark.parametrize(
    ("folders", "site", "said"),
    [
        (FOLDERS, ASK, "whose data is to be deleted? Write --data and one of: blog shop"),
        (FOLDERS, "nobody", 'there is no data of a site "nobody"; nothing was removed. Write one of: blog shop'),
        ([], "shop", "there is no data to delete"),
    ],
)
def test_without_a_name_nothing_goes(folders: list[Folder], site: str, said: str) -> None:
    with pytest.raises(Refused) as caught:
        choose_data(folders, site)
    assert str(caught.value) == said


@pytest.mark.parametrize("reported", ["", "shopp", "y"])
def test_on_a_terminal_the_name_is_to_be_typed(monkeypatch: pytest.MonkeyPatch, reported: str) -> None:
    monkeypatch.setattr("portico.cli.commands.down.has_terminal", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: reported)
    with pytest.raises(Refused, match="nothing was removed"):
        choose_data(FOLDERS, ASK)


def test_a_size_is_written_as_people_do() -> None:
    reported = ["0 B", "999 B", "1.0 KB", "12.3 MB", "2000.0 TB"]
    assert [spell_bytes(count) for count in (0, 999, 1000, 12_345_678, 2e15)] == reported
    assert "12.3 MB in 4 files, 1.0 KB are free" in str(Folder("shop", "media", "v", 12_345_678, 4, 1000))


@pytest.mark.parametrize("protect", [True, False])
def test_nothing_of_a_protected_stack_is_touched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, protect: bool
) -> None:
    """The engine refuses what is protected itself, and would have deleted everything else by then."""
    resources = [
        {"type": "docker:index/container:Container"},
        {"type": "docker:index/volume:Volume", "protect": protect},
    ]
    begun: list[str] = []
    place = Place(tmp_path, "prod")
    for name, made in {
        "prepare": lambda _: place,
        "exists": lambda *_: True,
        "find_kept": lambda *_, **__: ([], []),
        "look_for_disk": lambda *_, **__: None,
        "read_export": lambda *_: {"deployment": {"resources": resources}},
        "settle": lambda *_: None,
        "_remove": lambda *_: begun.append("destroy"),
    }.items():
        monkeypatch.setattr(f"portico.cli.commands.down.{name}", made)
    result = CliRunner().invoke(command, ["-s", "prod", "--yes"])
    assert (result.exit_code, begun) == ((1, []) if protect else (0, ["destroy"])), result.output
    assert ("Nothing was removed: the stack prod is protected." in result.output) == protect


GONE = Holder("ann", "here", 1, datetime(2026, 11, 24, tzinfo=UTC), False)


def interrupt(monkeypatch: pytest.MonkeyPatch, holders: list[Holder], pending: list[str]) -> list[str]:
    """Let a run have been killed; the list is filled with what is done about it."""
    done: list[str] = []
    client = SimpleNamespace(info=lambda: {"SystemTime": "2026-11-24T01:00:00Z"})
    stand_ins: dict[str, Any] = {
        "read_holders": lambda *_: holders,
        "list_pending": lambda *_: pending,
        "run": lambda *words: done.append(str(words[0])),
        "read_state": lambda _: State({"container": set(), "network": set(), "volume": set()}, "shop", None),
        "connect": lambda _: client,
        "sweep": lambda engine, state, keep: done.append(f"sweep {engine.labels[0]} {engine.labels[1]}"),
    }
    for name, made in stand_ins.items():
        monkeypatch.setattr(f"portico.cli.interrupted.{name}", made)
    return done


@pytest.mark.parametrize(
    ("holders", "pending", "done"),
    [
        ([], [], []),
        ([GONE], [], ["cancel", "refresh", "sweep portico.project=shop portico.stack=dev"]),
        ([], ["shop-files"], ["refresh", "sweep portico.project=shop portico.stack=dev"]),
    ],
)
def test_what_a_killed_run_left_is_put_in_order_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, holders: list[Holder], pending: list[str], done: list[str]
) -> None:
    seen = interrupt(monkeypatch, holders, pending)
    output = io.StringIO()
    settle(Place(tmp_path, "dev"), Screen(output))
    assert seen == done
    assert ("finishes what was begun" in output.getvalue()) == bool(done)


@pytest.mark.parametrize(
    ("alive", "said"),
    [(True, "Another run is working on the stack dev"), (None, "remove its lock with `pulumi cancel")],
)
def test_a_run_that_may_live_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, alive: bool | None, said: str
) -> None:
    holders = [replace(GONE, alive=alive)]
    seen = interrupt(monkeypatch, holders, [])
    monkeypatch.setattr("portico.cli.holder.read_holders", lambda *_: holders)
    with pytest.raises(Refused, match=said):
        settle(Place(tmp_path, "dev"), Screen(io.StringIO()))
    assert seen == []
