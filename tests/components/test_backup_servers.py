"""Servers among the backups: what is asked of what dumps them, what is proven, and how it comes back."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from portico.components.in_container.backups import bringing, dumper
from portico.components.in_container.backups.database import count_rows
from portico.components.in_container.backups.dumper import Dumper
from portico.components.in_container.backups.job import Job
from portico.components.in_container.backups.repository import Failed
from portico.components.in_container.backups.server import _agree
from portico.components.in_container.backups.source import POSTGRES, VALKEY, Source, read_sources
from tests.components.backup_scene import Scene, make_scene

Say = Callable[[list[str]], str]


@contextmanager
def run_dumper(folder: Path, say: Say) -> Iterator[list[list[str]]]:
    """Something that answers as components/in_container/dumper.sh does; `say` gets an action and its words."""
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / "request")
    asked: list[list[str]] = []
    end = os.open(folder / "request", os.O_RDWR)

    def answer() -> None:
        with os.fdopen(os.dup(end)) as requests:
            for line in requests:
                token, *words = line.split()
                if words == ["end"]:
                    return
                asked.append(words)
                try:
                    said = say(words)
                except AssertionError as error:
                    said = f"1\n{error}\n"
                (folder / "answer.part").write_text(f"{token} {said}")
                (folder / "answer.part").replace(folder / "answer")

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield asked
    finally:
        os.write(end, b"- end\n")
        thread.join()
        os.close(end)


def add_sources(scene: Scene, root: Path) -> Job:
    """The same with a database and a cache."""
    reported = [
        {"name": "shop/instance", "kind": "folder"},
        {"name": "db/shop", "kind": "postgres", "site": "shop"},
        {"name": "cache/valkey", "kind": "valkey", "site": "shop"},
    ]
    job, servers = scene.job, root / "servers"
    (servers / "cache" / "valkey" / "appendonlydir").mkdir(parents=True)
    (servers / "cache" / "valkey" / "appendonlydir" / "old").write_text("old")
    (servers / "cache" / "valkey" / "users.acl").write_text("user")
    return Job(job.repository, read_sources(reported, job.data, servers, root / "spool"), job.keep, job.work, job.data)


def behave(folder: Path, text: str = "the dump", **rows: str) -> Say:
    """A dumper whose dump has this text, and that counts so by its action; "dump" where it has no rows of its own."""

    def say(words: list[str]) -> str:
        if words[0] == "dump":
            (folder / "dump").write_text(text)
        if words[0] == "prove":
            assert (folder / "dump").read_text() == text
        return rows.get(words[0], rows.get("dump", "0\n"))

    return say


ROWS = '0\n["orders", 12]\n["lines \\"x\\"", 30]\n'
KEYS = '0\n["db0", 5]\n["db0, for a time", 2]\n'


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return add_sources(make_scene(tmp_path), tmp_path)


def test_a_dump_is_stored_and_a_server_started_on_what_came_back(job: Job, tmp_path: Path) -> None:
    db, cache = tmp_path / "spool" / "db", tmp_path / "spool" / "cache"
    with run_dumper(db, behave(db, dump=ROWS)) as asked, run_dumper(cache, behave(cache, dump=KEYS)) as others:
        run = job.run()
    assert (run["outcome"], run["why"]) == ("proven", "")
    proof = run["proof"]
    assert (proof["servers"], proof["server_rows"], proof["caches"], proof["keys"]) == (1, 42, 1, 7)
    assert asked == [["dump", "shop"], ["prove", "shop"]] and others == [["dump"], ["prove"]]
    # Nothing of it stays where what dumps it has it.
    assert not (db / "dump").exists() and not (cache / "dump").exists()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            {"dump": "1\npg_dump: error: page 3 is\x1b damaged\n"},
            "could not be dumped: db says: pg_dump: error: page 3",
        ),
        ({"dump": ROWS, "prove": "1\nno space left\n"}, "could not be started from its dump: db says: no space left"),
        (
            {"dump": ROWS, "prove": '0\n["orders", 11]\n["lines \\"x\\"", 30]\n'},
            "was restored with other numbers of rows",
        ),
        ({"dump": ROWS, "prove": "0\nwhat\n"}, "did not answer with numbers"),
    ],
)
def test_what_is_wrong_with_a_server_makes_the_backup_no_proven_one(
    job: Job, tmp_path: Path, rows: dict[str, str], said: str
) -> None:
    db, cache = tmp_path / "spool" / "db", tmp_path / "spool" / "cache"
    with run_dumper(db, behave(db, **rows)), run_dumper(cache, behave(cache, dump=KEYS)):
        run = job.run()
    assert run["outcome"] == "failed" and said in run["why"] and run["why"].isprintable()
    assert run["proof"]["caches"] == 1 and run["proof"]["files"] == 1


def test_a_dump_that_comes_back_otherwise_is_given_to_no_server(job: Job, tmp_path: Path) -> None:
    db, cache = tmp_path / "spool" / "db", tmp_path / "spool" / "cache"
    with run_dumper(db, behave(db, dump=ROWS)) as asked, run_dumper(cache, behave(cache, dump=KEYS)):
        job.run()
        shelf: Any = job.repository
        id = shelf.list_snapshots()[-1].id
        stage = job.work / "stage" / "copies" / "db" / "shop" / "dump"
        shelf.place.joinpath(id, *stage.parts[1:]).write_text("another")
        proof = job.prove(shelf.find(id))
    assert proof.faults == ["db/shop/dump was restored with another content"] and asked[-1][0] == "prove"
    assert len(asked) == 2


def test_who_does_not_run_or_ends_meanwhile_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumper, "_READY", 0.2)
    folder = tmp_path / "db"
    folder.mkdir()
    with pytest.raises(Failed, match="the container that dumps db does not run"):
        Dumper("db", folder).ask("dump", "shop")
    os.mkfifo(folder / "request")
    reader = os.open(folder / "request", os.O_RDONLY | os.O_NONBLOCK)
    timer = threading.Timer(0.3, os.close, [reader])
    timer.start()
    with pytest.raises(Failed, match="the container that dumps db ended before it had finished"):
        Dumper("db", folder).ask("dump", "shop")
    timer.join()


def test_an_answer_to_another_question_is_not_taken(tmp_path: Path) -> None:
    folder = tmp_path / "db"
    folder.mkdir()
    (folder / "answer").write_text('0000 0\n["old", 1]\n')

    def say(_: list[str]) -> str:
        time.sleep(0.5)
        return '0\n["new", 2]\n'

    with run_dumper(folder, say):
        assert Dumper("db", folder).ask("count", "shop") == {"new": 2}


@pytest.mark.parametrize(
    ("kind", "now", "same"),
    [
        (POSTGRES, {"db0": 5, "db0, for a time": 2}, True),
        (POSTGRES, {"db0": 5, "db0, for a time": 1}, False),
        (VALKEY, {"db0": 5, "db0, for a time": 1}, True),
        (VALKEY, {"db0": 5}, True),
        (VALKEY, {"db0": 5, "db0, for a time": 3}, False),
        (VALKEY, {"db0": 4, "db0, for a time": 2}, False),
        (VALKEY, {"db0": 5, "db1": 1, "db0, for a time": 2}, False),
    ],
)
def test_keys_may_end_by_their_time_and_nothing_else_may(kind: str, now: dict[str, int | None], same: bool) -> None:
    assert _agree(kind, {"db0": 5, "db0, for a time": 2}, now) is same


def test_both_come_back_beside_what_is_there_and_then_in_its_place(job: Job, tmp_path: Path) -> None:
    db, cache = tmp_path / "spool" / "db", tmp_path / "spool" / "cache"
    names = ["shop/instance", "db/shop", "cache/valkey"]
    counts = {"count": '0\n["orders", 13]\n["lines \\"x\\"", 30]\n', "switch": "0\n", "clear": "0\n"}
    with (
        run_dumper(db, behave(db, dump=ROWS, **counts)) as asked,
        run_dumper(cache, behave(cache, dump=KEYS, count='0\n["db0", 9]\n')),
    ):
        job.run()
        reported = bringing.fetch(job, job.repository.list_snapshots()[-1], names)
        assert [one["folder"] for one in reported] == names
        assert reported[1]["databases"]["db/shop"]["now"]["orders"] == 13
        assert reported[2]["databases"]["cache/valkey"]["then"] == {"db0": 5, "db0, for a time": 2}
        place = tmp_path / "servers" / "cache" / "valkey"
        assert (place / "appendonlydir" / "old").exists()
        for one in bringing.choose(job, names):
            bringing.act(one, "switch", "S1")
        assert {path.name for path in (place / "appendonlydir").iterdir()} == {
            "appendonly.aof.1.base.rdb",
            "appendonly.aof.manifest",
        }
        assert (place / ".portico-before" / "S1" / "appendonlydir" / "old").exists()
        assert (place / "users.acl").exists(), "who may do what is no data"
    assert ["load", "shop"] in asked and asked[-1] == ["switch", "shop", "S1"]


def test_what_came_back_with_other_rows_is_taken_away(job: Job, tmp_path: Path) -> None:
    db, cache = tmp_path / "spool" / "db", tmp_path / "spool" / "cache"
    with run_dumper(db, behave(db, dump=ROWS, load='0\n["orders", 1]\n', clear="0\n")) as asked:
        with run_dumper(cache, behave(cache, dump=KEYS)):
            job.run()
        with pytest.raises(Failed, match="db/shop was restored with other numbers of rows"):
            bringing.fetch(job, job.repository.list_snapshots()[-1], ["db/shop"])
    assert asked[-1] == ["clear", "shop"]


def test_what_was_not_dumped_is_said_when_it_is_asked_for(job: Job, tmp_path: Path) -> None:
    db, cache = tmp_path / "spool" / "db", tmp_path / "spool" / "cache"
    with run_dumper(db, lambda words: "1\nno\n"), run_dumper(cache, behave(cache, dump=KEYS)):
        job.run()
        with pytest.raises(Failed, match="holds nothing of db/shop: it could not be dumped then"):
            bringing.fetch(job, job.repository.list_snapshots()[-1], ["db/shop"])


def test_nobody_is_asked_for_what_is_not_backed_up(job: Job) -> None:
    with pytest.raises(Failed, match="nothing called db/blog is backed up"):
        bringing.choose(job, ["db/blog"])
    assert Source("a/b", "folder", Path("/a")).spool is None


def test_for_a_rehearsal_all_of_it_comes_into_empty_folders(job: Job, tmp_path: Path) -> None:
    db, cache = tmp_path / "spool" / "db", tmp_path / "spool" / "cache"
    with run_dumper(db, behave(db, dump=ROWS)), run_dumper(cache, behave(cache, dump=KEYS)):
        job.run()
    # As in the container of a rehearsal: the same places, and other volumes in them. Nobody dumps there.
    shutil.rmtree(job.data)
    shutil.rmtree(tmp_path / "servers")
    places = [job.data / "shop" / "instance", *(tmp_path / "servers" / name for name in ("db/shop", "cache/valkey"))]
    for place in places:
        place.mkdir(parents=True)
    bringing.lay(job, job.repository.list_snapshots()[-1], [one.name for one in job.sources])
    assert (places[0] / "a" / "note.txt").read_text() == "hello" and count_rows(places[0] / "shop.db") == {"orders": 10}
    assert (places[1] / "dump").read_text() == "the dump" and (places[1] / "run").is_dir()
    assert (places[2] / "appendonlydir" / "appendonly.aof.1.base.rdb").read_text() == "the dump"
    assert not (places[0] / ".portico-restore").exists()
