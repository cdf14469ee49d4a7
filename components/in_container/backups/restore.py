"""Restores a backup: first beside the present data, then in its place; the present data is kept.

All of it happens within the folder of data, so that the last step only renames, which takes no time.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portico.components.in_container.backups.database import NoCopy, copy_database, count_rows
from portico.components.in_container.backups.job import Job
from portico.components.in_container.backups.proof import Proof, compare
from portico.components.in_container.backups.repository import Failed, Snapshot
from portico.components.in_container.backups.stage import COPIES, MANIFEST, Manifest
from portico.components.in_container.backups.tree import BEFORE, COMING, DATABASE, FILE, SIDES, Entry, hash_file, walk

_MARK = ".portico"  # data.py's: it stays where it is
_SHOWN = 10  # paths of a kind


@dataclass(frozen=True)
class Folder:
    """A folder of data, by its name, such as shop/instance, and its place here. Of Valkey's, `only` is its data."""

    name: str
    place: Path
    # What is moved; everything, where nothing is named.
    only: tuple[str, ...] = ()

    @property
    def coming(self) -> Path:
        """Where restored data is first; nobody but root enters it."""
        return self.place / COMING / "new"

    @property
    def plan(self) -> Path:
        """What is being moved, so that after a kill the next run can go on."""
        return self.place / COMING / "moving.json"

    def list_before(self) -> list[str]:
        """The states that were kept, the oldest first."""
        with suppress(FileNotFoundError):
            return sorted(one.name for one in (self.place / BEFORE).iterdir())
        return []


def fetch(job: Job, snapshot: Snapshot, folders: list[Folder]) -> list[dict[str, Any]]:
    """Restore these folders beside the present data, compare them with the backup, and say what differs.

    Raises Failed, and then leaves nothing; what is there is not touched in any case.
    """
    manifest = read_manifest(job, snapshot, [one.name for one in folders])
    try:
        proof, told = Proof(), []
        for one in folders:
            finish(one)
            clear(one)
            wanted = manifest.sources[one.name]
            open_coming(one)
            lay(job, snapshot, one.name, wanted, one.coming, proof)
            told.append({"folder": one.name, **differ(one, wanted, job.work)})
        if proof.faults:
            raise Failed(f"what was restored differs from the backup: {proof.tell()}")
        return told
    except BaseException:
        for one in folders:
            clear(one)
        raise


def lay(job: Job, snapshot: Snapshot, name: str, wanted: dict[str, Entry], place: Path, proof: Proof) -> None:
    """Restore a folder to a place; `proof` gets what is found where it is compared. Raises Failed."""
    job.repository.restore(snapshot, place, str(job.data / name))
    if any(entry.kind == DATABASE for entry in wanted.values()):
        job.repository.restore(snapshot, place, str(job.work / "stage" / COPIES / name))
    compare(name, wanted, place, place, proof)
    for path, entry in wanted.items():
        if entry.kind == DATABASE:
            _give(place / path, entry)


def read_manifest(job: Job, snapshot: Snapshot, wanted: list[str]) -> Manifest:
    """What a backup holds. Raises Failed where it is not all that is wanted, by its names."""
    path = str(job.work / "stage" / MANIFEST)
    manifest = Manifest.read(job.repository.read(snapshot, path).encode(errors="surrogateescape"))
    if lacking := [one for one in wanted if one not in manifest.sources]:
        raise Failed(
            f"the backup {snapshot.id[:8]} holds no {', '.join(lacking)}; {', '.join(manifest.sources)} is there"
        )
    return manifest


def _open(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    # A list of users that the folder above hands down counts for nothing so.
    folder.chmod(0o700)


def open_coming(folder: Folder) -> None:
    """Make the folder for restored data before the switch; nobody but root enters it."""
    _open(folder.place / COMING)


def _give(path: Path, entry: Entry) -> None:
    """A copy of a database was root's while it was made. Its folder's list of users was handed down to it."""
    os.chown(path, entry.uid, entry.gid)
    path.chmod(entry.mode)


def differ(folder: Folder, wanted: dict[str, Entry], work: Path) -> dict[str, Any]:
    """What would differ: files by their number and the first paths, databases by the rows of their tables."""
    sides = {path + side for path, entry in wanted.items() if entry.kind == DATABASE for side in SIDES}
    now = {path: seen for path, seen in walk(folder.place) if path not in sides and path != _MARK}
    then = {path: entry for path, entry in wanted.items() if path != _MARK}
    changed, databases = [], {}
    for path in sorted(then.keys() & now.keys()):
        entry = then[path]
        if entry.kind == DATABASE:
            rows = _count(folder.place / path, work)
            if rows != entry.tables:
                databases[path] = {"now": rows, "then": entry.tables}
        elif entry.kind == FILE and not _is_same(folder.place / path, now[path], entry):
            changed.append(path)
    return {
        "comes": _show(sorted(then.keys() - now.keys())),
        "goes": _show(sorted(now.keys() - then.keys())),
        "changes": _show(changed),
        "databases": databases,
    }


def _is_same(path: Path, seen: os.stat_result, entry: Entry) -> bool:
    with suppress(OSError):
        return seen.st_size == entry.size and hash_file(path) == entry.digest
    return False


def _show(paths: list[str]) -> dict[str, Any]:
    return {"count": len(paths), "first": paths[:_SHOWN]}


def _count(path: Path, work: Path) -> dict[str, int | None] | None:
    """The rows that a database has now, None where that cannot be found out, as of one that is damaged."""
    copy = work / "now.db"
    try:
        copy_database(path, copy)
        return count_rows(copy)
    except (NoCopy, OSError):
        return None
    finally:
        copy.unlink(missing_ok=True)


def switch(folder: Folder, stamp: str) -> None:
    """Put the restored data in place of the present data, which is kept by the name `stamp`. Nobody has it open."""
    if not folder.coming.is_dir():
        raise Failed(f"nothing is prepared for {folder.name}")
    _begin(folder, folder.coming, stamp)


def undo(folder: Folder, stamp: str) -> None:
    """Put the state back that the last switch kept; the present one is kept instead, by the name `stamp`."""
    finish(folder)
    before = folder.list_before()
    if not before:
        raise Failed(f"no state before a restore is kept of {folder.name}")
    clear(folder)
    open_coming(folder)
    _begin(folder, folder.place / BEFORE / before[-1], stamp)


def _begin(folder: Folder, source: Path, stamp: str) -> None:
    _open(folder.place / BEFORE)
    plan = {
        "from": str(source.relative_to(folder.place)),
        "to": f"{BEFORE}/{stamp}",
        "out": [*_list_own(folder, folder.place)],
        "in": [*_list_own(folder, source)],
        "out_done": False,
    }
    _write(folder.plan, plan)
    finish(folder)


def finish(folder: Folder) -> None:
    """Go on with a switch that was begun; nothing where none was."""
    try:
        plan = json.loads(folder.plan.read_text())
    except FileNotFoundError:
        return
    source, kept = folder.place / plan["from"], folder.place / plan["to"]
    if not plan["out_done"]:
        _open(kept)
        _move(plan["out"], folder.place, kept)
        _write(folder.plan, plan | {"out_done": True})
    _move(plan["in"], source, folder.place)
    # Empty by now, but for data.py's mark.
    shutil.rmtree(source, ignore_errors=True)
    folder.plan.unlink()
    clear(folder)


def forget(folder: Folder) -> int:
    """Delete the states that were kept, and say how many there were."""
    finish(folder)
    count = len(folder.list_before())
    shutil.rmtree(folder.place / BEFORE, ignore_errors=True)
    return count


def clear(folder: Folder) -> None:
    """Remove restored data that was not switched to. A switch that was begun is never discarded."""
    if not folder.plan.exists():
        shutil.rmtree(folder.place / COMING, ignore_errors=True)


def _list_own(folder: Folder, place: Path) -> Iterator[str]:
    own = (one for one in sorted(os.listdir(place)) if one not in (COMING, BEFORE, _MARK))
    return (one for one in own if not folder.only or one in folder.only)


def _move(names: list[str], source: Path, target: Path) -> None:
    for name in names:
        # One that is not there was moved by the earlier run.
        with suppress(FileNotFoundError):
            (source / name).rename(target / name)


def _write(file: Path, plan: dict[str, Any]) -> None:
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(plan))
    partial.replace(file)
