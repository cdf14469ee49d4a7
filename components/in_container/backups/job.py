"""One backup from its beginning to its proof; nothing is removed before the newest one is proven."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portico.components.in_container.backups.book import Book, spell
from portico.components.in_container.backups.hashes import Hashes
from portico.components.in_container.backups.proof import Proof, compare
from portico.components.in_container.backups.repository import Failed, Repository, Snapshot
from portico.components.in_container.backups.server import prove
from portico.components.in_container.backups.source import Source, read_sources
from portico.components.in_container.backups.stage import COPIES, MANIFEST, Manifest, Stage
from portico.components.in_container.backups.tree import DATABASE, DUMP, FILE

PARTS = 7  # after so many backups, all that is stored was read again


class Busy(Failed):
    """Another backup or restore runs."""


@dataclass(frozen=True)
class Job:
    """What is backed up where; `work` is a folder of its own, `keep` as Repository.forget takes it."""

    repository: Repository
    sources: list[Source]
    keep: dict[str, int]
    work: Path
    data: Path

    @classmethod
    def read(
        cls,
        told: dict[str, Any],
        data: Path,
        work: Path,
        secrets: Path,
        servers: Path = Path("/servers"),
        spools: Path = Path("/spool"),
    ) -> "Job":
        """As config/backups.py tells it."""
        options = tuple(str(one) for one in told.get("options", ()))
        repository = Repository(told["url"], told["host"], work, int(told["rate"]), options, secrets)
        return cls(repository, read_sources(told["sources"], data, servers, spools), dict(told["keep"]), work, data)

    @property
    def book(self) -> Book:
        """As it is written at present."""
        return Book(self.work / "report.json")

    @contextmanager
    def alone(self, *, wait: bool = False) -> Iterator[None]:
        """Lock the backups: nobody else makes, proves or restores one meanwhile. Raises Busy."""
        with (self.work / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                raise Busy("a backup is being made or restored now; try again later") from None
            yield

    def run(self, *, wait: bool = False) -> dict[str, Any]:
        """Make one, prove it, and remove what is not to be kept; its result. Raises Busy, unless it waits."""
        with self.alone(wait=wait):
            book, begun = self.book, time.monotonic()
            book.begin(self.repository.url)
            cut = book.close_cut()
            run: dict[str, Any] = {"at": spell(datetime.now(UTC)), "outcome": "running"}
            book.add(run)
            try:
                self._run(book, run, cut)
            except (Failed, OSError, ValueError, KeyError) as error:
                book.update(run, outcome="failed", why=_tell(error))
            finally:
                for folder in ("stage", "proof"):
                    shutil.rmtree(self.work / folder, ignore_errors=True)
                book.update(run, seconds=round(time.monotonic() - begun, 1))
        return run

    def _run(self, book: Book, run: dict[str, Any], cut: bool) -> None:
        book.remember(self.repository.open(book.repository))
        if cut:
            self.repository.unlock()
        stage = Stage(self.work / "stage", Hashes(self.work / "hashes.json"))
        manifest = stage.fill(self.sources, run["at"])
        lost = self._find_lost(book)
        # No site may have a folder of data.
        folders = [one for one in (self.data, stage.folder) if one.is_dir()]
        snapshot, summary = self.repository.save(folders, stage.patterns)
        book.update(
            run,
            snapshot=snapshot.id[:8],
            files=manifest.count(FILE),
            databases=manifest.count(DATABASE) + manifest.count(DUMP),
            bytes=summary.get("total_bytes_processed", 0),
            added=summary.get("data_added_packed", summary.get("data_added", 0)),
            faults=manifest.faults,
        )
        stage.clear()
        proof = self.prove(snapshot)
        self.repository.check(book.turn(PARTS))
        faults = "; ".join(one for one in (*lost, *manifest.faults, proof.tell()) if one)
        proven = {"proof": {key: value for key, value in asdict(proof).items() if key != "faults"}}
        book.update(run, **proven, outcome="failed" if faults else "proven", why=faults)
        if not faults:
            self.repository.forget(self.keep)
        book.keep(one.id[:8] for one in self.repository.list_snapshots())

    def _find_lost(self, book: Book) -> list[str]:
        """Which backups are gone that were to be kept, as a sentence."""
        lost = sorted(book.kept - {one.id[:8] for one in self.repository.list_snapshots()})
        return [f"a backup that was to be kept is gone: {', '.join(lost)}"] if lost else []

    def prove(self, snapshot: Snapshot) -> Proof:
        """Restore a backup into a temporary folder, and compare all of it. Raises Failed, and OSError."""
        place = self.work / "proof"
        shutil.rmtree(place, ignore_errors=True)
        try:
            self.repository.restore(snapshot, place)
            stage = place.joinpath(*(self.work / "stage").parts[1:])
            manifest = Manifest.read((stage / MANIFEST).read_bytes())
            proof, known = Proof(), {one.name: one for one in self.sources}
            for name, wanted in manifest.sources.items():
                files, copies = place.joinpath(*self.data.parts[1:]) / name, stage / COPIES / name
                sound = len(proof.faults)
                compare(name, wanted, files, copies, proof)
                # For a service that is not in the settings any more there is no server.
                if name in known and len(proof.faults) == sound:
                    prove(known[name], copies, wanted, proof)
            return proof
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def check(self) -> list[str]:
        """Read everything that is stored, and prove the newest backup; what is wrong."""
        with self.alone(wait=True):
            return [*self._find_faults()]

    def _find_faults(self) -> Iterator[str]:
        try:
            self.repository.identify(self.book.repository)
        except Failed as error:
            yield str(error)
            return
        try:
            self.repository.check("100%")
        except Failed as error:
            yield str(error)
        try:
            yield from self._find_lost(self.book)
            snapshots = self.repository.list_snapshots()
            if not snapshots:
                yield "there is no backup"
                return
            yield from self.prove(snapshots[-1]).faults
        except (Failed, OSError, ValueError, KeyError) as error:
            yield _tell(error)


def _tell(error: Exception) -> str:
    if isinstance(error, Failed):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'the disk'}: {error.strerror or error}"
    return f"the backup cannot be read: {error!r}"
