"""`portico restore`: restores folders of data and databases from a backup."""

from collections.abc import Sequence

import click
from docker.models.containers import Container

from portico.cli.backups import call, require_maker
from portico.cli.deploy import refuse_locked
from portico.cli.deployed import Deployed
from portico.cli.engine import Export, has_terminal
from portico.cli.export import read_export
from portico.cli.managed_refusals import list_left_out, require_own_backups
from portico.cli.options import example, stack_option, yes_option
from portico.cli.prepare import prepare
from portico.cli.pulumi import require_stack
from portico.cli.refused import Refused
from portico.cli.restoring import (
    await_health,
    choose_snapshot,
    choose_sources,
    list_users,
    make_helper,
    pause,
    tell_difference,
)
from portico.cli.screen import tell
from portico.cli.spelling import is_made, spell


@click.command(epilog=example("portico restore -s prod --site shop --at 2026-11-30T03:15"))
@stack_option
@click.option("--site", metavar="NAME", default="", help="What one site has; what all have where not written.")
@click.option("--service", metavar="NAME", default="", help="What one service has: its databases, or its keys.")
@click.option("--at", metavar="BACKUP", default="", help="An id that `portico backup list` shows, or a time in UTC.")
@click.option("--undo", is_flag=True, help="Put back the state before the last restore.")
@click.option(
    "--forget", is_flag=True, help="Delete the states that earlier restores replaced; they are kept until then."
)
@yes_option
@click.pass_context
def command(
    context: click.Context, stack: str, site: str, service: str, at: str, undo: bool, forget: bool, yes: bool
) -> None:
    """Restore data from a backup: beside what is there, and after a question in its place.

    What was there is kept. The site is stopped for the moment of the switch.
    """
    if sum([undo, forget, bool(at)]) > 1:
        raise Refused("write one of --at, --undo and --forget")
    place = prepare(stack)
    require_stack(stack, place.root)
    refuse_locked(place)
    export = read_export(stack, place.root)
    require_own_backups(export, service)
    deployed = Deployed.of(stack, export)
    maker = require_maker(deployed)
    sources = choose_sources(maker, site, service)
    folders = [one["name"] for one in sources]
    # Last of the refusals: whoever writes --yes shall not read the next one then.
    if not yes and not has_terminal():
        raise Refused("there is no terminal to confirm in; write --yes")
    with make_helper(deployed, maker, folders) as helper:
        if forget:
            _confirm(context, yes, f"Delete the states before restores, of {', '.join(folders)}?")
            count = sum(call(deployed, helper, "forget", *folders))
            tell(f"Deleted: {count} states before a restore.")
            return
        if undo:
            what = "The state before the last restore"
        else:
            chosen = choose_snapshot(call(deployed, maker, "list"), at)
            what = f"Backup {chosen['id']} of {chosen['at']}"
            for one in list_left_out(export, site) if not service else ():
                tell(f"{one.name} has `managed: true` and stays as it is; docs/services.md says how it goes back.")
            tell(f"{what} is restored beside the present state.")
            for one in call(deployed, helper, "fetch", str(chosen["id"]), *folders):
                tell("\n".join(tell_difference(one)))
        try:
            users = list_users(deployed, helper, sources)
            stops = f" {len(users)} containers stop for a moment, and requests get no answer." if users else ""
            _confirm(context, yes, f"{what} replaces the present state, which is kept.{stops} Go on?")
            _switch(deployed, helper, "undo" if undo else "switch", folders, users, export)
        except BaseException:
            # Restored data that was not switched to is removed; a switch that was begun is not discarded by it.
            call(deployed, helper, "clear", *folders)
            raise
    tell(f"{what} is restored: {', '.join(folders)}.")
    said = "yes" if is_made() else ""
    back, deletes = (spell("restore", stack, **{option: said}) for option in ("undo", "forget"))
    tell(f"The state before it is kept; {back} puts it back, {deletes} deletes it.")
    if lost := await_health(users):
        tell(f"Not healthy after the restore: {', '.join(lost)}; {spell('logs', stack)} says why.", err=True)
        context.exit(1)


def _confirm(context: click.Context, yes: bool, question: str) -> None:
    if not yes and not click.confirm(question, default=False):
        tell("Nothing was changed.")
        context.exit(1)


def _switch(
    deployed: Deployed,
    helper: Container,
    word: str,
    folders: Sequence[str],
    users: Sequence[Container],
    export: Export,
) -> None:
    with pause(users, export):
        try:
            call(deployed, helper, word, *folders)
        except Refused:
            # No container starts on data that was switched by halves.
            call(deployed, helper, "finish", *folders)
            raise
