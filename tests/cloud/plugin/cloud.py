"""The double's cloud: what exists in it, and a journal of what happened in which order. It lies in one folder."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

ACCOUNT: Final = "123456789012"
FOLDER: Final = "PORTICO_TEST_CLOUD"  # the variable that names the folder


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One resource that exists. `urn` is Pulumi's name of it; `inputs` as they were given, `outputs` with AWS's own."""

    id: str
    type: str
    urn: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rpartition("::")[2]


class Unfinished(ValueError):
    """It has been made or changed, but it is not as it should be: the resource is there, and the update fails."""


class Cloud:
    """Everything that exists in `folder`. Several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._things = folder / "things"
        self._things.mkdir(parents=True, exist_ok=True)

    @classmethod
    def open(cls) -> Self:
        """The cloud that the environment names. Raises KeyError where it names none."""
        return cls(Path(os.environ[FOLDER]))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Nobody else changes the cloud meanwhile."""
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def put(self, thing: Thing) -> None:
        """Write one thing, new or changed."""
        file = self._file(thing.type, thing.id)
        new = file.with_suffix(f".{secrets.token_hex(4)}")
        new.write_text(json.dumps(asdict(thing), indent=1))
        new.replace(file)

    def find(self, id: str, type: str | None = None) -> Thing | None:
        """The thing with this id, which without a `type` must be that of one thing alone: names are not."""
        if type is not None:
            return self._read(self._file(type, id))
        found = [name for name in os.listdir(self._things) if name.endswith(f"@{_plain(id)}.json")]
        return self._read(self._things / found[0]) if found else None

    def things(self, type: str | None = None) -> list[Thing]:
        """All things, or those of one type."""
        names = "*.json" if type is None else f"{_name_type(type)}@*.json"
        # One may be removed meanwhile.
        found = [self._read(file) for file in sorted(self._things.glob(names))]
        return [thing for thing in found if thing and type in (None, thing.type)]

    def remove(self, thing: Thing) -> None:
        self._file(thing.type, thing.id).unlink(missing_ok=True)

    def note(self, what: str, thing: Thing, **more: object) -> None:
        """Add a line to the journal: `what` has been done with this thing."""
        line = {"at": time.time(), "what": what, "type": thing.type, "name": thing.name, "id": thing.id, **more}
        with (self.folder / "journal.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def journal(self) -> list[dict[str, Any]]:
        """All lines, oldest first."""
        file = self.folder / "journal.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []

    def _read(self, file: Path) -> Thing | None:
        try:
            return Thing(**json.loads(file.read_text()))
        except FileNotFoundError:
            return None

    def _file(self, type: str, id: str) -> Path:
        return self._things / f"{_name_type(type)}@{_plain(id)}.json"


def _name_type(type: str) -> str:
    return _plain(type.split(":")[1])


def _plain(id: str) -> str:
    return id.replace("/", "%")
