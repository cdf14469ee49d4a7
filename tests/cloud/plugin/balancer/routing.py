"""Where a request goes, read from the cloud's books: listeners, their rules, target groups and who is in them."""

import fnmatch
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.cloud.plugin.balancer.members import Member, list_members
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.fleet_kinds import BALANCER, GROUP, LISTENER, LISTENER_CERTIFICATE, RULE
from tests.cloud.plugin.network import Openings, list_openings_between, list_openings_of

Action = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Group:
    """A target group. `open`: the members' ports that the security groups open to the balancer, by address."""

    id: str
    check: Mapping[str, Any]
    port: int
    algorithm: str
    members: tuple[Member, ...]
    open: Mapping[str, frozenset[int]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """A listener, with the actions of its rules in the order of their priorities."""

    id: str
    port: int
    secure: bool
    certificates: tuple[str, ...]
    rules: tuple[tuple[tuple[Mapping[str, Any], ...], Action], ...]
    default: Action
    hsts: str | None = None
    says_server: bool = True

    def choose(self, host: str, path: str, method: str) -> Action:
        """What is done with a request."""
        return next((action for wanted, action in self.rules if _fits(wanted, host, path, method)), self.default)


@dataclass(frozen=True, kw_only=True)
class Routing:
    """All of one balancer, at one time. `openings`: who may reach which of its ports."""

    balancer: Mapping[str, Any] = field(default_factory=dict)
    routes: Mapping[int, Route] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    openings: Openings = field(default_factory=dict)

    @classmethod
    def read(cls, cloud: Cloud, arn: str, but: str = "") -> Self:
        """As the books say it now. `but`: the id of something that is about to go."""
        balancer = cloud.find(arn, BALANCER)
        if balancer is None or arn == but:
            return cls()
        rules = [one for one in cloud.things(RULE) if one.id != but]
        extra = [one for one in cloud.things(LISTENER_CERTIFICATE) if one.id != but]
        routes = {}
        for one in cloud.things(LISTENER):
            if one.id != but and one.inputs["loadBalancerArn"] == arn:
                own = [rule for rule in rules if rule.inputs["listenerArn"] == one.id]
                named = [link.inputs["certificateArn"] for link in extra if link.inputs["listenerArn"] == one.id]
                route = _read_route(one, own, named)
                routes[route.port] = route
        groups = balancer.inputs.get("securityGroups") or []
        return cls(
            balancer=balancer.inputs,
            routes=routes,
            groups={one.id: _read_group(cloud, one, groups) for one in cloud.things(GROUP) if one.id != but},
            openings=list_openings_of(cloud, groups, but=but),
        )


def list_groups(action: Action) -> list[str]:
    """The target groups that an action leads to."""
    weighted = (action.get("forward") or {}).get("targetGroups") or []
    return [action["targetGroupArn"]] if action.get("targetGroupArn") else [one["arn"] for one in weighted]


def find_balancers(cloud: Cloud, group: str) -> Iterator[str]:
    """The balancers that lead to a target group."""
    for listener in cloud.things(LISTENER):
        rules = [rule for rule in cloud.things(RULE) if rule.inputs["listenerArn"] == listener.id]
        actions = [*listener.inputs["defaultActions"], *(one for rule in rules for one in rule.inputs["actions"])]
        if any(group in list_groups(action) for action in actions):
            yield str(listener.inputs["loadBalancerArn"])


def _read_route(listener: Thing, rules: list[Thing], certificates: list[str]) -> Route:
    given = listener.inputs
    own = [given["certificateArn"]] if given.get("certificateArn") else []
    return Route(
        id=listener.id,
        port=given["port"],
        secure=given.get("protocol") == "HTTPS",
        certificates=(*own, *certificates),
        rules=tuple(
            (tuple(rule.inputs["conditions"]), rule.inputs["actions"][-1])
            for rule in sorted(rules, key=lambda rule: rule.inputs.get("priority", 0))
        ),
        default=given["defaultActions"][-1],
        hsts=given.get("routingHttpResponseStrictTransportSecurityHeaderValue"),
        says_server=given.get("routingHttpResponseServerEnabled", True),
    )


def _read_group(cloud: Cloud, group: Thing, balancers: list[str]) -> Group:
    members = tuple(list_members(cloud, group.id))
    given = group.inputs
    return Group(
        id=group.id,
        check=given.get("healthCheck") or {},
        port=given["port"],
        algorithm=given.get("loadBalancingAlgorithmType") or "round_robin",
        members=members,
        open={one.address: frozenset(list_openings_between(cloud, balancers, one.groups)) for one in members},
    )


def _fits(conditions: tuple[Mapping[str, Any], ...], host: str, path: str, method: str) -> bool:
    return all(_fits_one(condition, host, path, method) for condition in conditions)


def _fits_one(condition: Mapping[str, Any], host: str, path: str, method: str) -> bool:
    """Names are the same in capitals; paths and methods are not."""
    if wanted := condition.get("hostHeader"):
        return any(fnmatch.fnmatchcase(host, value.lower()) for value in wanted["values"])
    if wanted := condition.get("pathPattern"):
        return any(fnmatch.fnmatchcase(path, value) for value in wanted["values"])
    if wanted := condition.get("httpRequestMethod"):
        return method in wanted["values"]
    raise ValueError(f"the double does not know this condition: {json.dumps(condition)}")
