"""Restoring what a backup has, of any kind: folders, Valkey's data, databases of PostgreSQL."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from portico.components.in_container.backups import restore
from portico.components.in_container.backups.job import Job
from portico.components.in_container.backups.proof import Proof
from portico.components.in_container.backups.repository import Failed, Snapshot
from portico.components.in_container.backups.server import APPENDED, PATH, Database, lay_keys, lay_server
from portico.components.in_container.backups.source import POSTGRES, VALKEY, Source
from portico.components.in_container.backups.stage import COPIES
from portico.components.in_container.backups.tree import FOLDER, Entry, hash_file

Target = restore.Folder | Database


def choose(job: Job, names: list[str]) -> list[Target]:
    """What is restored, by the names of its sources. Raises Failed."""
    known = {one.name: one for one in job.sources}
    if lacking := [one for one in names if one not in known]:
        raise Failed(f"nothing called {', '.join(lacking)} is backed up")
    return [_make(known[name]) for name in names]


def _make(source: Source) -> Target:
    if source.kind == POSTGRES:
        return Database(source)
    return restore.Folder(source.name, source.place, (APPENDED,) if source.kind == VALKEY else ())


def fetch(job: Job, snapshot: Snapshot, names: list[str]) -> list[dict[str, Any]]:
    """Restore all of it beside the present data, and say what differs. Raises Failed, and then leaves nothing."""
    known, targets = {one.name: one for one in job.sources}, choose(job, names)
    manifest = restore.read_manifest(job, snapshot, names)
    plain = [one for one in targets if isinstance(one, restore.Folder) and not one.only]
    told = {one["folder"]: one for one in restore.fetch(job, snapshot, plain)} if plain else {}
    try:
        for name, target in zip(names, targets, strict=True):
            if target not in plain:
                told[name] = _fetch_server(job, snapshot, known[name], target, manifest.sources[name].get(PATH))
    except BaseException:
        for target in targets:
            # The failure is reported; the next one clears, too.
            with suppress(Failed):
                act(target, "clear", "")
        raise
    return [told[name] for name in names]


def lay(job: Job, snapshot: Snapshot, names: list[str]) -> None:
    """Restore all of it to this container's own empty volumes, which are not the sites': for a rehearsal.

    A dump of PostgreSQL lies there as it is. Raises Failed.
    """
    manifest, proof, known = (
        restore.read_manifest(job, snapshot, names),
        Proof(),
        {one.name: one for one in job.sources},
    )
    for name in names:
        source, wanted = known[name], manifest.sources[name]
        if source.kind == FOLDER:
            restore.lay(job, snapshot, name, wanted, source.place, proof)
            continue
        with _bring(job, snapshot, source, wanted.get(PATH)) as file:
            lay_server(source, file)
    if proof.faults:
        raise Failed(f"what was restored differs from the backup: {proof.tell()}")


def _fetch_server(job: Job, snapshot: Snapshot, source: Source, target: Target, wanted: Entry | None) -> dict[str, Any]:
    with _bring(job, snapshot, source, wanted) as file:
        assert wanted
        if isinstance(target, Database):
            return target.load(file, wanted)
        restore.finish(target)
        restore.clear(target)
        restore.open_coming(target)
        return lay_keys(source, file, target.coming, wanted)


@contextmanager
def _bring(job: Job, snapshot: Snapshot, source: Source, wanted: Entry | None) -> Iterator[Path]:
    """A dump as it came back, for a while. Raises Failed where it is not what was backed up."""
    if wanted is None:
        raise Failed(f"the backup {snapshot.id[:8]} holds nothing of {source.name}: it could not be dumped then")
    place = job.work / "coming"
    shutil.rmtree(place, ignore_errors=True)
    try:
        job.repository.restore(snapshot, place, str(job.work / "stage" / COPIES / source.name))
        if hash_file(place / PATH) != wanted.digest:
            raise Failed(f"what was restored differs from the backup: {source.name} has another content")
        yield place / PATH
    finally:
        shutil.rmtree(place, ignore_errors=True)


def act(target: Target, action: str, stamp: str) -> Any:
    """switch, undo, finish, forget or clear; how many states were deleted by forget. Raises Failed."""
    if isinstance(target, Database):
        # Its switch is one moment: there is none to be gone on with.
        if action == "finish":
            return None
        rows = target.act(action, *([stamp] if action in ("switch", "undo") else []))
        return rows.get("before", 0) if action == "forget" else None
    if action in ("switch", "undo"):
        return restore.switch(target, stamp) if action == "switch" else restore.undo(target, stamp)
    if action == "forget":
        return restore.forget(target)
    return restore.finish(target) if action == "finish" else restore.clear(target)
