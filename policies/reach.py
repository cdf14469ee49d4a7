"""Who reaches the tasks: the balancer before them, and nobody else."""

from collections.abc import Iterator

from portico.policies.graph import Graph, Resource, of_type, points_at
from portico.policies.kinds import BALANCER, DEFAULT_GROUP, GROUP, SERVICE
from portico.policies.opening import Opening, list_openings
from portico.policies.rule import Finding, rule

# What an opening can be made from, in all of Pulumi's forms.
_SOURCES = ("referencedSecurityGroupId", "sourceSecurityGroupId", "ingress")


@rule(whole=True)
def shield_tasks(graph: Graph) -> Iterator[Finding]:
    """Tasks are reached from the balancer's security group alone, also those with public addresses."""
    groups = list(of_type(graph, GROUP, DEFAULT_GROUP))
    balancers = [group for group in groups if _is_of(graph, group, BALANCER, "securityGroups")]
    openings = [opening for opening in list_openings(graph) if opening.inbound]
    for one in of_type(graph, SERVICE):
        mine = [group for group in groups if points_at(one, "networkConfiguration", group)]
        if not any(group.type == GROUP for group in mine):
            wrong = "its tasks have no security group of their own"
            yield Finding(one, wrong, "write networkConfiguration.securityGroups: a group of the stack's")
        for opening in openings:
            if any(_opens(opening, group) for group in mine) and not _is_from(opening, balancers):
                wrong = f"{opening} lets others than the balancer reach the tasks of {one.name}"
                yield Finding(opening.resource, wrong, "name the balancer's security group where it has networks")


def _opens(opening: Opening, group: Resource) -> bool:
    return opening.resource.urn == group.urn or points_at(opening.resource, "securityGroupId", group)


def _is_from(opening: Opening, balancers: list[Resource]) -> bool:
    named = any(points_at(opening.resource, source, group) for source in _SOURCES for group in balancers)
    return named and not opening.networks and not opening.others


def _is_of(graph: Graph, group: Resource, type: str, name: str) -> bool:
    return any(points_at(one, name, group) for one in of_type(graph, type))
