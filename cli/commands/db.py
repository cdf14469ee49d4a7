"""`portico db`: a shell in a site's database, a dump of it, and loading one."""

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portico.cli.deployed import Deployed
from portico.cli.engine import has_terminal, is_on_ecs, list_resources
from portico.cli.export import read_export
from portico.cli.lock import take_lock
from portico.cli.managed import find_databases
from portico.cli.managed_refusals import refuse_by_hand
from portico.cli.options import example, site_option, stack_option, yes_option
from portico.cli.prepare import prepare
from portico.cli.refused import Refused
from portico.cli.services import name_command, name_psql, run
from portico.cli.spelling import assign, is_made, spell, spell_option
from portico.config.services.labels import NAME, ROLE
from portico.config.services.urls import name_role
from portico.config.settings.service import POSTGRES

if TYPE_CHECKING:
    from docker.models.containers import Container

# A dash is in no site's database, but in what `portico restore` has kept.
_LIST = (
    "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' AND datname !~ '-' ORDER BY 1"
)


# The type of services that are containers (components/services/passwords.py).
_SERVICE = "portico:index:Service"


def choose_server(deployed: Deployed, service: str) -> "Container":
    """The server of PostgreSQL of that name, or the only one. Raises Refused and DockerException."""
    found = {str(one.labels.get(NAME)): one for one in deployed.list_containers(role=ROLE, kind=POSTGRES)}
    names = " ".join(found)
    if not found:
        raise Refused(f"the stack {deployed.stack} has no service of kind postgres; see docs/services.md")
    if service and service not in found:
        raise Refused(f'there is no service "{service}"; write {spell_option("service")} and one of: {names}')
    if not service and len(found) > 1:
        raise Refused(f"which service? Write {spell_option('service')} and one of: {names}")
    server = found[service or next(iter(found))]
    if server.status != "running":
        raise Refused(f"{server.name} does not run ({server.status}); {spell('up', deployed.stack)} starts it")
    return server


def choose_database(server: "Container", site: str) -> str:
    """The database of that site, or the only one there. Raises Refused and DockerException."""
    found = run(server, name_psql(server, "psql", "postgres", "-XAt", f"--command={_LIST}")).split()
    names = " ".join(found)
    if site and name_role(site) not in found:
        there = f"write {spell_option('site')} and one of: {names}" if found else "no site has one there"
        raise Refused(f"{site} has no database in {server.labels.get(NAME)}; {there}")
    if not site and len(found) != 1:
        raise Refused(f"whose database? Write {spell_option('site')} and one of: {names}")
    return name_role(site) if site else found[0]


def dump(deployed: Deployed, server: "Container", database: str, file: Path) -> None:
    """Write the database, as it is at this moment, into a new file. Raises Refused."""
    if file.exists():
        raise Refused(f"{file} is there already, and nothing is overwritten; {assign('file', 'another name')}")
    words = name_command(deployed, server, name_psql(server, "pg_dump", database, "--format=custom"))
    # Readable by this user alone, and renamed when it is complete.
    part = file.with_name(f"{file.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=output, check=False)
    if done.returncode:
        part.unlink()
        raise Refused(f"pg_dump ended with {done.returncode}; nothing was written")
    part.rename(file)
    click.echo(f"{database} is in {file}, {file.stat().st_size} bytes; pg_restore reads it.")


def load(deployed: Deployed, server: "Container", database: str, file: Path) -> None:
    """Make the database what the file has: in one transaction, so all of it or nothing. Raises Refused."""
    if not file.is_file():
        raise Refused(f"{file} is not a file; {assign('file', 'NAME')} names one that `db dump` has written")
    options = ("--clean", "--if-exists", "--no-owner", f"--role={database}", "--single-transaction")
    words = name_psql(server, "pg_restore", database, *options)
    with file.open("rb") as given:
        done = subprocess.run(name_command(deployed, server, words), stdin=given, check=False)
    if done.returncode:
        raise Refused(f"pg_restore ended with {done.returncode}; {database} is what it was before")
    click.echo(f"{file} was loaded into {database}.")


@click.command(epilog=example("portico db dump -s prod --site shop --file shop.dump"))
@stack_option
@site_option
@click.option("--service", metavar="NAME", default="", help="The service; the only one of kind postgres needs no name.")
@click.option("--file", "file", metavar="FILE", default="", help="The file that dump writes and load reads.")
@yes_option
@click.argument("action", type=click.Choice(["shell", "dump", "load"]))
@click.pass_context
def command(context: click.Context, stack: str, site: str, service: str, file: str, yes: bool, action: str) -> None:
    """Open a shell in a site's database, write it into a file (dump), or make it what a file has (load)."""
    if action != "shell" and not file:
        raise Refused(f"which file? {assign('file', f'{site or stack}.dump')}")
    given = Path(file).absolute()  # from where the user is: `prepare` goes into the project's folder
    place = prepare(stack)
    export = read_export(stack)
    contained = [one for one in list_resources(export, _SERVICE) if not is_on_ecs(export)]
    if is_on_ecs(export) or (find_databases(export, service) and (service or not contained)):
        raise refuse_by_hand(stack, export, service, action)
    deployed = Deployed.of(stack, export)
    server = choose_server(deployed, service)
    database = choose_database(server, site)
    if action == "shell":
        words = name_psql(server, "psql", database)
        running = subprocess.Popen(name_command(deployed, server, words, terminal=has_terminal()))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the shell, where it ends a query
        context.exit(running.wait())
    if action == "dump":
        dump(deployed, server, database, given)
        return
    if not yes:
        if not has_terminal():
            raise Refused(f"load replaces what is in {database}; write {'YES=yes' if is_made() else '--yes'} to do it")
        click.confirm(f"Replace what is in {database} by {given}?", abort=True)
    take_lock(place)
    load(deployed, server, database, given)
