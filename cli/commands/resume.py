"""`portico resume`: takes a site's line out of portico:rollback, and deploys its source again."""

import json

import click

from portico.cli.commands.releases import choose_held
from portico.cli.deploy import deploy, refuse_held
from portico.cli.options import example, site_option, stack_option
from portico.cli.prepare import prepare
from portico.cli.pulumi import ask, call, require_stack
from portico.cli.screen import Screen

SETTING = "portico:rollback"


@click.command(epilog=example("portico resume -s prod --site shop"))
@stack_option
@site_option
@click.pass_context
def command(context: click.Context, stack: str, site: str) -> None:
    """Deploy the source of a site again that was rolled back."""
    place = prepare(stack)
    require_stack(stack, place.root)
    screen = Screen()
    site = choose_held(read_pins(stack), site)
    ask("config", "rm", "--stack", stack, "--path", f"{SETTING}.{site}")
    # The last one leaves an empty setting behind.
    if not read_pins(stack):
        call("config", "rm", "--stack", stack, SETTING)
    screen.say(f"{site} is deployed from its source again.")
    refuse_held(place)
    context.exit(deploy(place, screen, "resume"))


def read_pins(stack: str) -> dict[str, str]:
    """The releases at which sites are held, by site."""
    done = call("config", "get", "--stack", stack, SETTING)
    pins = json.loads(done.stdout or "{}") if not done.returncode else {}
    return pins if isinstance(pins, dict) else {}
