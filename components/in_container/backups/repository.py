"""Where backups are stored, through restic: it encrypts, stores only what is new, and checks what is stored."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

SECRETS: Final = Path("/secrets")
_MISSING, _LOCKED, _WRONG_KEY = 10, 11, 12  # restic's exit codes
_UNREAD = 3  # some of the files went, or could not be read
# A group of its own: whoever ends restic ends what that has started, such as ssh.
_running: set[subprocess.Popen[bytes]] = set()
# What a file of the application's may bring back beside its mode; labels of security are another machine's own.
_XATTR: Final = ("--include-xattr", "system.posix_acl_*", "--include-xattr", "user.*")


class Failed(Exception):
    """Why something did not finish, as a sentence."""


class Missing(Failed):
    """There is no repository."""


@dataclass(frozen=True)
class Snapshot:
    """A backup that is stored: its id, and when it was begun (UTC)."""

    id: str
    at: datetime

    def spell(self) -> dict[str, str]:
        """As JSON."""
        return {"id": self.id[:8], "at": self.at.strftime("%Y-%m-%dT%H:%M:%SZ")}


@dataclass(frozen=True)
class Repository:
    """`url` is restic's name of it, `host` the stack whose backups are meant. `work` is a folder for caches.

    `rate` are KiB a second that go over the network at most, each way; 0 for no limit. `options` are restic's.
    """

    url: str
    host: str
    work: Path
    rate: int = 0
    options: tuple[str, ...] = ()
    secrets: Path = SECRETS

    def open(self, known: str = "") -> str:
        """The id of the repository, which is made where there is none. Raises Failed.

        `known` is the id of the one that was there before: another one is refused, and so is none.
        """
        try:
            return self.identify(known)
        except Missing as error:
            if known:
                raise Failed(
                    f"the repository at {self.url} is gone; no new one is made there. If a disk is not "
                    "mounted, mount it; if it was deleted, write another place"
                ) from error
            self._run("init", "--quiet")
            return self.identify()

    def identify(self, known: str = "") -> str:
        """The id of the repository. Raises Missing, and Failed where it is not the one that is known, if one is."""
        found = self._read_id()
        if known and found != known:
            raise Failed(f"the repository at {self.url} is another one ({found[:8]}) than before ({known[:8]})")
        return found

    def _read_id(self) -> str:
        return str(json.loads(self._run("cat", "config", "--no-lock"))["id"])

    def save(self, folders: Sequence[Path], excluded: Path) -> tuple[Snapshot, dict[str, Any]]:
        """Store folders as they are; the snapshot, and restic's own summary. Raises Failed."""
        words = ["--json", "--no-scan", "--read-concurrency", "1", "--group-by", "host", "--tag", "portico"]
        # A file that went since it was listed is no failure: the restored files are compared anyway.
        told = self._run("backup", *words, "--exclude-file", str(excluded), *map(str, folders), allowed=_UNREAD)
        summary = next((one for one in _read_lines(told) if one.get("message_type") == "summary"), {})
        if "snapshot_id" not in summary:
            raise Failed("restic did not say what it has stored")
        return Snapshot(str(summary["snapshot_id"]), datetime.now(UTC)), summary

    def list_snapshots(self) -> list[Snapshot]:
        """All of them, the oldest first. Raises Failed."""
        told = json.loads(self._run("snapshots", "--json", "--no-lock", "--tag", "portico", "--host", self.host))
        found = [Snapshot(str(one["id"]), datetime.fromisoformat(one["time"])) for one in told or []]
        return sorted(found, key=lambda one: one.at)

    def find(self, id: str) -> Snapshot:
        """The one whose id begins so. Raises Failed."""
        found = [one for one in self.list_snapshots() if one.id.startswith(id)]
        if len(found) != 1:
            raise Failed(f"there is {'more than one' if found else 'no'} backup {id}")
        return found[0]

    def restore(self, snapshot: Snapshot, target: Path, folder: str = "") -> None:
        """Bring back all of a snapshot, or one folder of it, below `target`. Raises Failed where anything is amiss."""
        named = f"{snapshot.id}:{folder}" if folder else snapshot.id
        self._run("restore", named, "--target", str(target), *_XATTR, "--no-cache", "--no-lock")

    def read(self, snapshot: Snapshot, path: str) -> str:
        """A file of a snapshot. Raises Failed."""
        return self._run("dump", snapshot.id, path, "--no-cache", "--no-lock")

    def check(self, part: str = "") -> None:
        """Look at all that is stored, and read `part` of the data again, such as 1/7 or 100%. Raises Failed."""
        self._run("check", *(["--read-data-subset", part] if part else []))

    def forget(self, keep: dict[str, int]) -> None:
        """Keep so many by restic's own names, such as {"daily": 7}, and remove the rest. Raises Failed."""
        kept = [word for name, count in keep.items() if count for word in (f"--keep-{name}", str(count))]
        self._run("forget", "--host", self.host, "--tag", "portico", "--group-by", "host", *kept, "--prune", "--quiet")

    def unlock(self) -> None:
        """Remove what a killed restic has left; the caller knows that no other one runs."""
        self._run("unlock", "--remove-all")

    def _run(self, name: str, *words: str, allowed: int = 0) -> str:
        limits = [f"--limit-upload={self.rate}", f"--limit-download={self.rate}"] if self.rate else []
        common = ["--repo", self.url, "--retry-lock", "10m", *limits, *self.options]
        host = ["--host", self.host] if name == "backup" else []
        process = subprocess.Popen(
            ["restic", name, *common, *host, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._spell_environment(),
            start_new_session=True,
        )
        _running.add(process)
        try:
            out, err = process.communicate()
        finally:
            _running.discard(process)
        if process.returncode not in (0, allowed):
            raise _explain(name, process.returncode, err.decode(errors="replace"), self.url)
        return out.decode(errors="surrogateescape")

    def _spell_environment(self) -> dict[str, str]:
        given = {
            "RESTIC_PASSWORD_FILE": str(self.secrets / "key"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.secrets / "aws"),
            "RESTIC_CACHE_DIR": str(self.work / "cache"),
            "TMPDIR": str(self.work),
            # One core, whatever the machine has.
            "GOMAXPROCS": "1",
            "HOME": "/tmp",
        }
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **given}


def end_all() -> None:
    """Tell every restic that runs to end."""
    for process in list(_running):
        os.killpg(process.pid, signal.SIGTERM)


def _read_lines(told: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.splitlines() if line.startswith("{")]


def _explain(name: str, code: int, said: str, url: str) -> Failed:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    # What ssh says last is the reason, and restic's own words for it are none.
    told = [line for line in lines if line.startswith("subprocess ")][-1:]
    told += [line for line in lines if "Fatal" in line or "error" in line.lower()]
    spelled = [line.removeprefix("subprocess ").removeprefix("Fatal: ") for line in (told or lines)[:3]]
    why = "; ".join(dict.fromkeys(spelled)) or f"exit code {code}"
    if code == _MISSING:
        return Missing(f"there is no repository at {url}: {why}")
    if code == _WRONG_KEY:
        return Failed(f"the key does not open the repository at {url}: it was made with another one")
    if code == _LOCKED:
        return Failed(f"another process works on the repository at {url}: {why}")
    return Failed(f"restic {name} failed: {why}")
