"""What a run that was killed has left in the way of the next `portico down`, which finishes what was begun."""

from contextlib import suppress

from docker.errors import DockerException

from portico.cli.commands.recover import Engine, connect, read_state, run, sweep
from portico.cli.engine import read_time
from portico.cli.holder import describe, list_pending, read_holders, read_project
from portico.cli.prepare import Place
from portico.cli.refused import Refused
from portico.cli.screen import Screen


def settle(place: Place, screen: Screen) -> None:
    """Take the lock of a dead run away, and what it made without being able to write it down; else do nothing.

    Data and certificates stay. Raises Refused where another run works on the stack, or may do so.
    """
    stack = place.stack
    holders = read_holders(stack, place.root)
    if any(holder.alive is not False for holder in holders):
        raise Refused(describe(stack, place.root, then="down") or "")
    if not holders and not list_pending(stack, place.root):
        return
    who = f": {holders[0].describe()} is gone" if holders else ""
    screen.say(f"The last run on the stack {stack} was interrupted{who}. This one finishes what was begun.")
    if holders:
        run("cancel", "--stack", stack, "--yes")
    run("refresh", "--stack", stack, "--yes", "--skip-preview", "--clear-pending-creates")
    state = read_state(stack)
    # A machine that does not answer has nothing that could be looked for; what the state knows goes anyway.
    with suppress(DockerException, OSError):
        if client := connect(state):
            labels = (f"portico.project={state.project or read_project(place.root)}", f"portico.stack={stack}")
            sweep(Engine(client, labels, read_time(str(client.info()["SystemTime"]))), state, keep=[])
