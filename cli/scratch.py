"""What processes of sites have written below their HOME: it is in memory, and gone with the container."""

import json
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from docker.errors import DockerException

from portico.cli.data import spell_bytes
from portico.cli.deployed import Deployed
from portico.cli.engine import name_docker
from portico.config.in_container import read_script
from portico.config.printable import spell_printable
from portico.config.release.process import PROCESS

if TYPE_CHECKING:
    from docker.models.containers import Container

_HOME: Final = "/tmp"
# Where the health check keeps what it has seen: Portico's own.
_OWN: Final = ".portico"
_ROLES: Final = ("gunicorn", "worker")
# An engine behind SSH opens so many sessions at once by default, and others may be open.
_AT_ONCE: Final = 4
# Seconds: who only wants to know what runs does not wait for a process that is busy.
_LONGEST: Final = 10


@dataclass(frozen=True)
class Scratch:
    """What one process of a site has there: of its containers the one with most. `process` is "" for the web."""

    site: str
    process: str
    bytes: int
    files: int
    largest: tuple[str, ...]

    def __str__(self) -> str:
        who = f"{self.site} ({self.process})" if self.process else self.site
        count = "1 file" if self.files == 1 else f"{self.files} files"
        names = ", ".join(spell_printable(name)[:80] for name in self.largest)
        lost = "it" if self.files == 1 else "them"
        return (
            f"{who}: {count} in its HOME, {_HOME} ({spell_bytes(self.bytes)}: {names}); a restart or a release loses "
            f"{lost}; write files that are to stay into a folder of data"
        )


def read_scratch(deployed: Deployed, live: Mapping[str, str]) -> list[Scratch]:
    """What the processes of the `live` releases have there, by site; those without a file are left out.

    Nothing where the engine or a container does not answer.
    """
    try:
        found = [one for role in _ROLES for one in deployed.list_containers(role=role)]
    except (DockerException, OSError):
        return []
    asked = [
        one
        for one in found
        if one.status == "running"
        and one.labels.get("portico.release") == live.get(str(one.labels.get("portico.site")), "")
    ]
    most: dict[tuple[str, str], Scratch] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for one in pool.map(lambda container: _ask(deployed, container), asked):
            if one and one.files:
                key = one.site, one.process
                most[key] = max(most.get(key, one), one, key=lambda each: each.bytes)
    return [most[key] for key in sorted(most)]


def _ask(deployed: Deployed, container: "Container") -> Scratch | None:
    words = ("python3", "-I", "-S", "-c", read_script("scratch.py"), _HOME, _OWN)
    command = name_docker(deployed.engine, "exec", str(container.id), *words, terminal=False)
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LONGEST, check=False
        )
        seen: dict[str, Any] = json.loads(done.stdout)
        site, process = str(container.labels["portico.site"]), str(container.labels.get(PROCESS, ""))
        return Scratch(site, process, int(seen["bytes"]), int(seen["files"]), tuple(map(str, seen["largest"])))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None
