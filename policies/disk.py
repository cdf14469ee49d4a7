"""Disks that hold data: snapshots of them, and how they leave a machine."""

from collections.abc import Iterator
from typing import Any

from portico.policies.graph import UNKNOWN, Graph, Resource, look, members, of_type
from portico.policies.kinds import ACCOUNT, SNAPSHOTS, VOLUME, VOLUME_ATTACHMENT
from portico.policies.rule import Finding, rule


@rule(whole=True)
def snapshot_disks(graph: Graph) -> Iterator[Finding]:
    """A disk of its own is copied by itself: a lifecycle policy, which is enabled, names its tags."""
    policies = list(of_type(graph, SNAPSHOTS))
    common = {one.urn: look(one.inputs, "defaultTags.tags") for one in of_type(graph, ACCOUNT)}
    for one in of_type(graph, VOLUME):
        own, given = look(one.inputs, "tags"), common.get(one.provider)
        tags = UNKNOWN if UNKNOWN in (own, given) else {**(given or {}), **(own or {})}
        if not any(_covers(policy, tags) for policy in policies):
            wrong = "no snapshots are made of it, so a slip of the application takes all data with it"
            yield Finding(one, wrong, "add aws.dlm.LifecyclePolicy with a schedule, and this disk's tags as targetTags")


@rule()
def detach_in_peace(graph: Graph) -> Iterator[Finding]:
    """A disk leaves a machine that has let go of it: it is never torn away while something may write."""
    for one in of_type(graph, VOLUME_ATTACHMENT):
        if look(one.inputs, "forceDetach") not in (None, False, UNKNOWN):
            yield Finding(one, "it is detached by force, also while it is written to", "leave forceDetach out")


def _covers(policy: Resource, tags: Any) -> bool:
    if look(policy.inputs, "state") not in (None, "ENABLED", UNKNOWN):
        return False
    wanted = look(policy.inputs, "policyDetails.targetTags")
    if UNKNOWN in (wanted, tags):
        return True
    schedules = members(policy.inputs, "policyDetails.schedules")
    return bool(wanted and schedules) and wanted.items() <= tags.items()
