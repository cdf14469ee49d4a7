"""One run of the engine, such as `pulumi up`: its events are reported in few lines, everything else goes to a file."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from portico.cli.caller import find_caller
from portico.cli.events import Reader
from portico.cli.failure import fit, tidy
from portico.cli.prepare import Place
from portico.cli.refused import Refused
from portico.cli.screen import Screen
from portico.cli.spelling import spell
from portico.cli.story import Story

PAUSE = 0.1
# Rows of a terminal that the causes of a failure have.
ROWS = 22
# What Pulumi says where a value has another type than Pulumi.yaml names.
_UNTYPED = re.compile(r"validating stack config: Stack '([\w.-]+)' with configuration key")
# Their end is for the run alone; what it does with it, it says itself.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# The commands that change a stack, by which their logs are called.
_CHANGE = ("up", "rollback", "resume", "recover", "down")


@dataclass(frozen=True)
class Ended:
    """A run that has ended: how, what was reported of it, and where everything else stands."""

    code: int
    story: Story
    log: Path
    signal: int = 0


def run(place: Place, name: str, words: Sequence[str], screen: Screen) -> Ended:
    """Run `pulumi` with these words to its end, and tell on the screen what it does. Raises Refused.

    `name` is that of the log, whose content is what Pulumi itself would have shown; it masks secrets.
    """
    place.logs.mkdir(parents=True, exist_ok=True)
    log = place.logs / f"{name}-{place.stack}.log"
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    story = Story(foresees=words[0] == "preview")
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, _hold_signals() as heard:
        events = Path(folder) / "events"
        code = _watch(place, [*words, "--event-log", str(events)], log, Reader(events), story, screen, heard)
    screen.clear()
    return Ended(code, story, log, heard[-1] if heard else 0)


def _watch(
    place: Place, words: Sequence[str], log: Path, reader: Reader, story: Story, screen: Screen, heard: Sequence[int]
) -> int:
    command = ["pulumi", *words, "--stack", place.stack, "--non-interactive", "--color", "never"]
    # The option for events is one of those that Pulumi keeps for programs.
    environment = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true"}
    # Readable by this user alone.
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        try:
            # In the same group: Ctrl-C reaches it from the terminal, once.
            process = subprocess.Popen(
                command,
                cwd=place.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except FileNotFoundError:
            raise Refused(f"pulumi is not installed here: {spell('setup')}") from None
        ended, reported = None, False
        while ended is None:
            with suppress(subprocess.TimeoutExpired):
                ended = process.wait(PAUSE)
            if heard and not reported:
                screen.say("Interrupted: the steps under way finish first. Interrupt again to stop at once.")
                reported = True
            for event in reader.read():
                for line in story.take(event):
                    screen.say(line)
            if ended is None:
                screen.show(story.tell_progress())
    return ended


@contextmanager
def _hold_signals() -> Iterator[list[int]]:
    """Let Pulumi, which gets the same signals, end the run in order before this process ends; the signals that came."""
    heard: list[int] = []
    before = {one: signal.signal(one, lambda number, _: heard.append(number)) for one in _SIGNALS}
    try:
        yield heard
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def tell_failure(ended: Ended, screen: Screen) -> None:
    """Say why a run failed: each cause once; what does not fit is in the log."""
    causes = ended.story.tell_failures()
    if not ended.story.begun:
        causes = causes or _read_end(ended.log)
    for text in fit(causes, ROWS, screen.width):
        screen.say(f"error: {text}")


def _read_end(log: Path) -> list[str]:
    """What Pulumi said last, where there were no events: it did not begin."""
    lines = log.read_text(errors="replace").splitlines()
    reported = [index for index, line in enumerate(lines) if line.startswith("error: ")]
    text = tidy("\n".join(lines[reported[0] :] if reported else lines[-5:]))
    if stack := _UNTYPED.match(text):
        # Pulumi knows the types of a few settings, and stops at the first that is wrong: the program never ran.
        text = import_module("portico.cli.settings_mistakes").list_mistakes(Path.cwd(), stack[1]) or text
    return [text] if text else []


def find_last_log(place: Place) -> Path:
    """The log of the newest run that changed the stack, or tried to; that of `up` where there is none."""
    logs = [place.logs / f"{name}-{place.stack}.log" for name in _CHANGE]
    return max([log for log in logs if log.exists()], key=lambda log: log.stat().st_mtime, default=logs[0])


def spell_path(file: Path) -> str:
    """A file as it is named to people: from where they are, if it is below that."""
    try:
        return str(file.relative_to(find_caller()))
    except ValueError:
        return str(file)
