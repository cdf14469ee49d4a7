"""Services: what is dumped of their servers, how a dump is proven, and how it is restored."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portico.components.in_container.backups.dumper import USER, Dumper, Rows
from portico.components.in_container.backups.proof import Proof
from portico.components.in_container.backups.repository import Failed
from portico.components.in_container.backups.source import POSTGRES, VALKEY, Source
from portico.components.in_container.backups.tree import DUMP, Entry, hash_file

# The one thing in such a source.
PATH: Final = "dump"
# The part of Valkey's folder that is its data; Portico writes the rest.
APPENDED: Final = "appendonlydir"
_BASE = "appendonly.aof.1.base.rdb"


def make_dump(source: Source, copies: Path) -> tuple[dict[str, Entry], list[str], list[str]]:
    """A function of stage.KINDS: dump one database, or all keys, as of one moment."""
    dumper = _find(source)
    try:
        rows = dumper.ask("dump", *_words(source))
        dumper.take(copies / PATH)
    except (Failed, OSError) as error:
        return {}, [], [f"{source.name} could not be dumped: {error}"]
    file = copies / PATH
    entry = Entry(DUMP, 0o600, USER, USER, size=file.stat().st_size, digest=hash_file(file), tables=rows)
    return {PATH: entry}, [], []


def prove(source: Source, copies: Path, wanted: dict[str, Entry], proof: Proof) -> None:
    """Start a server on a dump that came back, if it is one, and count; `proof` gets what is found."""
    entry = wanted.get(PATH)
    if entry is None or entry.kind != DUMP:
        return
    dumper = _find(source)
    try:
        dumper.give(copies / PATH)
        rows = dumper.ask("prove", *_words(source))
    except (Failed, OSError) as error:
        proof.faults.append(f"{source.name} could not be started from its dump: {error}")
        return
    finally:
        dumper.clear()
    if not _agree(source.kind, entry.tables, rows):
        proof.faults.append(f"{source.name} was restored with other numbers of {_spell(source.kind)}")
        return
    total = sum(one or 0 for one in rows.values())
    if source.kind == POSTGRES:
        proof.servers, proof.server_rows = proof.servers + 1, proof.server_rows + total
    else:
        proof.caches, proof.keys = proof.caches + 1, proof.keys + total


def _agree(kind: str, then: Rows, now: Rows) -> bool:
    """Keys that end by their time may have ended since; nothing else may differ."""
    if kind == POSTGRES:
        return then == now
    names = {*then, *now}
    return all(
        (now.get(name) or 0) <= (then.get(name) or 0) if "," in name else now.get(name, 0) == then.get(name, 0)
        for name in names
    )


def _spell(kind: str) -> str:
    return "rows" if kind == POSTGRES else "keys"


def _find(source: Source) -> Dumper:
    assert source.spool
    return Dumper(source.spool.name, source.spool)


def _words(source: Source) -> list[str]:
    return [source.name.split("/")[1]] if source.kind == POSTGRES else []


@dataclass(frozen=True)
class Database:
    """A database of a server that runs. A restore fills another one first, which then takes its name."""

    source: Source

    def load(self, file: Path, wanted: Entry) -> dict[str, Any]:
        """Restore a dump beside the present data, and say what differs. Raises Failed."""
        dumper = _find(self.source)
        try:
            dumper.give(file)
            rows = dumper.ask("load", *_words(self.source))
        finally:
            dumper.clear()
        if rows != wanted.tables:
            self.clear()
            raise Failed(f"{self.source.name} was restored with other numbers of rows")
        return tell(self.source, dumper.ask("count", *_words(self.source)), wanted)

    def act(self, action: str, *words: str) -> Rows:
        """switch, undo, clear or forget. Raises Failed."""
        return _find(self.source).ask(action, *_words(self.source), *words)

    def clear(self) -> None:
        """Remove restored data that was not switched to."""
        self.act("clear")


def lay_keys(source: Source, file: Path, coming: Path, wanted: Entry) -> dict[str, Any]:
    """Write a snapshot of Valkey beside its data, as the file that it starts with; say what differs. Raises Failed."""
    _lay_keys(file, coming)
    return tell(source, _find(source).ask("count"), wanted)


def lay_server(source: Source, file: Path) -> None:
    """Write a dump into the empty folder of a new server, which starts with it or is filled from it."""
    if source.kind == VALKEY:
        _lay_keys(file, source.place)
    else:
        shutil.copyfile(file, source.place / PATH)
        os.chown(source.place / PATH, USER, USER)
    # As components/in_container/prepare_service.sh leaves it.
    run = source.place / "run"
    run.mkdir(exist_ok=True)
    for one in (source.place, run):
        os.chown(one, USER, USER)
        one.chmod(0o700)


def _lay_keys(file: Path, coming: Path) -> None:
    folder = coming / APPENDED
    folder.mkdir(parents=True)
    shutil.copyfile(file, folder / _BASE)
    (folder / "appendonly.aof.manifest").write_text(f"file {_BASE} seq 1 type b\n")
    for one in (folder, *folder.iterdir()):
        os.chown(one, USER, USER)
        one.chmod(0o700 if one.is_dir() else 0o600)


def tell(source: Source, now: Rows, wanted: Entry) -> dict[str, Any]:
    """What would differ, in the form of restore.differ."""
    nothing: dict[str, Any] = {"count": 0, "first": []}
    same = _agree(source.kind, wanted.tables, now)
    databases = {} if same else {source.name: {"now": now, "then": wanted.tables}}
    return {
        **{"folder": source.name, "unit": _spell(source.kind), "databases": databases},
        **{"comes": nothing, "goes": nothing, "changes": nothing},
    }
