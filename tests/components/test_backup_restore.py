"""A backup that comes back: first beside what is there, then in its place; what was there stays until it is let go."""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from portico.components.in_container.backups import restore
from portico.components.in_container.backups.database import count_rows
from portico.components.in_container.backups.repository import Failed
from portico.components.in_container.backups.restore import Folder
from tests.components.backup_scene import Scene, make_scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A backup of ten orders and two files was made; then there were more orders, and the files changed."""
    scene = make_scene(tmp_path)
    scene.write("gone.txt", "was there")
    (scene.folder / ".portico").write_text("mark")
    scene.job.run()
    scene.order(5)
    scene.write("a/note.txt", "other")
    scene.write("new.txt", "is new")
    (scene.folder / "gone.txt").unlink()
    return scene


@pytest.fixture
def folder(scene: Scene) -> Folder:
    return Folder("shop/instance", scene.folder)


def fetch(scene: Scene, folder: Folder) -> dict[str, Any]:
    (reported,) = restore.fetch(scene.job, scene.shelf.list_snapshots()[-1], [folder])
    return reported


def look(scene: Scene) -> dict[str, str | int | None]:
    """Every file of the data with its text, the database with its orders."""
    found: dict[str, str | int | None] = {}
    for path in sorted(scene.folder.rglob("*")):
        name = str(path.relative_to(scene.folder))
        if path.is_file() and not name.startswith(".portico"):
            found[name] = count_rows(path)["orders"] if name == "shop.db" else path.read_text(errors="replace")
    return found


THEN = {"a/note.txt": "hello", "gone.txt": "was there", "shop.db": 10}
NOW = {"a/note.txt": "other", "new.txt": "is new", "shop.db": 15}


def test_it_says_what_differs_and_changes_nothing(scene: Scene, folder: Folder) -> None:
    reported = fetch(scene, folder)
    assert reported["comes"] == {"count": 1, "first": ["gone.txt"]}
    assert reported["goes"] == {"count": 1, "first": ["new.txt"]}
    assert reported["changes"] == {"count": 1, "first": ["a/note.txt"]}
    assert reported["databases"] == {"shop.db": {"now": {"orders": 15}, "then": {"orders": 10}}}
    assert look(scene) == NOW


def test_what_lies_beside_is_nobodys_to_enter(scene: Scene, folder: Folder) -> None:
    fetch(scene, folder)
    assert (scene.folder / ".portico-restore").stat().st_mode & 0o777 == 0o700
    restore.clear(folder)
    assert not (scene.folder / ".portico-restore").exists()


def test_it_takes_the_place_of_what_is_there_which_is_kept(scene: Scene, folder: Folder) -> None:
    fetch(scene, folder)
    restore.switch(folder, "1")
    assert look(scene) == THEN and (scene.folder / ".portico").read_text() == "mark"
    assert not (scene.folder / ".portico-restore").exists()
    kept = scene.folder / ".portico-before" / "1"
    assert (kept / "new.txt").read_text() == "is new" and kept.stat().st_mode & 0o777 == 0o700


def test_a_log_goes_with_its_database(scene: Scene, folder: Folder) -> None:
    """A log of the one beside the other would be taken over by it, and spoil it."""
    with closing(scene.connect()) as database:
        database.execute("INSERT INTO orders (what) VALUES ('in the log')")
        fetch(scene, folder)
        shutil.copy(scene.folder / "shop.db-wal", scene.folder / "kept")
    shutil.move(scene.folder / "kept", scene.folder / "shop.db-wal")
    restore.switch(folder, "1")
    assert not (scene.folder / "shop.db-wal").exists() and look(scene) == THEN


def test_it_can_be_undone_and_that_too(scene: Scene, folder: Folder) -> None:
    fetch(scene, folder)
    restore.switch(folder, "1")
    restore.undo(folder, "2")
    assert look(scene) == NOW and folder.list_before() == ["2"]
    restore.undo(folder, "3")
    assert look(scene) == THEN and folder.list_before() == ["3"]
    assert restore.forget(folder) == 1 and look(scene) == THEN
    with pytest.raises(Failed, match="no state before a restore is kept"):
        restore.undo(folder, "4")


def cut_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever moves is killed after so many moves."""
    rename, left = Path.rename, [count]

    def move(path: Path, target: Any) -> Path:
        if ".portico-restore" in f"{path}{target}" or ".portico-before" in f"{path}{target}":
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", move)


@pytest.mark.parametrize("begin", [restore.switch, restore.undo])
@pytest.mark.parametrize("count", range(8))
def test_whoever_is_killed_at_it_is_followed_by_one_who_goes_on(
    scene: Scene, folder: Folder, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Folder, str], None], count: int
) -> None:
    fetch(scene, folder)
    if begin is restore.undo:
        restore.switch(folder, "0")
    with monkeypatch.context() as patch:
        cut_after(count, patch)
        # The last counts come to the end by themselves.
        try:
            begin(folder, "1")
            whole = True
        except KeyboardInterrupt:
            whole = False
    if not whole:
        restore.clear(folder)
        restore.finish(folder)
    before, after = (THEN, NOW) if begin is restore.undo else (NOW, THEN)
    seen = look(scene)
    assert seen == after or (seen == before and count == 0), (count, seen)
    kept = {path.name for path in (scene.folder / ".portico-before").rglob("*") if path.is_file()}
    lost = {Path(name).name for name in before} - kept - {Path(name).name for name in seen}
    assert not lost, "nothing is lost, whenever that was"


def test_what_is_not_what_was_backed_up_never_takes_its_place(scene: Scene, folder: Folder) -> None:
    scene.stored(str(scene.folder / "a" / "note.txt")).write_text("h3llo")
    note = scene.stored(str(scene.folder / "a" / "note.txt"))
    was = scene.shelf.read(scene.shelf.list_snapshots()[-1], str(scene.job.work / "stage" / "manifest.json"))
    moment = json.loads(was)["sources"]["shop/instance"]["a/note.txt"]["mtime"]
    os.utime(note, ns=(moment, moment))
    with pytest.raises(Failed, match="what was restored differs from the backup"):
        fetch(scene, folder)
    assert look(scene) == NOW and not (scene.folder / ".portico-restore").exists()


def test_a_backup_without_that_folder_is_reported(scene: Scene) -> None:
    other = Folder("blog/media", scene.folder.parent.parent / "blog" / "media")
    with pytest.raises(Failed, match="holds no blog/media; shop/instance is there"):
        restore.fetch(scene.job, scene.shelf.list_snapshots()[-1], [other])


def test_a_database_that_is_damaged_now_can_be_brought_back(scene: Scene, folder: Folder) -> None:
    (scene.folder / "shop.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    reported = fetch(scene, folder)
    assert reported["databases"]["shop.db"]["then"] == {"orders": 10}
    restore.switch(folder, "1")
    assert look(scene) == THEN


def test_what_was_kept_is_in_no_backup(scene: Scene, folder: Folder) -> None:
    fetch(scene, folder)
    restore.switch(folder, "1")
    run = scene.job.run()
    assert run["outcome"] == "proven"
    assert not [path for path in scene.stored(str(scene.folder)).iterdir() if path.name.startswith(".portico-")]
