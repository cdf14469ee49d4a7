"""The engine's event log of a run that goes on: a JSON object in each line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event. `kind` is its key in the log, such as resourcePreEvent; `at` is its time in seconds (UTC)."""

    kind: str
    at: int = 0
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> dict[str, Any]:
        """What is done to a resource; {} where the event is about none."""
        return self.body.get("metadata") or {}

    @property
    def urn(self) -> str:
        """The resource that it is about, "" for none."""
        return str(self.step.get("urn") or self.body.get("urn") or "")

    @property
    def type(self) -> str:
        """The resource's type; "" for none."""
        return self.urn.split("::")[2].rpartition("$")[2] if self.urn.count("::") >= 3 else ""

    @property
    def name(self) -> str:
        """The resource's name in the program; "" for none."""
        return self.urn.rpartition("::")[2]

    @property
    def labels(self) -> dict[str, str]:
        """Docker's labels of the resource, or those of the image that it builds."""
        state = self.step.get("new") or self.step.get("old") or {}
        inputs = state.get("inputs") or {}
        listed = inputs.get("labels")
        if isinstance(listed, list):
            return {str(one.get("label")): str(one.get("value")) for one in listed if isinstance(one, dict)}
        built = inputs.get("build") or {}
        reported = built.get("labels") if isinstance(built, dict) else None
        return {str(key): str(value) for key, value in reported.items()} if isinstance(reported, dict) else {}


def parse(line: str) -> Event | None:
    """The event of a line; None for what is none."""
    try:
        reported = json.loads(line)
    except ValueError:
        return None
    if not isinstance(reported, dict):
        return None
    for key, body in reported.items():
        if key.endswith("Event") and isinstance(body, dict):
            return Event(kind=key, at=int(reported.get("timestamp") or 0), body=body)
    return None


class Reader:
    """Reads an event log that is being written. Once it is open it has no name any more.

    It holds more than is reported, such as what Docker says of each container: nothing of it stays, however a run ends.
    """

    def __init__(self, file: Path) -> None:
        self._path = file
        self._file: BinaryIO | None = None
        self._rest = b""

    def read(self) -> Iterator[Event]:
        """The events that came since the last call; of a line that is not written to its end, nothing."""
        if self._file is None:
            if not self._path.exists():
                return
            self._file = self._path.open("rb")
            self._path.unlink()
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            # Nine of ten are for developers of plugins.
            if b'"diagnosticEvent":' in line[:80] and b'"severity":"debug"' in line[-80:]:
                continue
            if event := parse(line.decode(errors="replace")):
                yield event
