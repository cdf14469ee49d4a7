"""`portico doctor`: checks this machine and the settings, and says what to do."""

import textwrap

import click

from portico.cli.health import examine
from portico.cli.options import example, json_option, spell_json, stack_option
from portico.cli.project import find_root, load_environment
from portico.cli.refused import Refused


@click.command(epilog=example("portico doctor -s prod"))
@stack_option
@json_option
@click.pass_context
def command(context: click.Context, stack: str, as_json: bool) -> None:
    """Check this machine and the settings, and say what to do. Exit code 1 where something is missing."""
    try:
        root = find_root()
        load_environment(root)
    except Refused:
        root = None
    found = list(examine(root, stack))
    missing = [one for one in found if one.state == "missing"]
    if as_json:
        click.echo(spell_json(found))
        context.exit(1 if missing else 0)
    for one in found:
        reported = f"{one.reported}; to do: {one.remedy}" if one.remedy else one.reported
        first, *rest = reported.splitlines()
        click.echo(f"{one.state:<8} {one.what:<14} {first}")
        if rest:
            click.echo(textwrap.indent("\n".join(rest), " " * 24))
    click.echo(f"{len(missing)} missing." if missing else "Nothing is missing.")
    context.exit(1 if missing else 0)
