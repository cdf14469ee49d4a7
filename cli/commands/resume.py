"""`portico resume`: takes a site's line out of portico:rollback, and deploys its source again."""

import click

from portico.cli.commands.releases import choose_pinned
from portico.cli.deploy import deploy, refuse_locked
from portico.cli.options import example, site_option, stack_option
from portico.cli.pins import pin, read_pins
from portico.cli.prepare import prepare
from portico.cli.pulumi import require_stack
from portico.cli.screen import Screen


@click.command(epilog=example("portico resume -s prod --site shop"))
@stack_option
@site_option
@click.pass_context
def command(context: click.Context, stack: str, site: str) -> None:
    """Deploy the source of a rolled-back site again."""
    place = prepare(stack)
    require_stack(stack, place.root)
    screen = Screen()
    site = choose_pinned(read_pins(stack), site)
    refuse_locked(place)
    undo = pin(place, site, "")
    screen.say(f"{site} is deployed from its source again.")
    context.exit(deploy(place, screen, "resume", undo=undo))
