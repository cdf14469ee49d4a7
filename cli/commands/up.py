"""`portico up`: deploys a stack, from any state of it. The last line is its URL."""

import click

from portico.cli.awaken import awaken
from portico.cli.danger import is_cloud, tell_danger
from portico.cli.deploy import deploy, preview, refuse_locked
from portico.cli.engine import has_terminal
from portico.cli.export import read_export
from portico.cli.options import example, stack_option, yes_option
from portico.cli.prepare import Place, prepare
from portico.cli.project import read_target
from portico.cli.pulumi import create
from portico.cli.recorded import spell_refresh
from portico.cli.rehearsal.before import rehearse_first
from portico.cli.run import spell_path, tell_failure
from portico.cli.screen import Screen


@click.command(epilog=example("portico up -s prod"))
@stack_option
@yes_option
@click.pass_context
def command(context: click.Context, stack: str, yes: bool) -> None:
    """Make the stack what its settings say, and print its URLs.

    Where a site would go, the sites would move, or the target is AWS, a preview comes first. A removal has to be
    confirmed on a terminal.
    """
    screen = Screen()
    place = prepare(stack)
    create(stack, place.root)
    refuse_locked(place)
    export = read_export(stack, place.root)
    refresh = spell_refresh(export)
    if refresh:
        for line in awaken(export):
            screen.say(line)
    danger = tell_danger(place, export)
    if danger and not foresee(place, screen, danger, refresh, yes=yes):
        context.exit(1)
    if not rehearse_first(place, export, screen):
        context.exit(1)
    context.exit(deploy(place, screen, "up", refresh, announced=bool(danger)))


def foresee(place: Place, screen: Screen, danger: str, options: list[str], *, yes: bool) -> bool:
    """Show what the update would do, and ask for confirmation on a terminal. Whether it may go on."""
    seen = preview(place, screen, *options)
    if seen.code:
        tell_failure(seen, screen)
        screen.say(f"Nothing was changed. The full log: {spell_path(seen.log)}")
        return False
    if yes or not has_terminal() or not seen.story.changed:
        return True
    lost = seen.story.lost
    if is_cloud(read_target(place.root, place.stack)):
        # What only makes something, or puts another release beside the one before, removes nothing.
        if not lost:
            return True
        danger = f"{', '.join(lost[:5])}{' and others' if len(lost) > 5 else ''} would be removed or replaced"
    if click.confirm(f"{danger[0].upper()}{danger[1:]}. Go on?", default=False):
        return True
    screen.say("Nothing was changed.")
    return False
