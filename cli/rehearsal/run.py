"""A rehearsal from its begin to its report: the release that `up` would deploy, on a copy of a proven backup."""

import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from docker.models.containers import Container
from requests.exceptions import RequestException

from portico.cli.backups import call, read_asked, require_maker
from portico.cli.deployed import Deployed
from portico.cli.lock import try_lock
from portico.cli.next_release import NextRelease
from portico.cli.refused import Refused
from portico.cli.rehearsal.copy import Copy, make_copy
from portico.cli.rehearsal.locks import watch
from portico.cli.rehearsal.replica import ask, make_command, make_new, make_old
from portico.cli.rehearsal.report import Report
from portico.cli.restoring import find_service, find_site, list_proven
from portico.cli.screen import tell
from portico.cli.spelling import spell

# Seconds that a lock may be kept.
MOST = 5.0
_HEALTHY = 60.0  # seconds until a replica in the copy answers
_LINES = 20  # of a command's log


def choose_backup(listed: Sequence[Mapping[str, Any]], stack: str) -> Mapping[str, Any]:
    """The newest proven one; `listed` are all, the oldest first. Raises Refused."""
    if not (proven := list_proven(listed)):
        raise Refused(f"no backup is proven yet, so there is nothing to rehearse on; {spell('backup now', stack)}")
    return proven[-1]


def rehearse(
    deployed: Deployed, root: Path, following: NextRelease, paths: Sequence[str] = (), most: float = MOST
) -> Report:
    """Do it, and leave nothing behind. `paths` are those that the settings do not name. Raises Refused and
    DockerException.

    `most` is the longest time in seconds that a lock may be kept.
    """
    site = following.release.site.name
    maker = require_maker(deployed)
    replica = deployed.list_replicas(site)[0]
    sources = [one for one in read_asked(maker)["sources"] if find_site(one) == site]
    if not sources:
        raise Refused(f"{site} has no data and uses no service, so there is nothing that a rehearsal would show")
    backup = choose_backup(call(deployed, maker, "list"), deployed.stack)
    following.require_image(deployed, root)
    settings = following.release.site
    report = Report(site, f"{backup['id']} of {backup['at']}", deployed.releases[site], following.release.id, most)
    named = settings.release.rehearse_paths if settings.release else ()
    every = list(dict.fromkeys([settings.locate(settings.health), *map(settings.locate, named), *paths]))
    host = settings.hosts[0].replace("*", "www")
    with _hold(root, deployed.stack), make_copy(deployed, site, sources) as copy:
        tell(f"Restoring backup {report.backup} into a copy; production is not touched.", err=True)
        data = {str(one["name"]).split("/")[1] for one in sources if not find_service(one)}
        copy.fill(maker, str(backup["id"]), following.release.uid, sorted(data | {one.name for one in settings.data}))
        old = make_old(copy, replica)
        old.start()
        report.before = ask(old, host, every, _HEALTHY)
        if settings.release:
            report.command = settings.release.command
            _migrate(copy, replica, following, report, settings.release.timeout.seconds)
        report.old = ask(old, host, every, _HEALTHY / 6)
        if report.code == 0:
            new = make_new(copy, replica, following)
            new.start()
            report.new = ask(new, host, every, _HEALTHY)
    return report


def _migrate(copy: Copy, replica: Container, following: NextRelease, report: Report, seconds: int) -> None:
    databases = [
        (copy.databases[find_service(one)], one["name"].split("/")[1])
        for one in copy.sources
        if find_service(one) in copy.databases
    ]
    container = make_command(copy, replica, following)
    tell(f"`{report.command}` runs on the copy ...", err=True)
    with watch(copy.deployed, databases) as report.locks:
        begun = time.monotonic()
        container.start()
        report.code = _await_end(container, begun + seconds)
        report.seconds = round(time.monotonic() - begun, 1)
    said = container.logs(tail=_LINES).decode(errors="replace").splitlines()
    report.said = ["".join(one for one in line if one.isprintable()) for line in said]


def _await_end(container: Container, until: float) -> int | None:
    """The exit code; None where it takes too long, and is ended."""
    while (left := until - time.monotonic()) > 0:
        try:
            return int(container.wait(timeout=min(left, 30))["StatusCode"])
        except RequestException:
            # Docker's client gives up waiting by this: look again.
            continue
    container.kill()
    return None


@contextmanager
def _hold(root: Path, stack: str) -> Iterator[None]:
    """One rehearsal of a stack at a time; whoever is asked to end removes the copy first. Raises Refused."""

    def end(number: int, _: object) -> None:
        # What is removed meanwhile is removed to its end.
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        click.echo("Interrupted: the copy is removed.", err=True)
        sys.exit(128 + number)

    lock = try_lock(root / ".portico" / f"rehearse-{stack}.lock")
    if lock is None:
        raise Refused(f"the stack {stack} is being rehearsed at this moment; try again later")
    with lock:
        before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
