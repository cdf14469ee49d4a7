"""Rehearsals that the settings ask for: before an update, of each site whose release is another one."""

from collections.abc import Iterator
from typing import Any

from portico.cli.engine import Export, find_engine, is_on_ecs
from portico.cli.prepare import Place
from portico.cli.project import read_config
from portico.cli.refused import Refused
from portico.cli.screen import Screen


def list_rehearsed(config: dict[str, Any]) -> Iterator[str]:
    """The sites with release.rehearse, by the settings as they are written. The program refuses invalid ones."""
    sites = config.get("sites")
    for site in sites if isinstance(sites, list) else []:
        release = site.get("release") if isinstance(site, dict) else None
        if isinstance(release, dict) and release.get("rehearse") is True:
            yield str(site.get("name"))


def rehearse_first(place: Place, export: Export, screen: Screen) -> bool:
    """Whether the update may go on: every rehearsal that was asked for has passed. Raises Refused.

    A site of which nothing is live yet has nothing to lose. Mistakes in the settings are the update's to report.
    """
    sites = [*list_rehearsed(read_config(place.root, place.stack))]
    if not sites or is_on_ecs(export) or find_engine(export) is None:
        return True
    # They need Docker's client, and the update itself does not.
    from portico.cli.deployed import Deployed
    from portico.cli.next_release import NextRelease
    from portico.cli.rehearsal.run import rehearse
    from portico.config.mistake import Mistakes

    deployed, passed = Deployed.of(place.stack, export), True
    for site in (one for one in sites if one in deployed.releases):
        try:
            following = NextRelease.find(deployed, place.root, site)
        except Mistakes:
            return True
        if following.release.id == deployed.releases[site]:
            continue
        try:
            report = rehearse(deployed, place.root, following)
        except Refused as error:
            raise Refused(
                f"{site} could not be rehearsed, and nothing was changed: {error.message}. Write release.rehearse: "
                "false to deploy this release without a rehearsal"
            ) from error
        for line in report.tell():
            screen.say(line)
        passed = passed and not [*report.list_faults()]
    if not passed:
        screen.say("Nothing was changed.")
    return passed
