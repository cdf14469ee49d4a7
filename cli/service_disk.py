"""Whether a server of a service has disk space for what it writes: what its disk says, or its own last lines."""

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from portico.cli.spelling import spell
from portico.components.docker.container_command import run_in
from portico.config.services.labels import NAME

if TYPE_CHECKING:
    from docker.models.containers import Container

# KiB. PostgreSQL's log grows by files of 16 MiB (wal_segment_size); without space for the next one the server ends.
LEAST = 16 * 1024
# Lines: what a server prints of one failed start.
_LINES = 60
_NEEDS = "whoever writes gets errors until there is space; what was confirmed is kept"


def find_trouble(container: "Container") -> str:
    """What is wrong with its disk, as a part of a sentence; "" where nothing is known to be.

    Raises DockerException, or OSError.
    """
    if container.status == "running" and (free := _measure(container)) is not None:
        return f"its disk is full, {free // 1024} MB are left: {_NEEDS}" if free < LEAST else ""
    # One that cannot start cannot be asked. Of one that runs, what it printed may be long over.
    reported = container.logs(tail=_LINES).decode(errors="replace")
    if "No space left on device" not in reported:
        return ""
    # Docker does not try again where it found no space for the start itself.
    then = f"; then {spell('up', container.labels.get('portico.stack', ''))} starts it" * (container.status == "exited")
    return f"its disk was full when it ended: {_NEEDS}{then}"


def list_troubles(containers: Iterable["Container"]) -> list[str]:
    """The same of each of these, in sentences; one that goes meanwhile is left out."""
    from docker.errors import DockerException

    found = []
    for container in containers:
        with suppress(DockerException, OSError):
            if trouble := find_trouble(container):
                found.append(f"{container.labels.get(NAME)}: {trouble}")
    return found


def _measure(container: "Container") -> int | None:
    """How many KiB its user may still write where its data lies; None where it does not say."""
    folder = str((container.attrs["Config"].get("Cmd") or [""])[0])
    ended = run_in(container, ["df", "-Pk", folder])
    words = ended.text.splitlines()[-1].split() if not ended.code and ended.text.strip() else []
    return int(words[3]) if len(words) > 3 and words[3].isdigit() else None
