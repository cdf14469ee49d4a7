"""The service that keeps tasks running: what a release may cost, and who else gets in."""

from collections.abc import Iterator
from typing import Final

from portico.policies.graph import UNKNOWN, Graph, Resource, look, may_be, members, of_type, points_at
from portico.policies.kinds import BALANCER, CLUSTER, SERVICE, SUBNET
from portico.policies.rule import Finding, rule

# The newest of Linux. LATEST is that one, and so is what AWS takes where nothing is written.
_PLATFORM: Final = "1.4.0"


@rule()
def roll_back(graph: Graph) -> Iterator[Finding]:
    """A release whose tasks do not get healthy is given up, and the one before brought back."""
    for one in of_type(graph, SERVICE):
        # Others roll out by themselves, and know no breaker.
        if not may_be(look(one.inputs, "deploymentController.type"), None, "ECS"):
            continue
        breaker = look(one.inputs, "deploymentCircuitBreaker")
        if not all(may_be(look(breaker, name), True) for name in ("enable", "rollback")):
            wrong = "a release that never gets healthy is tried forever"
            yield Finding(one, wrong, "write deploymentCircuitBreaker: {enable: true, rollback: true}")


@rule()
def keep_all_serving(graph: Graph) -> Iterator[Finding]:
    """A release stops no task that serves before another is healthy: at least 100 % do, and it may start more."""
    for one in of_type(graph, SERVICE):
        # What answers nobody may be of a kind of which there must never be two.
        if look(one.inputs, "loadBalancers") is None:
            continue
        least = look(one.inputs, "deploymentMinimumHealthyPercent")
        most = look(one.inputs, "deploymentMaximumPercent")
        # Where nothing is written AWS takes 100 and 200.
        if isinstance(least, int) and least < 100:
            wrong = f"{least} % of the tasks have to serve what all did"
            yield Finding(one, wrong, "write deploymentMinimumHealthyPercent: 100")
        if isinstance(most, int) and most <= 100:
            wrong = "no task may start before another has stopped"
            yield Finding(one, wrong, "write deploymentMaximumPercent: 200")


@rule()
def wait_for_tasks(graph: Graph) -> Iterator[Finding]:
    """An update ends when the tasks run, not when AWS has been asked for them."""
    for one in of_type(graph, SERVICE):
        if not may_be(look(one.inputs, "waitForSteadyState"), True):
            yield Finding(one, "an update ends before anybody knows whether it runs", "write waitForSteadyState: true")


@rule("CKV_AWS_332", "ECS.10")
def pin_platform(graph: Graph) -> Iterator[Finding]:
    """Tasks run on Fargate's newest platform, by its number or as LATEST."""
    for one in of_type(graph, SERVICE):
        platform = look(one.inputs, "platformVersion")
        if not may_be(platform, None, "LATEST", _PLATFORM):
            wrong = f"platform {platform} is an old one, which gets no more updates"
            yield Finding(one, wrong, f'write platformVersion: "{_PLATFORM}"')


@rule("ELB.13", whole=True)
def spread_zones(graph: Graph) -> Iterator[Finding]:
    """Tasks and balancers are in two zones or more: one may be lost as a whole."""
    for one in of_type(graph, SERVICE):
        yield from _judge_zones(graph, one, "networkConfiguration", "networkConfiguration.subnets")
    for one in of_type(graph, BALANCER):
        if not members(one.inputs, "subnetMappings"):
            yield from _judge_zones(graph, one, "subnets", "subnets")


@rule("CKV_AWS_223", whole=True)
def refuse_shells(graph: Graph) -> Iterator[Finding]:
    """Nobody opens a shell in a task, but where the cluster says that every session is logged."""
    clusters = list(of_type(graph, CLUSTER))
    for one in of_type(graph, SERVICE):
        if look(one.inputs, "enableExecuteCommand") is not True:
            continue
        if not any(points_at(one, "cluster", cluster) and _logs_sessions(cluster) for cluster in clusters):
            wrong = "whoever may call ecs:ExecuteCommand gets a shell in its tasks, and nobody sees what they do there"
            write = "take enableExecuteCommand out, or write configuration.executeCommandConfiguration for the cluster"
            yield Finding(one, wrong, f"{write}, with logging: OVERRIDE and a logConfiguration")


def _judge_zones(graph: Graph, one: Resource, name: str, path: str) -> Iterator[Finding]:
    subnets = look(one.inputs, path)
    if subnets is UNKNOWN:
        return
    zones = [
        look(subnet.inputs, "availabilityZone") for subnet in of_type(graph, SUBNET) if points_at(one, name, subnet)
    ]
    if len(members(one.inputs, path)) < 2 or (len(zones) > 1 and None not in zones and len(set(zones)) < 2):
        yield Finding(one, "all of it is in one zone", f"write two subnets or more at {path}, in different zones")


def _logs_sessions(cluster: Resource) -> bool:
    path = "configuration.executeCommandConfiguration"
    return may_be(look(cluster.inputs, f"{path}.logging"), "OVERRIDE") and bool(
        look(cluster.inputs, f"{path}.logConfiguration")
    )
