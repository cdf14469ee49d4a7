"""Recorded runs of Pulumi, played to `portico up`, and what it prints of them."""

import io
import json
from pathlib import Path

from portico.cli.events import Event, parse
from portico.cli.run import Ended, tell_failure
from portico.cli.screen import Screen
from portico.cli.story import Story

RECORDED = Path(__file__).parent / "recorded"
URN = "urn:pulumi:dev::portico::pulumi:pulumi:Stack::portico-dev"


class Output(io.StringIO):
    """What is printed; `terminal` says whether it is one."""

    def __init__(self, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


def replay(name: str, *, foresees: bool = False) -> tuple[Story, list[str]]:
    """A recorded run, and the lines that it is worth while it goes on."""
    story, said = Story(foresees=foresees), []
    for line in (RECORDED / f"{name}.jsonl").read_text().splitlines():
        event = parse(line)
        assert event, line
        said += story.take(event)
    return story, said


def fail(name: str, tmp_path: Path) -> list[str]:
    """What is said of the failure of a recorded run."""
    story, said = replay(name)
    output = Output()
    tell_failure(Ended(1, story, tmp_path / "none.log"), Screen(output))
    return [*said, *story.tell_changes(), *output.lines]


def hear(message: str, severity: str) -> Event:
    line = {"timestamp": 1, "diagnosticEvent": {"urn": URN, "message": message, "severity": severity}}
    event = parse(json.dumps(line))
    assert event
    return event
