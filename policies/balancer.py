"""The load balancer: what it lets through, what it remembers, and how tasks leave it."""

from collections.abc import Iterator

from portico.policies.containers import list_containers
from portico.policies.graph import UNKNOWN, Graph, Resource, look, may_be, of_type, points_at
from portico.policies.kinds import BALANCER, SERVICE, TARGETS, TASK
from portico.policies.rule import Finding, rule


@rule("CKV_AWS_131", "CKV_AWS_328", "ELB.4", "ELB.12")
def drop_bad_requests(graph: Graph) -> Iterator[Finding]:
    """Headers that HTTP does not allow, and requests that two servers may read in two ways, get no further."""
    for one in _list_balancers(graph):
        if not may_be(look(one.inputs, "dropInvalidHeaderFields"), True):
            yield Finding(one, "it hands on headers that are none", "write dropInvalidHeaderFields: true")
        if not may_be(look(one.inputs, "desyncMitigationMode"), None, "defensive", "strictest"):
            wrong = "it hands on requests that may hide others"
            yield Finding(one, wrong, 'write desyncMitigationMode: "defensive"')


@rule("CKV_AWS_91", "ELB.5")
def log_requests(graph: Graph) -> Iterator[Finding]:
    """A balancer writes down who has asked for what."""
    for one in _list_balancers(graph):
        logs = look(one.inputs, "accessLogs")
        if not may_be(look(logs, "enabled"), True) or look(logs, "bucket") is None:
            wrong = "nobody could say later who has asked for what"
            yield Finding(one, wrong, "write accessLogs: a bucket, and enabled: true")


@rule("CKV_AWS_150", "ELB.6")
def protect_balancer(graph: Graph) -> Iterator[Finding]:
    """A balancer that Pulumi protects is protected by AWS too, against everybody else."""
    for one in of_type(graph, BALANCER):
        if one.protected and not may_be(look(one.inputs, "enableDeletionProtection"), True):
            wrong = "Pulumi refuses to delete it, and the console does not"
            yield Finding(one, wrong, "write enableDeletionProtection: true")


@rule(whole=True)
def let_requests_end(graph: Graph) -> Iterator[Finding]:
    """A task that goes ends its requests first: the balancer gives it as long as its containers may take to stop."""
    for one in of_type(graph, TARGETS):
        delay = look(one.inputs, "deregistrationDelay")
        if delay is UNKNOWN:
            continue
        if delay is None:
            wrong = "each release waits five minutes for tasks that go, whatever their requests take"
            yield Finding(one, wrong, "write deregistrationDelay: a little more than the longest request takes")
        else:
            longest = max([0, *_list_stops(graph, one)])
            if int(delay) < max(longest, 1):
                wrong = f"requests are cut after {delay} s, and the containers behind it may take {longest} s to end"
                yield Finding(one, wrong, f"write deregistrationDelay: {max(longest, 1)} or more")


def _list_balancers(graph: Graph) -> Iterator[Resource]:
    """Those of HTTP: others see no request."""
    return (
        one for one in of_type(graph, BALANCER) if may_be(look(one.inputs, "loadBalancerType"), None, "application")
    )


def _list_stops(graph: Graph, targets: Resource) -> Iterator[int]:
    """How long each container behind a target group may take to stop, in seconds, where it says so."""
    tasks = [
        task
        for service in of_type(graph, SERVICE)
        if points_at(service, "loadBalancers", targets)
        for task in of_type(graph, TASK)
        if points_at(service, "taskDefinition", task)
    ]
    for container in list_containers(tasks):
        # What is not essential has ended before requests come.
        if look(container.inputs, "essential") is not False:
            yield int(look(container.inputs, "stopTimeout") or 0)
