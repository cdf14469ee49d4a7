"""Firewall: everybody to the balancer, the balancer alone to tasks."""

from pathlib import Path
from typing import Any

from tests.components.ecs.sample import deploy
from tests.components.recorder import Recorder

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
NAME = "fleet-firewall"
ALL = "0.0.0.0/0"
BALANCER, TASKS = f"{NAME}-balancer-id", f"{NAME}-tasks-id"
WEB, HEALTH = ("tcp", 8080), ("tcp", 8082)


def rules(made: Recorder, kind: str, group: str) -> set[tuple[str, int, str]]:
    """(protocol, port, who) of each rule of a group; each is of one port, and says what it is for."""
    found = set()
    for one in made.of_type(kind):
        assert one.inputs["fromPort"] == one.inputs["toPort"] and len(one.inputs["description"]) > 5
        who = one.inputs.get("referencedSecurityGroupId") or one.inputs.get("cidrIpv4") or one.inputs.get("cidrIpv6")
        if one.inputs["securityGroupId"] == group:
            found.add((one.inputs["ipProtocol"], one.inputs["fromPort"], str(who)))
    return found


def test_the_web_comes_to_the_balancer(made: Recorder, root: Path) -> None:
    assert rules(made, INGRESS, BALANCER) == {("tcp", 80, ALL), ("tcp", 443, ALL)}
    assert rules(deploy(root), INGRESS, BALANCER) == {("tcp", 80, ALL)}


def test_the_balancer_goes_to_tasks_and_nowhere_else(made: Recorder) -> None:
    assert rules(made, EGRESS, BALANCER) == {(*WEB, TASKS), (*HEALTH, TASKS)}


def test_nobody_else_comes_to_tasks(made: Recorder) -> None:
    assert rules(made, INGRESS, TASKS) == {(*WEB, BALANCER), (*HEALTH, BALANCER)}


def test_tasks_reach_https_and_what_is_named(made: Recorder, root: Path) -> None:
    assert rules(made, EGRESS, TASKS) == {("tcp", 443, ALL), ("tcp", 5432, "10.20.0.0/16")}
    section: dict[str, Any] = {"egress": [{"name": "time", "port": 123, "protocol": "udp", "network": "2001:db8::/32"}]}
    assert rules(deploy(root, section=section), EGRESS, TASKS) == {("tcp", 443, ALL), ("udp", 123, "2001:db8::/32")}


def test_the_groups_have_no_rule_without_a_name(made: Recorder) -> None:
    groups = made.of_type(GROUP)
    assert {one.name for one in groups} == {f"{NAME}-balancer", f"{NAME}-tasks"}
    for one in groups:
        assert not {"ingress", "egress"} & set(one.inputs) and one.inputs["description"]
        assert one.inputs["vpcId"] == "fleet-network-network-id"


def test_tasks_and_balancer_are_in_their_groups(made: Recorder) -> None:
    assert made.find("aws:lb/loadBalancer:LoadBalancer", "fleet-balancer").inputs["securityGroups"] == [BALANCER]
    for one in made.of_type("aws:ecs/service:Service"):
        assert one.inputs["networkConfiguration"]["securityGroups"] == [TASKS]
