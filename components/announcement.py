"""Says in a preview what the update will do to those who send requests."""

from collections.abc import Sequence

import pulumi

from config.announcement import Outcome, announce, recall
from config.release import Release


def announce_changes(past: dict[str, object], after: Outcome, releases: Sequence[Release]) -> None:
    """Print one line for each site that changes, and for NGINX; only in previews, so that it is said once.

    `past` are the outputs of the last good update.
    """
    if not pulumi.runtime.is_dry_run():
        return
    replicas = {release.site.name: release.replicas for release in releases}
    for change in announce(recall(past), after, replicas):
        pulumi.log.info(str(change))
