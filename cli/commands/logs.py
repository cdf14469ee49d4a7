"""`portico logs`: what the containers of a stack print."""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import click
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from portico.cli.deployed import RELEASE, Deployed
from portico.cli.deployed_tasks import DeployedTasks
from portico.cli.export import read_export
from portico.cli.options import example, process_option, site_option, stack_option
from portico.cli.prepare import prepare
from portico.cli.refused import Refused
from portico.cli.site_choice import choose_site
from portico.cli.spelling import assign, spell
from portico.cli.task_logs import show_logs

LINES = "50"  # of each container, by default
_printing = threading.Lock()


def split_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Docker sends pieces; the lines in them, the last one also where it has no end."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")


def show(container: Container, tail: str, *, follow: bool = False, since: int | None = None) -> bool:
    """Print its lines with its name before each; with `follow` until it ends. Whether there were any."""
    count: Any = tail if tail == "all" else int(tail)
    said = False
    with suppress(NotFound):  # it went meanwhile
        for line in split_lines(container.logs(stream=True, follow=follow, tail=count, since=since)):
            said = True
            with _printing:
                print(f"{container.name} | {line}", flush=follow)
    return said


def go_on(container: Container, tail: str, since: int | None) -> None:
    """Show what it prints until it ends, in a thread."""
    try:
        show(container, tail, follow=True, since=since)
    except BrokenPipeError:
        os._exit(0)  # who reads has seen enough: `make logs FOLLOW=1 | head`
    except (DockerException, OSError):
        pass  # the engine went; who waits for its events says so


def follow(deployed: Deployed, tail: str, **labels: str) -> None:
    """Go on until the engine goes, also with containers that start later: those of a release."""
    running: dict[str, threading.Thread] = {}

    def begin(container: Container, tail: str, since: int | None = None) -> None:
        thread = running[str(container.id)] = threading.Thread(target=go_on, args=(container, tail, since), daemon=True)
        thread.start()

    wanted = {"type": "container", "event": "start", "label": deployed.label(**labels)}
    # Asked for before the list, so that none is missed that starts between the two.
    events = deployed.client.events(decode=True, filters=wanted)
    for container in deployed.list_containers(**labels):
        begin(container, tail)
    for event in events:
        if known := running.get(event["id"]):
            known.join(1)  # it has just ended, unless it is the one that was listed
            if known.is_alive():
                continue
        with suppress(NotFound):
            begin(deployed.client.containers.get(event["id"]), "all", since=event["time"])


@click.command(epilog=example("portico logs -s prod --site shop --follow"))
@stack_option
@site_option
@process_option("Of one process alone: web, release or the name of a worker.", default="")
@click.option("--tail", default=LINES, show_default=True, metavar="LINES", help="Lines of each container, or all.")
@click.option("--follow", "following", is_flag=True, help="Keep printing, also from containers that start later.")
def command(stack: str, site: str, process: str, tail: str, following: bool) -> None:
    """Show the last lines of every container of the stack, of those of a site, or of one process of it."""
    if tail != "all" and not tail.isdecimal():
        said = assign("tail", f'"{tail}"')
        raise Refused(f"{said} is no number of lines; write {assign('tail', '200')}, or {assign('tail', 'all')}")
    prepare(stack)
    export = read_export(stack)
    if tasks := DeployedTasks.find(stack, export):
        sites = tasks.choose_logs(site, process)
        with suppress(KeyboardInterrupt):
            show_logs(tasks, sites, process, tail, follow=following)
        return
    deployed = Deployed.of(stack, export)
    labels = {"site": choose_any(deployed, site)} if site or process else {}
    if process:
        labels = deployed.choose_label(labels["site"], process)
    with suppress(KeyboardInterrupt):
        if following:
            follow(deployed, tail, **labels)
            return
        found = deployed.list_containers(**labels)
        printed = [show(container, tail) for container in found]
        if not found:
            raise Refused(tell_none(stack, site and labels["site"], process))
        if process and not any(printed) and tail != "0":
            click.echo(f"{', '.join(str(one.name) for one in found)} printed nothing.", err=True)


def choose_any(deployed: Deployed, site: str) -> str:
    """The site of that name, or the only one, also of those of which nothing went live. Raises Refused."""
    labelled = (one.labels.get("portico.site", "") for one in deployed.list_containers())
    # No site is called so: what makes backups is labelled like one.
    begun = sorted(name for name in {*labelled} if name and "_" not in name)
    return choose_site(deployed.stack, dict.fromkeys([*deployed.releases, *begun]), site, "logs")


def tell_none(stack: str, site: str, process: str) -> str:
    """Why nothing was shown."""
    what = f"{process or 'any process'} of {site}" if site else f"the stack {stack}"
    if process == RELEASE:
        why = "it has no `release.command`, or the last update ended before it ran"
    else:
        why = f"what the last update left is gone, or it ended before: {spell('status', stack)}"
    return f"there is no container of {what}: {why}"
