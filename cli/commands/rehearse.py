"""`portico rehearse`: tries the release that `up` would deploy on a copy that the newest proven backup makes."""

import click

from portico.cli.deployed import Deployed
from portico.cli.engine import is_on_ecs
from portico.cli.export import read_export
from portico.cli.managed_refusals import require_copied
from portico.cli.next_release import NextRelease
from portico.cli.options import example, json_option, site_option, spell_json, stack_option
from portico.cli.prepare import prepare
from portico.cli.pulumi import require_stack
from portico.cli.refused import Refused
from portico.cli.rehearsal.run import MOST, rehearse
from portico.cli.screen import tell


@click.command(epilog=example("portico rehearse -s prod --site shop --path /orders"))
@stack_option
@site_option
@click.option("--path", "paths", metavar="PATH", multiple=True, help="A path to ask both releases for, besides health.")
@click.option(
    "--lock",
    "most",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=MOST,
    show_default=True,
    help="The longest time that a table lock may block others.",
)
@json_option
@click.pass_context
def command(context: click.Context, stack: str, site: str, paths: tuple[str, ...], most: float, as_json: bool) -> None:
    """Try the release that up would deploy on a copy of the newest proven backup, apart from production.

    Exit code 1 where its command fails, where a lock is kept too long, or where a release does not answer.
    """
    if bad := [one for one in paths if not one.startswith("/") or not one.isprintable() or " " in one]:
        raise Refused(f"{bad[0]!r} is no path; write one such as --path /orders")
    place = prepare(stack)
    require_stack(stack, place.root)
    export = read_export(stack, place.root)
    if is_on_ecs(export):
        require_copied(export, site)
    deployed = Deployed.of(stack, export)
    chosen = deployed.choose_site(site, "rehearse")
    require_copied(export, chosen)
    following = NextRelease.find(deployed, place.root, chosen)
    report = rehearse(deployed, place.root, following, paths, most)
    if as_json:
        click.echo(spell_json(report.spell()))
    else:
        tell("\n".join(report.tell()))
    context.exit(1 if [*report.list_faults()] else 0)
