"""`portico rollback`: pins a site to an earlier release, the one before the live one where none is named."""

import click

from portico.cli.commands.releases import choose, read_served
from portico.cli.deploy import deploy, refuse_locked
from portico.cli.options import example, site_option, stack_option
from portico.cli.pins import pin
from portico.cli.prepare import prepare
from portico.cli.pulumi import has_failed, read_outputs, require_stack
from portico.cli.refused import Refused
from portico.cli.screen import Screen
from portico.cli.spelling import assign


@click.command(epilog=example("portico rollback -s prod --site shop"))
@stack_option
@site_option
@click.option("--to", default="", metavar="RELEASE", help="One that `portico releases` lists.")
@click.pass_context
def command(context: click.Context, stack: str, site: str, to: str) -> None:
    """Go back to the release before the live one: no build, no look at the source, no lost request."""
    place = prepare(stack)
    require_stack(stack, place.root)
    screen = Screen()
    outputs, served = read_outputs(stack), read_served(stack)
    site, release = choose(outputs, site, to, served)
    live = (served or outputs.get("releases", {})).get(site)
    if not to and live == outputs.get("releases", {}).get(site) and has_failed(stack, place.root):
        # After a failed update, the user means to go back to the release that serves.
        raise Refused(
            f"the last update of {stack} failed, and release {live} of {site} still serves: there is nothing to go "
            f"back from. To go to the release before it anyway, write {assign('to', release)}"
        )
    refuse_locked(place)
    undo = pin(place, site, release)
    screen.say(f"{site} goes back to release {release}: portico:rollback in Pulumi.{stack}.yaml says so from now on.")
    # A rollback is urgent: no preview comes first.
    context.exit(deploy(place, screen, "rollback", undo=undo))
