"""`portico status`: what runs of a stack, which releases are live, and where they answer."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import click

from portico.cli.backups import read_backups
from portico.cli.certificates import read_certificates
from portico.cli.data import Folder, list_data, measure
from portico.cli.deployed import Deployed
from portico.cli.engine import find_engine, is_on_ecs
from portico.cli.export import read_export
from portico.cli.holder import describe
from portico.cli.managed import look_at_managed
from portico.cli.options import example, json_option, spell_json, stack_option
from portico.cli.prepare import Place, prepare
from portico.cli.release_command import read_last_runs, read_last_task_runs, spell_run, tell_run
from portico.cli.running import list_running
from portico.cli.schedule import read_runs, tell_runs
from portico.cli.scratch import read_scratch
from portico.cli.screen import tell
from portico.cli.served import find_served
from portico.cli.services import read_services
from portico.cli.site_urls import add_urls
from portico.cli.spelling import spell
from portico.cli.summary import summarize


def look_at_data(deployed: Deployed, place: Place) -> list[Folder]:
    """The data of the stack's sites with its size; nothing where the engine does not answer."""
    from docker.errors import DockerException

    with suppress(DockerException, OSError):
        folders = list_data(deployed.engine, deployed.stack, place.root)
        return measure(folders, deployed.list_containers(role="gunicorn") if folders else [])
    return []


@click.command(epilog=example("portico status -s prod --json"))
@stack_option
@json_option
@click.pass_context
def command(context: click.Context, stack: str, as_json: bool) -> None:
    """Say what runs, which releases are live, and where. Exit code 1 where nothing is deployed."""
    place = prepare(stack)
    export = read_export(stack, place.root)
    # On ECS images are built by an engine, and nothing of the stack runs there.
    found, engine = summarize(export), None if is_on_ecs(export) else find_engine(export)
    lock = describe(stack, place.root)
    served = find_served(export) if engine else None
    live = found.releases if served is None else served
    urls = add_urls(found.urls, live, place.root, stack) if engine else found.urls
    deployed = Deployed.of(stack, export) if engine else None
    data = look_at_data(deployed, place) if deployed else []
    scratch = read_scratch(deployed, live) if deployed else []
    seen = list_running(deployed) if deployed else None
    running, restarting, idle = seen if seen is not None else (found.running, [], [])
    runs = {site: read_runs(deployed, site) for site in live} if deployed else {}
    certificates = read_certificates(deployed) if deployed else {}
    backups = read_backups(deployed) if deployed else None
    services: list[Any] = [*(read_services(deployed) if deployed else []), *look_at_managed(export)]
    sites = dict.fromkeys([*urls, *live])
    commands = read_last_runs(deployed, sites) if deployed else read_last_task_runs(export)
    sites |= dict.fromkeys(commands)
    if as_json:
        reported = {
            "stack": stack,
            "engine": engine.address or "local" if engine else None,
            "sites": {
                site: {
                    "url": urls.get(site),
                    "live": live.get(site),
                    "pinned": found.pinned.get(site),
                    "releaseCommand": spell_run(commands[site]) if site in commands else None,
                    "runs": runs.get(site) or [],
                    **({"certificate": certificates[site].spell()} if site in certificates else {}),
                }
                for site in sites
            },
            "running": running,
            "restarting": restarting,
            "stopped": idle,
            "lock": lock,
            **({"services": services} if services else {}),
            **({"data": data} if data else {}),
            **({"home": scratch} if scratch else {}),
            **({"backups": backups.spell()} if backups else {}),
        }
        click.echo(spell_json(reported))
        context.exit(0 if found.running else 1)
    if lock:
        tell(lock)
    if not found.running:
        tell(f"Nothing of the stack {stack} is deployed; {spell('up', stack)} does it.")
        for site, run in commands.items():
            tell(f"{site}: none is live\n{tell_run(run)}")
        context.exit(1)
    where = f" on {engine.address}" if engine and engine.address else ""
    tell(f"{stack}{where}: {len(running)} running: {' '.join(running)}")
    if restarting:
        tell(f"  restarted repeatedly: {' '.join(restarting)}")
    if idle:
        tell(f"  does not run: {', '.join(idle)}; {spell('check', stack)} says what is wrong")
    for site in sites:
        pinned_at = f", pinned to {found.pinned[site]}" if site in found.pinned else ""
        tell(f"{site or stack}: {live.get(site) or 'none is live'}{pinned_at}  {urls.get(site, '')}".rstrip())
        for line in certificates[site].tell(datetime.now(UTC)) if site in certificates else ():
            tell(line)
        if site in commands:
            tell(tell_run(commands[site]))
        for line in tell_runs(runs.get(site) or []):
            tell(line)
    for service in services:
        tell(str(service))
    for folder in data:
        tell(str(folder))
    for written in scratch:
        tell(str(written))
    for line in backups.tell(datetime.now(UTC)) if backups else ():
        tell(line)
