"""Backups by hand: which one is meant, what would differ, who has to stop, and a key that is shown once."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli import backups, restoring
from portico.cli.commands import backup, restore
from portico.cli.prepare import Place
from portico.cli.refused import Refused
from portico.cli.spelling import MADE
from portico.config.backups import VARIABLE

FAILED = {"outcome": "failed", "why": "a disk is full"}
PROVEN = {"outcome": "proven", "proof": {"files": 1, "databases": 0}}
LISTED: list[dict[str, Any]] = [
    {"id": "aaaa1111", "at": "2026-11-28T03:17:00Z", "run": PROVEN},
    {"id": "bbbb2222", "at": "2026-11-29T03:17:00Z", "run": PROVEN},
    {"id": "cccc3333", "at": "2026-11-30T03:17:00Z", "run": FAILED},
    {"id": "dddd4444", "at": "2026-11-30T09:00:00Z", "run": None},
]


@pytest.mark.parametrize(
    ("at", "id"),
    [
        ("", "bbbb2222"),
        ("cccc3333", "cccc3333"),
        ("aaaa", "aaaa1111"),
        ("2026-11-29", "aaaa1111"),
        ("2026-11-29T03:17:00", "bbbb2222"),
        ("2026-11-30T04:00+01:00", "bbbb2222"),
        ("2026-12-24", "dddd4444"),
    ],
)
def test_a_backup_is_chosen_by_its_id_or_by_a_time(at: str, id: str) -> None:
    assert restoring.choose_snapshot(LISTED, at)["id"] == id


def test_where_none_is_proven_the_newest_is_meant() -> None:
    assert restoring.choose_snapshot(LISTED[2:], "")["id"] == "dddd4444"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (
            "yesterday",
            '"yesterday" is neither a backup nor a time such as 2026-11-30T03:15; the last ones are: aaaa1111',
        ),
        ("2026-01-01", "there is no backup of 2026-01-01 (UTC) or before; the first one is of 2026-11-28T03:17:00Z"),
        ("aaa", '"aaa" is neither a backup nor'),
    ],
)
def test_what_is_no_backup_is_reported(at: str, said: str) -> None:
    with pytest.raises(Refused) as found:
        restoring.choose_snapshot(LISTED, at)
    assert said in str(found.value)


SOURCES = [
    *({"name": name, "kind": "folder"} for name in ("shop/instance", "shop/media", "blog/media")),
    {"name": "db/shop", "kind": "postgres", "site": "shop"},
]
ASKED = {"every": "17 3 * * *", "sources": SOURCES}
MOUNTS = [
    {"Type": "volume", "Name": "p.dev.shop.instance", "Destination": "/data/shop/instance", "RW": False},
    {"Type": "volume", "Name": "p.dev.blog.media", "Destination": "/data/blog/media", "RW": False},
    {"Type": "volume", "Name": "secrets", "Destination": "/secrets", "RW": False},
    {"Type": "volume", "Name": "work", "Destination": "/work", "RW": True},
    {"Type": "bind", "Source": "/srv/backups", "Destination": "/to", "RW": True},
]
MAKER: dict[str, Any] = {
    "Image": "sha256:1",
    "Config": {
        "User": "0:0",
        "Env": ["A=b", f"{VARIABLE}={json.dumps(ASKED)}"],
        "Labels": {"portico.role": "backups", "portico.stack": "dev"},
    },
    "HostConfig": {"NetworkMode": "none", "CapDrop": ["ALL"], "RestartPolicy": {"Name": "unless-stopped"}},
    "Mounts": MOUNTS,
}


@pytest.mark.parametrize(
    ("site", "service", "names"),
    [
        ("", "", [one["name"] for one in SOURCES]),
        ("blog", "", ["blog/media"]),
        ("shop", "", ["shop/instance", "shop/media", "db/shop"]),
        ("", "db", ["db/shop"]),
        ("shop", "db", ["db/shop"]),
    ],
)
def test_what_one_site_or_one_service_has_or_all(site: str, service: str, names: list[str]) -> None:
    maker: Any = SimpleNamespace(attrs=MAKER)
    assert [one["name"] for one in restoring.choose_sources(maker, site, service)] == names


def test_an_unknown_one_is_refused_with_those_that_there_are() -> None:
    maker: Any = SimpleNamespace(attrs=MAKER)
    with pytest.raises(Refused, match='nothing of a site "shp" is backed up; write one of: shop blog'):
        restoring.choose_sources(maker, "shp", "")
    with pytest.raises(Refused, match=r'nothing of a service "dbb" is backed up; write one of: db$'):
        restoring.choose_sources(maker, "", "dbb")


def test_who_brings_back_may_write_what_comes_back_alone() -> None:
    made = restoring.describe(MAKER, ["shop/instance"])
    mounts = {one["Target"]: one["ReadOnly"] for one in made["HostConfig"]["Mounts"]}
    assert mounts == {"/data/shop/instance": False, "/secrets": True, "/work": False, "/to": False}
    assert made["Labels"]["portico.role"] == "restore" and made["HostConfig"]["CapDrop"] == ["ALL"]
    assert made["HostConfig"]["RestartPolicy"] == {"Name": "no"} and made["HostConfig"]["AutoRemove"] is True


def make_container(name: str, role: str) -> Any:
    return SimpleNamespace(id=name, name=name, labels={"portico.role": role})


def test_who_writes_is_stopped_and_who_reads_is_not() -> None:
    there = [make_container(f"{role}-1", role) for role in ("gunicorn", "worker", "nginx", "backups", "exec")]
    client = SimpleNamespace(containers=SimpleNamespace(list=lambda filters: there))
    helper: Any = SimpleNamespace(id="restore-1", attrs={"Mounts": MOUNTS})
    found = restoring.list_users(SimpleNamespace(client=client), helper, [])  # type: ignore[arg-type]
    assert [one.name for one in found] == ["exec-1", "gunicorn-1", "worker-1"]


def test_clients_of_a_server_are_stopped_too() -> None:
    """They have no folder of it."""
    there = {"gunicorn": ["shop-0"], "worker": ["shop-mail"]}

    def list_containers(role: str, site: str) -> list[Any]:
        assert site == "shop"
        return [SimpleNamespace(id=name, name=name, status="running", labels={}) for name in there[role]]

    client = SimpleNamespace(containers=SimpleNamespace(list=lambda filters: []))
    deployed: Any = SimpleNamespace(client=client, list_containers=list_containers)
    helper: Any = SimpleNamespace(id="restore-1", attrs={"Mounts": []})
    found = restoring.list_users(deployed, helper, SOURCES[-1:])
    assert [one.name for one in found] == ["shop-0", "shop-mail"]


class Stopped:
    """A container that writes down what is done with it."""

    def __init__(self, name: str, done: list[str], role: str = "gunicorn") -> None:
        self.name, self._done, self.labels = name, done, {"portico.role": role}

    def stop(self, timeout: int) -> None:
        self._done.append(f"stop {self.name} {timeout}")

    def start(self) -> None:
        self._done.append(f"start {self.name}")


def test_whoever_was_stopped_starts_again_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    made = [{"outputs": {"name": "shop-0", "destroyGraceSeconds": 35}}]
    monkeypatch.setattr(restoring, "list_serving", lambda export: made)
    one: Any = Stopped("shop-0", done)
    with pytest.raises(Refused), restoring.pause([one], {}):
        done.append("moved")
        raise Refused("no")
    assert done == ["stop shop-0 35", "moved", "start shop-0"]


def test_a_long_job_keeps_no_visitor_waiting_and_no_server_goes_before_its_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    monkeypatch.setattr(restoring, "list_serving", lambda export: [])
    users: Any = [Stopped(role, done, role) for role in ("service", "gunicorn", "worker")]
    with restoring.pause(users, {}):
        done.append("moved")
    stopped = ["stop worker 10", "stop gunicorn 10", "stop service 10"]
    assert done == [*stopped, "moved", "start service", "start gunicorn", "start worker"]


def test_a_switch_that_was_cut_is_ended_before_anybody_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(restoring, "list_serving", lambda export: [])

    def call(deployed: Any, container: Any, word: str, *words: str) -> None:
        done.append(word)
        if word == "switch":
            raise Refused("the connection was lost")

    monkeypatch.setattr(restore, "call", call)
    users: Any = [Stopped("shop-0", done)]
    with pytest.raises(Refused, match="the connection was lost"):
        restore._switch(SimpleNamespace(), SimpleNamespace(), "switch", ["shop/a"], users, {})  # type: ignore[arg-type]
    assert done == ["stop shop-0 10", "switch", "finish", "start shop-0"]


def test_what_differs_is_reported_in_lines() -> None:
    none: dict[str, Any] = {"count": 0, "first": []}
    reported = {
        "folder": "shop/instance",
        "comes": {"count": 12, "first": ["a", "b"]},
        "goes": none,
        "changes": {"count": 1, "first": ["c"]},
        "databases": {
            "shop.db": {"now": {"orders": 15, "new": 1}, "then": {"orders": 10}},
            "torn.db": {"now": None, "then": {"t": 3}},
        },
    }
    assert [*restoring.tell_difference(reported)] == [
        "shop/instance:",
        "  12 come back: a, b, …",
        "  1 get another content: c",
        "  shop.db: rows orders 15 -> 10, new 1 -> none",
        "  torn.db: cannot be read now; of the backup: t 3",
    ]
    quiet = {"folder": "shop/a", "comes": none, "goes": none, "changes": none, "databases": {}}
    assert [*restoring.tell_difference(quiet)][1] == (
        "  all files are the same, and each table has the same number of rows"
    )


class Config:
    """Pulumi's configuration, as its command keeps it; what stood among the words is remembered."""

    def __init__(self) -> None:
        self.key, self.words = "", list[str]()

    def run(self, words: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.words += words
        if "set" in words:
            self.key = options["input"]
        code = 0 if "get" not in words or self.key else 255
        return subprocess.CompletedProcess(words, code, f"{self.key}\n" if "get" in words else "", "")


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Config:
    found = Config()
    monkeypatch.setattr("portico.cli.pulumi.subprocess.run", found.run)
    monkeypatch.setattr(backup, "create", lambda stack, root: None)
    monkeypatch.setattr(backup, "prepare", lambda stack: Place(tmp_path, stack))
    return found


def test_a_key_is_made_shown_once_and_never_among_the_words_of_a_process(config: Config) -> None:
    done = CliRunner().invoke(backup.command, ["key"])
    key = done.output.splitlines()[-1]
    assert done.exit_code == 0 and len(key) == 64 and config.key == key
    assert key not in config.words and "--secret" in config.words
    again = CliRunner().invoke(backup.command, ["key"])
    assert again.exit_code == 1 and key not in again.output and config.key == key
    shown = CliRunner().invoke(backup.command, ["key", "--show"])
    assert shown.output.strip() == key


@pytest.mark.parametrize(("made", "said"), [("", "portico backup key -s prod"), ("yes", "make backup ENV=prod DO=key")])
def test_an_action_is_spelled_as_its_user_calls_it(monkeypatch: pytest.MonkeyPatch, made: str, said: str) -> None:
    monkeypatch.setenv(MADE, made)
    assert backup.spell_action("key", "prod") == said


def test_there_is_no_key_to_show(config: Config) -> None:
    done = CliRunner().invoke(backup.command, ["key", "--show"])
    assert "there is no key yet" in done.output and not config.key


def test_what_the_program_says_is_reported_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed: Any = SimpleNamespace(engine=SimpleNamespace(address=None, options=()))
    container: Any = SimpleNamespace(id="1", name="maker")

    def answer(out: str, err: str = "") -> Any:
        ended = subprocess.CompletedProcess([], 1 if err else 0, out, err)
        monkeypatch.setattr("portico.cli.backups.subprocess.run", lambda *_, **__: ended)
        return backups.call(deployed, container, "list")

    assert answer('a line\n{"answer": [1]}\n') == [1]
    with pytest.raises(Refused, match="the key does not open"):
        answer('{"error": "the key does not open"}')
    with pytest.raises(Refused, match="maker did not do what it was asked for: no such container"):
        answer("", "no such container")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--undo", "--forget"], "write one of --at, --undo and --forget"),
        (["--undo", "--at", "aaaa1111"], "write one of --at, --undo and --forget"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], said: str
) -> None:
    monkeypatch.setattr(restore, "prepare", lambda stack: Place(tmp_path, stack))
    monkeypatch.setattr(restore, "require_stack", lambda stack, root: None)
    done = CliRunner().invoke(restore.command, words)
    assert done.exit_code == 1 and said in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there is no terminal to confirm in; write --yes"),
        (["--site", "blog"], 'nothing of a site "blog" is backed up'),
    ],
)
def test_who_is_asked_for_a_yes_reads_no_other_refusal_after_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], said: str
) -> None:
    monkeypatch.setattr(restore, "prepare", lambda stack: Place(tmp_path, stack))
    for name in ("require_stack", "refuse_locked", "require_maker"):
        monkeypatch.setattr(restore, name, lambda *_: None)
    monkeypatch.setattr(restore, "read_export", lambda *_: {})
    monkeypatch.setattr(restore, "Deployed", SimpleNamespace(of=lambda *_: None))
    monkeypatch.setattr(restoring, "read_asked", lambda maker: {"sources": [{"name": "shop/media"}]})
    done = CliRunner().invoke(restore.command, words)
    assert done.exit_code == 1 and said in done.output and ("--yes" in said) == ("--yes" in done.output)


@pytest.mark.parametrize(
    ("reported", "code", "said"),
    [
        (
            {"outcome": "proven", "snapshot": "aaaa1111", "seconds": 3.2, "proof": {"files": 2, "databases": 0}},
            0,
            "Backup aaaa1111 is made and proven, in 3 s: 2 files, 0 databases of SQLite.",
        ),
        (
            {"outcome": "failed", "snapshot": "aaaa1111", "why": "x was restored with another content"},
            1,
            "Backup aaaa1111 was made, and is not proven: x was restored with another content.",
        ),
        ({"outcome": "failed", "why": "a disk is full"}, 1, "No backup was made: a disk is full."),
    ],
)
def test_one_that_failed_has_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reported: dict[str, Any], code: int, said: str
) -> None:
    monkeypatch.setattr(backup, "prepare", lambda stack: Place(tmp_path, stack))
    monkeypatch.setattr(backup, "require_stack", lambda stack, root: None)
    monkeypatch.setattr(backup, "read_export", lambda stack, root: {})
    monkeypatch.setattr("portico.cli.deployed.Deployed.of", lambda stack, export: SimpleNamespace())
    monkeypatch.setattr(backup, "require_maker", lambda deployed: SimpleNamespace())
    monkeypatch.setattr(backup, "call", lambda *words: reported)
    done = CliRunner().invoke(backup.command, ["now"])
    assert (done.exit_code, said in done.output) == (code, True), done.output
