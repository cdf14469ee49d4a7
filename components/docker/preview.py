"""Announces what an update will do to requests, before it begins."""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pulumi

from portico.components.docker.engine_client import Engine
from portico.components.docker.image_tags import list_tags
from portico.components.docker.images import name_image
from portico.components.docker.workers import Running
from portico.config.load import Stack
from portico.config.messages.address_changes import tell_address
from portico.config.messages.change_summary import Outcome, announce, recall
from portico.config.messages.presumed_outcome import presume
from portico.config.messages.process_changes import tell_processes
from portico.config.release.release import Release

# The command `portico` sets it where no preview comes before.
_NO_PREVIEW = "PORTICO_ANNOUNCED"


def is_announced() -> bool:
    """Whether this run says what changes: a preview, or an update before which there was none."""
    return pulumi.runtime.is_dry_run() or bool(os.environ.get(_NO_PREVIEW))


def announce_changes(
    previous: Mapping[str, Any],
    after: Outcome,
    releases: Sequence[Release],
    faults: Mapping[str, Sequence[str]],
    done: Mapping[str, Collection[str]],
    workers: Sequence[Running],
    urls: Mapping[str, str],
    lost: tuple[str, str] = ("", ""),
) -> None:
    """Print one line for each site that changes, and for NGINX; in one run alone, so that it is said once.

    `previous` are the outputs of the last good update, `faults` what is wrong with those replicas of each site
    that are made again, `done` the keys of release commands that were run, `urls` where the sites will be. `lost`
    is why NGINX serves nobody now, and why the holder of its port does not, "" where they do.
    """
    if not is_announced():
        return
    replicas = {release.site.name: release.replicas for release in releases}
    before = recall(previous) or presume(previous, after)
    further = {
        one.site.name: tell_address(one.site, (previous.get("urls") or {}).get(one.site.name, ""), urls[one.site.name])
        + tell_processes(
            one,
            renewed=before is None or before.releases.get(one.site.name) != one.id,
            done=done.get(one.site.name, ()),
            workers=before.workers.get(one.site.name, {}) if before else {},
            faults={each.worker.name for each in workers if each.lost and each.release is one},
        )
        for one in releases
    }
    for change in announce(before, after, replicas, faults, further, lost):
        pulumi.log.info(str(change))


def add_built(previous: Mapping[str, Any], engine: Engine | None, stack: Stack) -> Mapping[str, Any]:
    """The previous outputs with the images that are on the engine already, such as those of an update that failed."""
    tags = (list_tags(engine) if engine and is_announced() else None) or ()
    names = {release.site.name: name_image(release.site.name, release.image) for release in stack.releases}
    there = {one.site.name: one.image for one in stack.releases if names[one.site.name] in tags}
    return {**previous, "there": there}
