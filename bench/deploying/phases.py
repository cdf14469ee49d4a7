"""Where the seconds of one release of Portico go, from what Docker tells while it happens."""

import threading
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import docker

# What a phase ends with: its name, the event, the container's role, and whether the first or the last one counts.
_ENDS: Final = (
    ("program and settings", "create", "check", "first"),
    ("NGINX checks the files", "die", "check", "first"),
    ("image built", "create", "files", "first"),
    ("static files laid out", "die", "files", "first"),
    ("replicas start and become healthy", "create", "switch", "first"),
    ("NGINX switches, old workers finish", "kill", "gunicorn", "first"),
    ("old replicas stop", "die", "gunicorn", "last"),
)
REST: Final = "the rest is deleted, state is saved"


class Watch:
    """In a `with` block: notes what happens to the containers that have this label."""

    def __init__(self, label: str) -> None:
        wanted = {"label": label, "event": ["create", "die", "kill"], "type": "container"}
        self._stream = docker.from_env().events(decode=True, filters=wanted)
        self._events: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._begin = time.time()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end = time.time()
        self._stream.close()
        self._thread.join(5)

    def phases(self) -> dict[str, float]:
        """{phase: seconds}; together they are as long as the block."""
        return measure(self._events, self._begin, self._end)

    def _listen(self) -> None:
        for event in self._stream:
            self._events.append(event)


def measure(events: Iterable[Mapping[str, Any]], begin: float, end: float) -> dict[str, float]:
    """The same from Docker's events; a phase whose end was not seen is part of the next one."""
    known = list(events)
    lasting, before = {}, begin
    for name, action, role, which in _ENDS:
        times = sorted(
            event["timeNano"] / 1e9
            for event in known
            if event["Action"] == action and event["Actor"]["Attributes"].get("portico.role") == role
        )
        if times:
            at = times[0 if which == "first" else -1]
            lasting[name], before = at - before, at
    lasting[REST] = end - before
    return lasting
