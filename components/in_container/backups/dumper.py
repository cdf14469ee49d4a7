"""Asks the container with a server's own programs (in_container/dumper.sh) for dumps, proofs and restores."""

import json
import os
import secrets
import select
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portico.components.in_container.backups.repository import Failed

# Its user, and the server's.
USER: Final = 999
_LONGEST = 6 * 3600.0  # seconds for one dump or one proof
_READY = 60.0  # seconds until one that was just started listens
_PAUSE = 0.1
Rows = dict[str, int | None]


@dataclass(frozen=True)
class Dumper:
    """`folder` is where both have files in common; `name` is the service's."""

    name: str
    folder: Path

    @property
    def dump(self) -> Path:
        """The dump that it has written, or that it is to read."""
        return self.folder / "dump"

    def ask(self, action: str, *words: str) -> Rows:
        """What it counted while it did so. Raises Failed where it could not, or where it ends meanwhile."""
        token, answer = secrets.token_hex(4), self.folder / "answer"
        with suppress(PermissionError):
            # A new volume is root's.
            os.chown(self.folder, USER, USER)
        request = self._open()
        try:
            os.write(request, f"{' '.join((token, action, *words))}\n".encode())
            # Where the other end is closed, there will be no answer.
            gone = select.poll()
            gone.register(request, 0)
            until = time.monotonic() + _LONGEST
            while time.monotonic() < until:
                ended = bool(gone.poll(_PAUSE * 1000))
                with suppress(FileNotFoundError):
                    head, _, rest = answer.read_text(errors="replace").partition("\n")
                    if head.split()[:1] == [token]:
                        return _read(self.name, head, rest)
                if ended:
                    break
        finally:
            os.close(request)
        raise Failed(f"the container that dumps {self.name} ended before it had finished")

    def give(self, file: Path) -> None:
        """Give it a dump to read."""
        partial = self.folder / "dump.part"
        shutil.copyfile(file, partial)
        with suppress(PermissionError):
            os.chown(partial, USER, USER)
        partial.replace(self.dump)

    def take(self, file: Path) -> None:
        """Take the dump that it has written."""
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            # It is another volume.
            shutil.copyfile(self.dump, file)
        finally:
            self.clear()

    def clear(self) -> None:
        """Remove a dump that is there."""
        self.dump.unlink(missing_ok=True)

    def _open(self) -> int:
        until = time.monotonic() + _READY
        while True:
            try:
                return os.open(self.folder / "request", os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if time.monotonic() > until:
                    raise Failed(f"the container that dumps {self.name} does not run") from error
            time.sleep(_PAUSE)


def _read(name: str, head: str, rest: str) -> Rows:
    if head.split()[1:] != ["0"]:
        said = " ".join(" ".join(rest.split())[-500:].split())
        raise Failed(f"{name} says: {''.join(one for one in said if one.isprintable()) or 'nothing'}")
    try:
        return {str(key): int(count) for key, count in map(json.loads, rest.splitlines())}
    except (ValueError, TypeError) as error:
        raise Failed(f"the container that dumps {name} did not answer with numbers") from error
