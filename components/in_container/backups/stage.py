"""What one backup is made of: copies of databases, digests of everything, and what is left out of the rest.

Each kind of source has a function in `KINDS`, which copies what it has below the stage and describes it.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from portico.components.in_container.backups.database import NoCopy, copy_database, count_rows
from portico.components.in_container.backups.hashes import Hashes
from portico.components.in_container.backups.server import make_dump
from portico.components.in_container.backups.source import POSTGRES, VALKEY, Source
from portico.components.in_container.backups.tree import (
    BEFORE,
    COMING,
    DATABASE,
    FILE,
    FOLDER,
    OTHER,
    SIDES,
    Entry,
    describe,
    find_kind,
    hash_file,
    read_entry,
    walk,
)

MANIFEST, COPIES = "manifest.json", "copies"


@dataclass
class Manifest:
    """A backup's content: everything in each source by its path there; `faults` are what it lacks, as sentences."""

    at: str
    sources: dict[str, dict[str, Entry]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def spell(self) -> str:
        """As JSON; a name that is not UTF-8 is kept."""
        told = {name: {path: one.spell() for path, one in found.items()} for name, found in self.sources.items()}
        return json.dumps({"at": self.at, "sources": told, "faults": self.faults})

    @classmethod
    def read(cls, text: str | bytes) -> "Manifest":
        """The reverse of `spell`. Raises ValueError, KeyError and TypeError where the text is not one."""
        told = json.loads(text)
        sources = {
            name: {path: read_entry(one) for path, one in found.items()} for name, found in told["sources"].items()
        }
        return cls(told["at"], sources, told["faults"])

    def count(self, kind: str) -> int:
        """How many things of a kind it holds."""
        return sum(one.kind == kind for found in self.sources.values() for one in found.values())


class Stage:
    """A folder in which a backup is prepared."""

    def __init__(self, folder: Path, hashes: Hashes) -> None:
        self.folder, self.hashes = folder, hashes
        self.copies, self.manifest, self.patterns = folder / COPIES, folder / MANIFEST, folder / "excluded"

    def fill(self, sources: list[Source], at: str) -> Manifest:
        """Prepare everything, and describe it. A database that cannot be copied is a fault of the backup."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.copies.mkdir(parents=True)
        manifest, lines = Manifest(at), []
        for source in sources:
            found, left, faults = KINDS[source.kind](source, self.copies / source.name, self.hashes)
            manifest.sources[source.name] = found
            manifest.faults += faults
            lines += [escape(f"{source.place}/{path}") for path in (COMING, BEFORE, *left)]
        self.hashes.keep()
        self.manifest.write_text(manifest.spell())
        self.patterns.write_bytes(b"".join(line + b"\n" for line in lines))
        return manifest

    def clear(self) -> None:
        """Remove it all again."""
        shutil.rmtree(self.folder, ignore_errors=True)


def stage_server(source: Source, copies: Path, _hashes: Hashes) -> tuple[dict[str, Entry], list[str], list[str]]:
    """A server's database, or its keys."""
    return make_dump(source, copies)


def stage_folder(source: Source, copies: Path, hashes: Hashes) -> tuple[dict[str, Entry], list[str], list[str]]:
    """A folder of data: what it holds by its paths, which of these are not read where they lie, and what failed."""
    seen = dict(walk(source.place))
    kinds = {path: find_kind(source.place / path, one) for path, one in seen.items()}
    found: dict[str, Entry] = {}
    left = {path for path, kind in kinds.items() if kind == OTHER}
    faults = []
    for path in [path for path, kind in kinds.items() if kind == DATABASE]:
        try:
            found[path] = _copy(source.place / path, copies / path, seen[path])
            left |= {path + side for side in ("", *SIDES)}
        except NoCopy as error:
            # Its files as they are, which is better than nothing.
            faults.append(f"{source.name}/{path} could not be copied as a database: {error}")
            kinds[path] = FILE
        except FileNotFoundError:
            left.add(path)
    for path in kinds.keys() - left:
        # A file that is gone by now is left out.
        with suppress(FileNotFoundError):
            found[path] = describe(source.place / path, seen[path], kinds[path], hashes.find)
    return found, sorted(left), faults


KINDS: Mapping[str, Callable[[Source, Path, Hashes], tuple[dict[str, Entry], list[str], list[str]]]] = {
    FOLDER: stage_folder,
    POSTGRES: stage_server,
    VALKEY: stage_server,
}


def _copy(source: Path, target: Path, seen: os.stat_result) -> Entry:
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_database(source, target)
    return Entry(
        DATABASE,
        mode=seen.st_mode & 0o7777,
        uid=seen.st_uid,
        gid=seen.st_gid,
        size=target.stat().st_size,
        digest=hash_file(target),
        tables=count_rows(target),
    )


def escape(path: str) -> bytes:
    """A path as a line of restic's file of patterns that matches this path only.

    What such a file cannot say, such as the end of a line in a name, is said by "any letter".
    """
    return b"".join(_escape(os.fsencode(path)))


def _escape(path: bytes) -> Iterator[bytes]:
    for at in range(len(path)):
        one = path[at : at + 1]
        edge = one.isspace() and (at == len(path) - 1 or one != b" ")
        if edge:
            yield b"?"
        elif one == b"$":
            yield b"$$"
        else:
            yield b"\\" + one if one in b"*?[]\\" else one
