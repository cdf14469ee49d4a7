"""Who works on a stack just now, or was killed while doing so.

It reads the locks and the state of a file backend; other backends say it themselves when they are asked.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from portico.cli.project import read_yaml
from portico.cli.spelling import spell


@dataclass(frozen=True)
class Holder:
    """One lock: which process made it, and when. `alive` is None for a process of another machine."""

    user: str
    host: str
    pid: int
    since: datetime
    alive: bool | None

    def describe(self) -> str:
        """Who, where and since when."""
        return f"{self.user}@{self.host} (process {self.pid}, since {self.since.astimezone():%Y-%m-%d %H:%M:%S})"


def find_backend(root: Path | None = None) -> Path | None:
    """The folder of the file backend that Pulumi uses in `root` (the working folder); None for every other backend."""
    root = root or Path.cwd()
    project = read_yaml(root / "Pulumi.yaml")
    url = os.environ.get("PULUMI_BACKEND_URL") or (project.get("backend") or {}).get("url")
    if not url:
        home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        file = home / "credentials.json"
        url = json.loads(file.read_text()).get("current") if file.is_file() else None
    if not url or not url.startswith("file://"):
        return None
    place = url.removeprefix("file://").partition("?")[0]
    # Relative ones count from the folder of Pulumi.yaml.
    return (root / os.path.expanduser(place)) / ".pulumi"


def read_holders(stack: str, root: Path | None = None) -> list[Holder]:
    """The locks of the stack, oldest first."""
    backend = find_backend(root)
    locks = backend.glob(f"locks/organization/{read_project(root)}/{stack}/*.json") if backend else ()
    holders = []
    for lock in locks:
        try:
            said = json.loads(lock.read_text())
            pid, host = int(said["pid"]), str(said["hostname"])
            since = datetime.fromisoformat(said["timestamp"])
        except (OSError, ValueError, KeyError):
            continue  # it went away, or is being written
        alive = is_pulumi(pid) if host == os.uname().nodename else None
        holders.append(Holder(str(said.get("username")), host, pid, since, alive))
    return sorted(holders, key=lambda holder: holder.since)


def is_pulumi(pid: int) -> bool:
    """Whether that process lives; where that can be seen, whether it is Pulumi: numbers are given again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        # NUMBER (NAME) STATE …
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return not Path("/proc/self").exists()
    # A killed one keeps its number until its parent has asked for its end.
    return name.startswith("pulumi") and rest.split()[0] not in "ZX"


def list_pending(stack: str, root: Path | None = None) -> list[str]:
    """Names of what was being created when the last run ended without a message."""
    if (file := find_state(stack, root)) is None:
        return []
    latest: dict[str, Any] = (json.loads(file.read_text()).get("checkpoint") or {}).get("latest") or {}
    pending = latest.get("pending_operations") or []
    return [str(one["resource"]["urn"]).rsplit("::", 1)[1] for one in pending if one["type"] == "creating"]


def find_state(stack: str, root: Path | None = None) -> Path | None:
    """The file with the state of the stack; None where there is none yet, and for every backend but a folder."""
    backend = find_backend(root)
    file = backend / "stacks" / read_project(root) / f"{stack}.json" if backend else None
    return file if file is not None and file.is_file() else None


def is_new(stack: str, root: Path | None = None) -> bool:
    """Whether there is no state of the stack in a folder; of other backends nothing is known here."""
    backend = find_backend(root)
    # A state may be packed, as PULUMI_SELF_MANAGED_STATE_GZIP asks for; then Pulumi reads it.
    return backend is not None and not any((backend / "stacks" / read_project(root)).glob(f"{stack}.json*"))


def read_project(root: Path | None = None) -> str:
    """The project's name."""
    return str(read_yaml((root or Path.cwd()) / "Pulumi.yaml")["name"])


def describe(stack: str, root: Path | None = None, *, then: str = "recover") -> str | None:
    """What stands in the way of a run, and what to do; None where nothing does. `then` is the command that goes on."""
    holders = read_holders(stack, root)
    again = spell(then, stack)
    remedy = f"Nothing was changed; what served before still serves. `{again}` puts everything in order and goes on."
    for holder in holders:
        if holder.alive:
            return (
                f"Another run is working on the stack {stack}: {holder.describe()}.\n"
                "Nothing was changed by this one. Wait until that one has ended, then run this again."
            )
    for holder in holders:
        if holder.alive is None:
            return (
                f"The stack {stack} is locked by {holder.describe()}.\n"
                "Nothing was changed. Wait until that run has ended; if you are sure that the process is gone,\n"
                f"remove its lock with `pulumi cancel --stack {stack}`, then run `{again}`."
            )
    if holders:
        return (
            f"The last run on the stack {stack} was interrupted: {holders[0].describe()} is gone,\n"
            f"its lock is still there.\n{remedy}"
        )
    if pending := list_pending(stack, root):
        return f"The last run on the stack {stack} was interrupted while it made {', '.join(pending)}.\n{remedy}"
    return None
