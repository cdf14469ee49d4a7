"""Says in a preview what the update will do to those who send requests."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from portico.components.docker.engine_client import Engine
from portico.components.docker.image_tags import list_tags
from portico.components.docker.images import name_image
from portico.config.load import Stack
from portico.config.messages.change_summary import Outcome, announce, recall
from portico.config.release.release import Release


def announce_changes(
    past: Mapping[str, Any], after: Outcome, releases: Sequence[Release], sick: Mapping[str, int]
) -> None:
    """Print one line for each site that changes, and for NGINX; only in previews, so that it is said once.

    `past` are the outputs of the last good update, `sick` how many replicas of each site are made anew.
    """
    if not pulumi.runtime.is_dry_run():
        return
    replicas = {release.site.name: release.replicas for release in releases}
    for change in announce(recall(past), after, replicas, sick):
        pulumi.log.info(str(change))


def add_built(past: Mapping[str, Any], engine: Engine | None, stack: Stack) -> Mapping[str, Any]:
    """The past with the images that are on the engine already, such as those of an update that failed."""
    tags = (list_tags(engine) if engine and pulumi.runtime.is_dry_run() else None) or ()
    names = {release.site.name: name_image(release.site.name, release.image) for release in stack.releases}
    there = {one.site.name: one.image for one in stack.releases if names[one.site.name] in tags}
    return {**past, "there": there}
