"""`portico backup`: what is done with backups by hand: make one, list them, read all of them, make their key."""

import secrets
from datetime import UTC, datetime
from typing import Any

import click

from portico.cli.backups import call, require_maker
from portico.cli.deployed import Deployed
from portico.cli.export import read_export
from portico.cli.managed_refusals import require_own_backups
from portico.cli.options import example, json_option, spell_json, stack_option
from portico.cli.prepare import Place, prepare
from portico.cli.pulumi import ask, create, require_stack
from portico.cli.pulumi import call as call_pulumi
from portico.cli.refused import Refused
from portico.cli.screen import tell
from portico.cli.spelling import is_made, spell
from portico.config.live.backups import count

_KEY = "portico:backupKey"
_BYTES = 32  # of a key: as much as its cipher has


def spell_run(reported: dict[str, Any]) -> str:
    """A backup in a line of the list."""
    run = reported.get("run") or {}
    outcome = run.get("outcome")
    proven = f"proven: {count(run)}" if outcome == "proven" else f"{outcome or 'made'}, not proven"
    return f"{reported['id']}  {datetime.fromisoformat(reported['at']):%Y-%m-%d %H:%M:%S} UTC  {proven}"


def spell_action(action: str, stack: str) -> str:
    """The command in one line, as its user calls it."""
    return spell("backup", stack, do=action) if is_made() else spell(f"backup {action}", stack)


def make_key(place: Place, *, show: bool) -> None:
    """Make the key of the backups and show it, once; with `show` show the one that there is. Raises Refused."""
    stack = place.stack
    create(stack, place.root)
    known = call_pulumi("config", "get", _KEY, "--stack", stack, root=place.root)
    if show or not known.returncode:
        if known.returncode:
            raise Refused(f"there is no key yet; {spell_action('key', stack)} makes it")
        if not show:
            raise Refused(
                f"there is a key already, in Pulumi.{stack}.yaml, encrypted; `pulumi config get {_KEY}` shows it. With "
                "another key the existing backups cannot be read"
            )
        click.echo(known.stdout.strip())
        return
    key = secrets.token_hex(_BYTES)
    ask("config", "set", "--secret", _KEY, "--stack", stack, root=place.root, given=key)
    tell(f"The key of the backups is a secret in Pulumi.{stack}.yaml from now on. Keep a copy of it elsewhere, too:")
    tell("if you lose that file and the key, nobody can read the backups. The key is shown only now:")
    click.echo(key)


@click.command(epilog=example("portico backup now -s prod"))
@click.argument("action", type=click.Choice(["now", "list", "check", "key"]), metavar="now|list|check|key")
@stack_option
@json_option
@click.option("--show", is_flag=True, help="With key: show the existing key.")
@click.pass_context
def command(context: click.Context, action: str, stack: str, as_json: bool, show: bool) -> None:
    """Make and prove a backup now, list them, read all that is stored, or make their key.

    Exit code 1 where a backup failed, or where something that is stored is damaged.
    """
    place = prepare(stack)
    if action == "key":
        make_key(place, show=show)
        return
    require_stack(stack, place.root)
    export = read_export(stack, place.root)
    require_own_backups(export)
    deployed = Deployed.of(stack, export)
    reported = call(deployed, require_maker(deployed), action)
    if as_json:
        click.echo(spell_json(reported))
    elif action == "now":
        tell_made(reported)
    elif action == "list":
        tell("\n".join(map(spell_run, reversed(reported))) or "There is no backup yet.")
    else:
        tell(
            "\n".join(map(str, reported))
            or f"All that is stored was read at {datetime.now(UTC):%H:%M} UTC; it is whole."
        )
    bad = (action == "now" and reported["outcome"] != "proven") or (action == "check" and reported)
    context.exit(1 if bad else 0)


def tell_made(run: dict[str, Any]) -> None:
    """What became of a backup that was made just now."""
    if run["outcome"] == "proven":
        tell(f"Backup {run['snapshot']} is made and proven, in {run['seconds']:.0f} s: {count(run)}.")
    else:
        made = f"Backup {run['snapshot']} was made, and is not proven" if "snapshot" in run else "No backup was made"
        tell(f"{made}: {run['why']}.", err=True)
