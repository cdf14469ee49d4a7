"""`portico down`: removes everything that a stack made, and says what stays."""

import click

from portico.cli.engine import has_terminal
from portico.cli.export import read_export
from portico.cli.options import example, stack_option, yes_option
from portico.cli.prepare import prepare
from portico.cli.pulumi import exists
from portico.cli.run import run, spell_path, tell_failure
from portico.cli.screen import Screen
from portico.cli.spelling import spell


@click.command(epilog=example("portico down -s staging --yes"))
@stack_option
@yes_option
@click.pass_context
def command(context: click.Context, stack: str, yes: bool) -> None:
    """Remove everything that the stack made. On a terminal it is to be confirmed."""
    place = prepare(stack)
    if not exists(stack, place.root):
        click.echo(f"Nothing to remove: the stack {stack} was never created here.")
        return
    screen = Screen()
    if (
        not yes
        and has_terminal()
        and not click.confirm(f"Remove everything that the stack {stack} made?", default=False)
    ):
        screen.say("Nothing was removed.")
        context.exit(1)
    words = ["destroy", "--yes", "--skip-preview", "--suppress-outputs"]
    ended = run(place, "down", words, screen)
    if ended.code:
        tell_failure(ended, screen)
        if any(one.get("protect") for one in (read_export(stack).get("deployment") or {}).get("resources") or []):
            screen.say(f"Nothing was removed: the stack {stack} is protected. If it is to go:")
            screen.say(f"write 'portico:protect: false' in Pulumi.{stack}.yaml, then {spell('up', stack)},")
            screen.say(f"which takes the protection away, then {spell('down', stack)}.")
        screen.say(f"Everything that was said: {spell_path(ended.log)}")
        context.exit(ended.code)
    parts = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in ended.story.list_removed())
    made = f"everything that the stack {stack} had made{f' ({parts})' if parts else ''}"
    screen.say(f"Removed: {made}, in {screen.seconds:.1f} s.")
    screen.say("Kept: the stack's settings, Pulumi's record of what it did, Docker's build cache, .tools and .venv.")
    if (place.root / ".tools" / "dockerd.pid").exists():
        screen.say("Kept: the Docker engine that set-up started (make stop-docker).")
    screen.say(f"Everything that was said: {spell_path(ended.log)}")
