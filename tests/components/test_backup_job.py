"""A backup: consistent while others write, compared with what comes back of it, and honest about what does not."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from portico.components.in_container.backups.database import _copy_still, copy_database, count_rows, examine
from portico.components.in_container.backups.job import Busy
from portico.components.in_container.backups.repository import Failed, Repository, _explain
from portico.components.in_container.backups.stage import Manifest, escape
from tests.components.backup_scene import Scene, make_scene, read_pattern


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def test_a_backup_is_made_and_proven(scene: Scene) -> None:
    run = scene.job.run()
    assert (run["outcome"], run["why"], run["files"], run["databases"]) == ("proven", "", 1, 1)
    counted = {key: count for key, count in run["proof"].items() if count}
    assert counted == {"files": 1, "databases": 1, "rows": 10}
    assert scene.report["repository"] == "the one" and scene.report["runs"][-1] == run
    assert not (scene.job.work / "stage").exists() and not (scene.job.work / "proof").exists()


def test_a_database_is_stored_as_its_copy_alone(scene: Scene) -> None:
    with closing(scene.connect()) as database:
        database.execute("INSERT INTO orders (what) VALUES ('open')")
        assert (scene.folder / "shop.db-wal").exists()
        assert scene.job.run()["outcome"] == "proven"
    kept = {path.name for path in scene.stored(str(scene.folder)).iterdir()}
    assert kept == {"a"}
    copy = scene.stored(str(scene.job.work / "stage" / "copies" / "shop" / "instance" / "shop.db"))
    assert count_rows(copy) == {"orders": 11}


def test_the_next_one_is_compared_with_its_own(scene: Scene) -> None:
    scene.job.run()
    scene.order(5)
    scene.write("b.txt", "new")
    run = scene.job.run()
    assert (run["outcome"], run["proof"]["rows"], run["proof"]["files"]) == ("proven", 15, 2)


ODD = ["two words.db", "a[b]*?.db", "$HOME.db", "\\back.db", " edge .db ", "new\nline.db", "# no.db", "!no.db"]


@pytest.mark.parametrize("name", ODD)
def test_a_name_may_hold_anything(scene: Scene, name: str) -> None:
    scene.order(3, name)
    scene.write(f"{name}.txt", "beside")
    run = scene.job.run()
    assert (run["outcome"], run["databases"], run["proof"]["databases"]) == ("proven", 2, 2), run
    assert name not in os.listdir(scene.stored(str(scene.folder)))
    assert f"{name}.txt" in os.listdir(scene.stored(str(scene.folder)))


def test_a_name_that_is_no_text_survives(scene: Scene) -> None:
    name = os.fsdecode(b"bad\xff.txt")
    scene.write(name, "odd")
    assert scene.job.run()["proof"]["files"] == 2
    assert Manifest.read(Manifest("now", {"a": {}}).spell()).sources == {"a": {}}


@pytest.mark.parametrize("path", ["/a/b c", "/a/[x]", "/a/$b", "/a/*", "/a/\\", "/a/ x ", "/a/\n"])
def test_a_pattern_means_its_path(path: str) -> None:
    line = escape(path)
    assert b"\n" not in line and line.strip() == line
    assert read_pattern(line).fullmatch(os.fsencode(path))
    assert not read_pattern(line).fullmatch(os.fsencode(f"{path}x"))


@pytest.mark.parametrize("mode", ["delete", "truncate", "persist", "wal"])
def test_a_database_is_copied_whatever_keeps_it_whole(scene: Scene, tmp_path: Path, mode: str) -> None:
    scene.order(7, "other.db", mode)
    copy_database(scene.folder / "other.db", tmp_path / "copy.db")
    assert count_rows(tmp_path / "copy.db") == {"orders": 7} and examine(tmp_path / "copy.db") == ""


WRITER = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute(f"PRAGMA journal_mode = {sys.argv[2]}")
database.execute("PRAGMA cache_size = 10")
database.execute("INSERT INTO orders (what) VALUES ('kept')")
database.execute("BEGIN IMMEDIATE")
database.executemany("INSERT INTO orders (what) VALUES (?)", [("x" * 900,)] * 3000)
print("begun", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_whose_writer_was_killed_is_copied_as_it_would_be_recovered(
    scene: Scene, tmp_path: Path, mode: str
) -> None:
    """What was begun and never ended is in its files by then, and SQLite could not recover what it may not write."""
    scene.order(4, "torn.db", mode)
    torn = scene.folder / "torn.db"
    words = [sys.executable, "-c", WRITER, str(torn), mode]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout and writer.stdout.readline() == b"begun\n"
        writer.kill()
    left = {path.name for path in scene.folder.glob("torn.db-*")}
    assert left & {"torn.db-journal", "torn.db-wal"}
    copy_database(torn, tmp_path / "copy.db")
    assert examine(tmp_path / "copy.db") == "" and count_rows(tmp_path / "copy.db") == {"orders": 5}
    assert {path.name for path in scene.folder.glob("torn.db-*")} >= left & {"torn.db-journal", "torn.db-wal"}


def test_files_that_change_while_they_are_copied_are_no_copy(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, old = scene.folder / "shop.db", time.time() - 60
    os.utime(source, (old, old))
    assert _copy_still(source, tmp_path / "copy.db")
    copyfile = shutil.copyfile

    def write_then(one: str, other: str) -> None:
        copyfile(one, other)
        os.utime(one, (old + 1, old + 1))

    monkeypatch.setattr("portico.components.in_container.backups.database.shutil.copyfile", write_then)
    assert not _copy_still(source, tmp_path / "copy.db")
    os.utime(source)
    assert not _copy_still(source, tmp_path / "copy.db"), "who has just written may write again at the same time"


def test_a_damaged_database_is_reported_and_its_file_is_kept(scene: Scene) -> None:
    with (scene.folder / "shop.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096)
    run = scene.job.run()
    assert run["outcome"] == "failed" and "shop/instance/shop.db is damaged in the data itself" in run["why"]
    assert scene.shelf.forgotten == []


def test_what_only_looks_like_a_database_is_kept_as_a_file(scene: Scene) -> None:
    scene.write("odd.bin", "SQLite format 3\0" + "no such thing" * 100)
    run = scene.job.run()
    assert run["outcome"] == "failed" and "odd.bin could not be copied as a database" in run["why"]
    assert "odd.bin" in os.listdir(scene.stored(str(scene.folder)))


@pytest.mark.parametrize("path", ["a/note.txt", "shop.db"])
@pytest.mark.parametrize("what", ["flipped", "lost"])
def test_what_comes_back_otherwise_is_no_proven_backup(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, path: str, what: str
) -> None:
    restore = type(scene.shelf).restore

    def spoil(shelf: Any, snapshot: Any, target: Path, folder: str = "") -> None:
        restore(shelf, snapshot, target, folder)
        (file,) = [one for one in target.rglob(Path(path).name)]
        seen, text = file.stat(), bytearray(file.read_bytes())
        if what == "lost":
            file.unlink()
            return
        text[len(text) // 2] ^= 1
        file.write_bytes(text)
        os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))

    monkeypatch.setattr(type(scene.shelf), "restore", spoil)
    run = scene.job.run()
    if (path, what) == ("a/note.txt", "lost"):
        # It may have gone before it was read, and restic itself says what it cannot bring back.
        assert run["proof"]["gone"] == 1
        return
    assert run["outcome"] == "failed" and f"shop/instance/{path}" in run["why"], run
    assert scene.shelf.forgotten == []


def test_nothing_is_removed_before_the_newest_is_proven(scene: Scene) -> None:
    scene.job.run()
    assert scene.shelf.forgotten == [{"last": 2}]


def test_each_part_of_what_is_stored_is_read_in_its_turn(scene: Scene) -> None:
    for _ in range(8):
        scene.job.run()
    assert scene.shelf.checked == [f"{part}/7" for part in (1, 2, 3, 4, 5, 6, 7, 1)]


def test_a_repository_that_is_gone_is_reported_and_not_begun_anew(scene: Scene) -> None:
    scene.job.run()
    shutil.rmtree(scene.shelf.place)
    run = scene.job.run()
    assert run["outcome"] == "failed" and "is gone" in run["why"] and not scene.shelf.place.exists()


def test_another_repository_in_its_place_is_reported(scene: Scene) -> None:
    scene.job.run()
    (scene.shelf.place / "config").write_text("another one")
    assert "is another one (" in scene.job.run()["why"] and "is another" in scene.job.check()[0]


def test_a_file_that_changes_meanwhile_is_counted_and_no_fault(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    save = type(scene.shelf).save

    def write_first(shelf: Any, folders: Any, excluded: Path) -> Any:
        scene.write("a/note.txt", "other words")
        return save(shelf, folders, excluded)

    monkeypatch.setattr(type(scene.shelf), "save", write_first)
    run = scene.job.run()
    assert run["outcome"] == "proven" and run["proof"]["moving"] == 1


def test_a_backup_that_somebody_removed_is_reported(scene: Scene) -> None:
    """Nothing in a repository says that one is missing; the rest of it is whole."""
    scene.job.run()
    scene.job.run()
    (scene.shelf.place / "list").write_text("00000002\n")
    assert scene.job.check() == ["a backup that was to be kept is gone: 00000001"]
    run = scene.job.run()
    assert run["outcome"] == "failed" and "is gone: 00000001" in run["why"]
    assert scene.job.run()["outcome"] == "proven"


def test_what_was_cut_is_reported(scene: Scene) -> None:
    book = scene.job.book
    book.begin("the shelf")
    book.add({"at": "2026-11-30T03:17:00Z", "outcome": "running"})
    scene.job.run()
    assert [run["outcome"] for run in scene.report["runs"]] == ["cut", "proven"]


def test_two_are_never_made_at_once(scene: Scene) -> None:
    with scene.job.alone(), pytest.raises(Busy):
        scene.job.run()


def test_all_is_read_and_said(scene: Scene) -> None:
    assert scene.job.check() == ["nothing is there"]
    scene.job.run()
    assert scene.job.check() == [] and scene.shelf.checked[-1] == "100%"
    shutil.rmtree(scene.stored(str(scene.folder)).parents[2])
    assert scene.job.check()


def test_a_file_is_read_again_only_where_it_changed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    old = time.time() - 60
    os.utime(scene.folder / "a" / "note.txt", (old, old))
    monkeypatch.setattr("portico.components.in_container.backups.hashes._FRESH", -1)
    scene.job.run()
    monkeypatch.setattr(
        "portico.components.in_container.backups.hashes.hash_file", lambda path: pytest.fail(f"{path} was read again")
    )
    assert scene.job.run()["outcome"] == "proven"


@pytest.mark.parametrize(
    ("code", "said", "reported"),
    [
        (12, "Fatal: wrong password or no key found", "the key does not open the repository at /to: it was made with"),
        (10, "Fatal: repository does not exist", "there is no repository at /to"),
        (11, "unable to create lock", "another process works on the repository at /to"),
        (1, "junk\nFatal: pack abc: not found\n", "restic check failed: pack abc: not found"),
        (1, "", "restic check failed: exit code 1"),
        (
            1,
            "Fatal: unexpected EOF\nsubprocess ssh: a@b: Permission denied",
            "restic check failed: ssh: a@b: Permission denied; unexpected EOF",
        ),
    ],
)
def test_what_restic_says_is_a_sentence(code: int, said: str, reported: str) -> None:
    assert str(_explain("check", code, said, "/to")).startswith(reported)


def test_its_key_stands_in_no_process_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restic that prints its words and variables."""
    program = tmp_path / "restic"
    program.write_text('#!/bin/sh\necho "$@" >&2; env >&2; exit 1\n')
    program.chmod(0o755)
    (tmp_path / "key").write_text("a very secret key")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(Failed) as found:
        Repository("/to", "host", tmp_path, secrets=tmp_path).check()
    assert "a very secret key" not in str(found.value)


def test_sqlite_is_asked_of_a_copy_alone(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.folder / "empty.db")) as database:
        database.execute("CREATE TABLE t (a)")
        database.execute('CREATE TABLE "odd ""name" (a)')
    assert count_rows(scene.folder / "empty.db") == {'odd "name': 0, "t": 0}
