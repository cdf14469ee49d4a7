"""Who may reach an instance, and what it can reach: read from the security groups, routes and addresses around it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.kinds import EGRESS, EIP, INGRESS, PROFILE, ROLE_POLICY

Openings = dict[int, list[str]]  # which networks (CIDR) may reach a port
_LOST = 2.0  # seconds
_ANYWHERE = "0.0.0.0/0"
_MANAGED = "AmazonSSMManagedInstanceCore"


def note_move(cloud: Cloud, instance: str) -> None:
    """The instance has another public address from now on, and its agent has to notice that first."""
    folder = cloud.folder / "moved"
    folder.mkdir(exist_ok=True)
    (folder / instance).touch()


def is_lost(cloud: Cloud, instance: str) -> bool:
    """Whether Systems Manager has lost the instance, since its address has just moved: 2 s here, on AWS minutes."""
    file = cloud.folder / "moved" / instance
    return file.exists() and time.time() - file.stat().st_mtime < _LOST


def list_openings(cloud: Cloud, instance: Thing, *, but: str = "") -> Openings:
    """The TCP ports of an instance that its security groups open. `but`: the id of a rule that is to go."""
    return list_openings_of(cloud, instance.inputs.get("vpcSecurityGroupIds") or [], but=but)


def list_openings_of(cloud: Cloud, groups: Sequence[str], *, but: str = "") -> Openings:
    """The TCP ports that these security groups open, and to which networks."""
    found: Openings = {}
    for rule in cloud.things(INGRESS):
        if rule.id != but and rule.inputs["securityGroupId"] in groups and (ports := _list_ports(rule.inputs)):
            for port in ports:
                found.setdefault(port, []).extend(filter(None, [rule.inputs.get("cidrIpv4")]))
    for id in groups:
        group = cloud.find(id)
        for inline in group.inputs.get("ingress", []) if group else []:
            for port in range(inline["fromPort"], inline["toPort"] + 1):
                found.setdefault(port, []).extend(inline.get("cidrBlocks") or [])
    return found


def list_openings_between(cloud: Cloud, ours: Sequence[str], theirs: Sequence[str]) -> set[int]:
    """The TCP ports on which those of the security groups `ours` may reach those of the security groups `theirs`."""
    entered = {
        port
        for rule in cloud.things(INGRESS)
        if rule.inputs["securityGroupId"] in theirs and _names(rule.inputs, ours)
        for port in _list_ports(rule.inputs)
    }
    left = {
        port
        for rule in cloud.things(EGRESS)
        if rule.inputs["securityGroupId"] in ours and _names(rule.inputs, theirs)
        for port in _list_ports(rule.inputs)
    }
    return entered & left


def _names(rule: Mapping[str, Any], groups: Sequence[str]) -> bool:
    """Whether a rule is about those of these security groups: by their name, or by addresses, which all have."""
    return rule.get("referencedSecurityGroupId") in groups or bool(rule.get("cidrIpv4"))


def _list_ports(rule: Mapping[str, Any]) -> range:
    if rule["ipProtocol"] == "-1":
        return range(1, 65536)
    return range(rule["fromPort"], rule["toPort"] + 1) if rule["ipProtocol"] == "tcp" else range(0)


def find_obstacles(cloud: Cloud, instance: Thing) -> list[str]:
    """Why the agent of Systems Manager on this instance could not report to it; nothing if it can."""
    return [
        *_look_at_role(cloud, instance),
        *([] if _has_address(cloud, instance) else ["it has no public address, so it reaches nothing outside"]),
        *([] if _has_route(cloud, instance) else ["its subnet has no route to an internet gateway"]),
        *([] if _may_leave(cloud, instance) else ["no rule of its security groups lets it out to port 443"]),
    ]


def _look_at_role(cloud: Cloud, instance: Thing) -> list[str]:
    profile = cloud.find(str(instance.inputs.get("iamInstanceProfile")), PROFILE)
    if profile is None:
        return ["it has no instance profile"]
    attached = _inputs(cloud, ROLE_POLICY)
    managed = any(one["role"] == profile.inputs.get("role") and _MANAGED in one["policyArn"] for one in attached)
    return [] if managed else [f"its role lacks the policy {_MANAGED}"]


def _has_address(cloud: Cloud, instance: Thing) -> bool:
    subnet = cloud.find(str(instance.inputs.get("subnetId")))
    given = instance.inputs.get("associatePublicIpAddress", subnet and subnet.inputs.get("mapPublicIpOnLaunch"))
    return bool(given) or any(eip.outputs.get("instance") == instance.id for eip in cloud.things(EIP))


def _has_route(cloud: Cloud, instance: Thing) -> bool:
    subnet = instance.inputs.get("subnetId")
    for link in cloud.things("aws:ec2/routeTableAssociation:RouteTableAssociation"):
        if link.inputs.get("subnetId") == subnet and (table := cloud.find(str(link.inputs["routeTableId"]))):
            routes = [
                one.inputs for one in cloud.things("aws:ec2/route:Route") if one.inputs["routeTableId"] == table.id
            ]
            inline = [{**one, "destinationCidrBlock": one.get("cidrBlock")} for one in table.inputs.get("routes", [])]
            return any(
                one.get("destinationCidrBlock") == _ANYWHERE and one.get("gatewayId") for one in [*routes, *inline]
            )
    return False


def _may_leave(cloud: Cloud, instance: Thing) -> bool:
    groups = instance.inputs.get("vpcSecurityGroupIds") or []
    rules: list[dict[str, Any]] = [
        one.inputs for one in cloud.things(EGRESS) if one.inputs["securityGroupId"] in groups
    ]
    for group in filter(None, map(cloud.find, groups)):
        rules += [{**one, "ipProtocol": one["protocol"]} for one in group.inputs.get("egress", [])]
    return any(
        one["ipProtocol"] == "-1" or (one["ipProtocol"] == "tcp" and one["fromPort"] <= 443 <= one["toPort"])
        for one in rules
    )


def _inputs(cloud: Cloud, type: str) -> list[dict[str, Any]]:
    return [thing.inputs for thing in cloud.things(type)]
