"""`portico preview`: what an update would change, in sentences; resources on request."""

import click

from portico.cli.deploy import preview
from portico.cli.export import read_export
from portico.cli.options import example, stack_option
from portico.cli.prepare import prepare
from portico.cli.pulumi import create
from portico.cli.recorded import spell_refresh
from portico.cli.run import spell_path, tell_failure
from portico.cli.screen import Screen


@click.command(epilog=example("portico preview -s prod --resources"))
@stack_option
@click.option("--resources", is_flag=True, help="Show every resource that differs, as Pulumi does.")
@click.pass_context
def command(context: click.Context, stack: str, resources: bool) -> None:
    """Show what up would change. Nothing is changed."""
    place = prepare(stack)
    create(stack, place.root)
    screen = Screen()
    # What up would put right is seen by looking as it does.
    seen = preview(place, screen, "--diff", *spell_refresh(read_export(stack, place.root)))
    if seen.code:
        tell_failure(seen, screen)
        screen.say(f"The preview failed; nothing was changed. The full log: {spell_path(seen.log)}")
        context.exit(1)
    if resources:
        click.echo(seen.log.read_text(errors="replace"), nl=False)
        return
    counts = {op: count for op, count in seen.story.counts.items() if op not in ("same", "read", "refresh")}
    reported = ", ".join(f"{count} to {op}" for op, count in counts.items())
    screen.say(f"Resources: {reported}." if reported else "Nothing would change.")
    screen.say(f"Each of them: {spell_path(seen.log)}")
