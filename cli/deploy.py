"""Deploys a stack and reports that in few lines: for `up`, `rollback`, `resume` and `recover`."""

import os
import sys
from collections.abc import Callable, Sequence

import click

from portico.cli.export import read_export
from portico.cli.holder import describe
from portico.cli.lock import take_lock
from portico.cli.prepare import Place
from portico.cli.run import Ended, run, spell_path, tell_failure
from portico.cli.screen import Screen
from portico.cli.summary import summarize

# The program then announces in the update itself what it does to requests.
ANNOUNCED = "PORTICO_ANNOUNCED"


def refuse_locked(place: Place) -> None:
    """Exit if somebody else works on the stack, or a run was killed, and print what to do."""
    if said := describe(place.stack, place.root):
        click.echo(said, err=True)
        sys.exit(1)
    take_lock(place)


def preview(place: Place, screen: Screen, *options: str) -> Ended:
    """Ask the engine what an update would do. What the program announces is reported."""
    return run(place, "preview", ["preview", *options], screen)


def deploy(
    place: Place,
    screen: Screen,
    name: str,
    options: Sequence[str] = (),
    *,
    announced: bool = False,
    undo: Callable[[], None] | None = None,
) -> int:
    """Update, and say what came of it; the exit code. `announced`: the program's sentences were shown by a preview.

    `undo` takes back what the command has written into the settings: it is called where these are refused.

    A site that cannot be built does not keep the others from going live: the engine goes on after a failure.
    """
    if not announced:
        os.environ[ANNOUNCED] = "yes"
    words = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--continue-on-error", *options]
    ended = run(place, name, words, screen)
    log = spell_path(ended.log)
    for line in ended.story.tell_changes():
        screen.say(line)
    for line in ended.story.tell_missing():
        screen.say(line)
    if ended.code:
        what = "was interrupted" if ended.signal else "failed"
        tell_failure(ended, screen)
        if undo and ended.story.refused:
            undo()
            screen.say(f"Pulumi.{place.stack}.yaml is as it was before.")
        screen.say(f"{place.stack}: the update {what} after {screen.seconds:.1f} s. The full log: {log}")
        if said := describe(place.stack, place.root):
            click.echo(said, err=True)
        return 1
    summary = summarize(read_export(place.stack, place.root))
    for line in summary.tell_pinned():
        screen.say(line)
    what = "is up" if ended.story.changed else "is up; nothing changed"
    screen.say(f"{place.stack} {what}. Took {screen.seconds:.1f} s in all; the log: {log}")
    for url in summary.list_urls():
        screen.say(url)
    return 0
