"""`portico rehearse`: what is refused, which locks are reported, and what speaks against a release."""

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli.commands import rehearse
from portico.cli.deployed import Deployed
from portico.cli.next_release import NextRelease
from portico.cli.refused import Refused
from portico.cli.rehearsal import before, copy, run
from portico.cli.rehearsal.locks import Lock, find_longest
from portico.cli.rehearsal.replica import Answers, is_well
from portico.cli.rehearsal.report import Report


def see(at: float, *, pid: int = 7, mode: str = "AccessExclusiveLock", table: str = "notes", of: str = "3/1") -> str:
    return json.dumps([at, pid, of, mode, table])


def test_the_longest_of_each_table_and_kind_is_reported_first() -> None:
    lines = [
        *(see(at) for at in (10.0, 10.2, 10.4)),
        # Another transaction has the same one again, shorter.
        *(see(at, of="3/2") for at in (30.0, 30.2)),
        *(see(at, mode="ShareLock", table="jobs", pid=8) for at in (10.0, 20.0)),
        "",
        "Mon 30 Nov 2026 (every 0.2s)",
    ]
    assert find_longest(lines) == [Lock("jobs", "writes", 10.2), Lock("notes", "reads and writes", 0.6)]


def test_a_replica_is_judged_by_its_health_path_as_nginx_would() -> None:
    assert is_well("200", strict=True) and is_well("404", strict=True) and is_well("302", strict=False)
    assert not is_well("400", strict=True) and is_well("400", strict=False)
    for said in ("500", "503", "no answer: it ended ()", ""):
        assert not is_well(said, strict=True) and not is_well(said, strict=False)
    assert Answers({"/health": "400", "/a": "400", "/b": "502"}).list_bad() == ["/health", "/b"]


def make_report(**more: Any) -> Report:
    good = Answers({"/health": "200", "/": "200"})
    usual: dict[str, Any] = {"command": "flask db upgrade", "seconds": 3.0, "before": good, "old": good, "new": good}
    return Report("shop", "cadc2ec0 of 2026-11-30T03:15:00Z", "aaa", "bbb", 5.0, **(usual | more))


def test_a_release_without_a_fault_passes() -> None:
    report = make_report(locks=[Lock("notes", "writes", 4.0)])
    assert [*report.list_faults()] == []
    lines = [*report.tell()]
    assert "  `flask db upgrade` ended with 0 after 3.0 s" in lines
    assert "  locks that others wait for: notes for 4.0 s (writes wait)" in lines
    assert lines[-1].startswith("Passed.")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"code": 1, "new": None}, ["`flask db upgrade` failed with exit code 1 after 3.0 s"]),
        ({"code": None, "new": None}, ["`flask db upgrade` did not finish after 3.0 s"]),
        (
            {"locks": [Lock("notes", "reads and writes", 30.4)]},
            ["a lock is kept longer than 5 s: notes for 30.4 s (reads and writes wait)"],
        ),
        (
            {"old": Answers({"/health": "200", "/": "500"})},
            ["the live release answers / with 500 once the command has run"],
        ),
        (
            {"new": Answers({"/health": "no answer: it ended ()"})},
            ["the new release answers /health with no answer: it"],
        ),
        # What was so before is nothing that the migration did, and still no proof of anything.
        (
            {"before": Answers({"/health": "503"}), "old": Answers({"/health": "503"})},
            ["the live release answers /health with 503 on the copy before anything is changed"],
        ),
    ],
)
def test_what_speaks_against_a_release(more: dict[str, Any], said: list[str]) -> None:
    report = make_report(**more)
    found = [*report.list_faults()]
    assert len(found) == len(said) and all(one.startswith(begin) for one, begin in zip(found, said, strict=True))
    assert [line for line in report.tell() if line.startswith("failed: ")] == [f"failed: {one}." for one in found]
    assert report.spell()["faults"] == found


def test_it_rests_on_a_proven_backup() -> None:
    listed: list[dict[str, Any]] = [
        {"id": "aa", "run": {"outcome": "proven"}},
        {"id": "bb", "run": {"outcome": "proven"}},
        {"id": "cc", "run": {"outcome": "failed"}},
        {"id": "dd"},
    ]
    assert run.choose_backup(listed, "prod")["id"] == "bb"
    with pytest.raises(Refused, match="no backup is proven yet, so there is nothing to rehearse on"):
        run.choose_backup(listed[2:], "prod")


def test_a_stack_on_ecs_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    place = SimpleNamespace(root=None)
    monkeypatch.setattr(rehearse, "prepare", lambda stack: place)
    monkeypatch.setattr(rehearse, "require_stack", lambda stack, root: None)
    resources = [{"type": "aws:ecs/cluster:Cluster"}]
    monkeypatch.setattr(rehearse, "read_export", lambda stack, root: {"deployment": {"resources": resources}})
    done = CliRunner().invoke(rehearse.command, [])
    assert done.exit_code == 1 and "a stack on ecs has neither" in done.output


@pytest.mark.parametrize("path", ["orders", "/a b", "/a\nb", "http://elsewhere/"])
def test_a_path_that_is_none_is_refused_before_anything_is_asked(path: str) -> None:
    done = CliRunner().invoke(rehearse.command, ["--path", path])
    assert done.exit_code == 1 and "is no path; write one such as --path /orders" in done.output


class Thing:
    """A container, a volume or a network that writes down its removal."""

    def __init__(self, name: str, removed: list[str]) -> None:
        self._name, self._removed = name, removed

    def remove(self, **_: object) -> None:
        self._removed.append(self._name)


@pytest.mark.parametrize("error", [None, Refused("no"), KeyboardInterrupt(), SystemExit(130)])
def test_nothing_is_left_however_it_ends(error: BaseException | None) -> None:
    removed: list[str] = []
    asked: list[Any] = []

    def find(name: str) -> Any:
        def list_found(**words: Any) -> list[Thing]:
            asked.append(words["filters"]["label"])
            return [Thing(name, removed)]

        return SimpleNamespace(list=list_found)

    client = SimpleNamespace(containers=find("container"), networks=find("network"), volumes=find("volume"))
    label = ["portico.project=p", "portico.stack=dev", "portico.role=rehearsal"]
    deployed: Any = SimpleNamespace(client=client, project="p", stack="dev", label=lambda role: label)
    with pytest.raises(type(error)) if error else nullcontext(), copy.make_copy(deployed, "shop", []) as made:
        assert made.labels["portico.role"] == "rehearsal"
        # What one has left that was killed is gone by now.
        assert removed == ["container", "network", "volume"]
        if error:
            raise error
    assert removed == ["container", "network", "volume"] * 2 and asked == [label] * 6


def test_what_runs_in_a_copy_reaches_nobody() -> None:
    deployed: Any = SimpleNamespace(project="p", stack="dev")
    made = copy.Copy(deployed, "shop", [])
    host = {"NetworkMode": "portico-network", "PortBindings": {"80": []}, "RestartPolicy": {"Name": "always"}, "A": 1}
    confined = made.confine(host, [made.mount("instance", "/data")])
    assert confined["NetworkMode"] == made.name and not confined["PortBindings"] and confined["A"] == 1
    assert confined["RestartPolicy"] == {"Name": "no"}
    assert [one["Source"] for one in confined["Mounts"]] == [f"{made.name}-instance"]


def test_only_sites_that_ask_for_it_are_rehearsed_before_an_update() -> None:
    sites = [{"name": "a", "release": {"rehearse": True}}, {"name": "b", "release": {}}, {"name": "c"}, 5]
    assert [*before.list_rehearsed({"sites": sites})] == ["a"]
    assert [*before.list_rehearsed({})] == [*before.list_rehearsed({"sites": "x"})] == []


class Said:
    """A screen that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A stack whose live release is `aaa`, and the sites that were rehearsed."""
    done: list[str] = []
    config = {"sites": [{"name": "shop", "release": {"command": "x", "rehearse": True}}]}
    monkeypatch.setattr(before, "read_config", lambda root, stack: config)
    monkeypatch.setattr(before, "is_on_ecs", lambda export: False)
    monkeypatch.setattr(before, "find_engine", lambda export: object())
    monkeypatch.setattr(Deployed, "of", lambda stack, export: SimpleNamespace(releases={"shop": "aaa"}))

    def rehearse_one(deployed: Any, root: Any, following: Any) -> Report:
        done.append(following.release.site.name)
        report: Report = following.report
        return report

    monkeypatch.setattr(run, "rehearse", rehearse_one)
    return done


def follow(monkeypatch: pytest.MonkeyPatch, id: str, report: Report) -> None:
    site = SimpleNamespace(name="shop")
    following = SimpleNamespace(release=SimpleNamespace(id=id, site=site), report=report)
    monkeypatch.setattr(NextRelease, "find", lambda deployed, root, site: following)


@pytest.mark.parametrize(
    ("id", "more", "done", "passes"),
    [
        ("aaa", {"code": 1}, [], True),
        ("bbb", {}, ["shop"], True),
        ("bbb", {"code": 1, "new": None}, ["shop"], False),
    ],
)
def test_an_update_goes_on_where_nothing_speaks_against_it(
    monkeypatch: pytest.MonkeyPatch, rehearsed: list[str], id: str, more: dict[str, Any], done: list[str], passes: bool
) -> None:
    follow(monkeypatch, id, make_report(**more))
    screen, place = Said(), SimpleNamespace(root=None, stack="prod")
    assert before.rehearse_first(place, {}, screen) is passes  # type: ignore[arg-type]
    assert rehearsed == done and ("Nothing was changed." in screen.lines) is not passes


def test_an_update_without_a_backup_to_try_it_on_is_refused(
    monkeypatch: pytest.MonkeyPatch, rehearsed: list[str]
) -> None:
    follow(monkeypatch, "bbb", make_report())

    def refuse(*_: object) -> Report:
        raise Refused("no backup is proven yet")

    monkeypatch.setattr(run, "rehearse", refuse)
    with pytest.raises(Refused, match="shop could not be rehearsed, and nothing was changed: no backup is proven yet"):
        before.rehearse_first(SimpleNamespace(root=None, stack="prod"), {}, Said())  # type: ignore[arg-type]


def test_before_the_first_update_there_is_nothing_to_rehearse(monkeypatch: pytest.MonkeyPatch, rehearsed: Any) -> None:
    monkeypatch.setattr(before, "find_engine", lambda export: None)
    assert before.rehearse_first(SimpleNamespace(root=None, stack="prod"), {}, Said())  # type: ignore[arg-type]
    assert rehearsed == []
