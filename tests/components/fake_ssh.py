"""An `ssh` that reaches nobody: it runs what it is given on this machine, or fails as ssh does."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

# The last words are the address, and the command.
_SSH = """#!/bin/sh
echo "$*" >>{log}
for word in "$@"; do case $word in ssh://*) found=yes ;; esac; [ -z "$found" ] && shift; done
shift
PATH={folder}:/usr/bin:/bin
{body}
"""


class FakeSsh:
    """Its folder is first on PATH. `fail` and `answer` say what it does from then on."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        self.answer()

    def fail(self, words: str) -> None:
        """ssh does not get there, and says so."""
        self._write("ssh", f"printf '%s\\n' {shlex.quote(words)} >&2; exit 255")

    def answer(self, **commands: str) -> None:
        """It gets there, and finds these commands: scripts by name."""
        self._write("ssh", 'exec "$@"')
        for name, script in commands.items():
            file = self.folder / name
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)

    def calls(self) -> list[list[str]]:
        """The words of each call."""
        log = self.folder / "ssh.log"
        return [line.split() for line in log.read_text().splitlines()] if log.is_file() else []

    def _write(self, name: str, body: str) -> None:
        values: Mapping[str, str] = {"log": str(self.folder / "ssh.log"), "folder": str(self.folder), "body": body}
        file = self.folder / name
        file.write_text(_SSH.format(**values))
        file.chmod(0o755)
