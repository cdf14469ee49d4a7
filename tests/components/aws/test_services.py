"""Services that AWS runs beside a VM: where they are, who gets to them, and that they outlive the VM."""

from pathlib import Path
from typing import Any

import pytest

from portico.components.managed.service import TYPE
from tests.components.aws.sample import INSTANCE, leave, make_host
from tests.components.recorder import Recorder, Resource
from tests.config.sample import make_site

DB = {"name": "db", "kind": "postgres", "managed": True}
CACHE = {"name": "cache", "kind": "valkey", "managed": True}
SUBNET = "aws:ec2/subnet:Subnet"
GROUPS = ["host-eu-central-1-firewall-group-id", "db-managed-users-id", "cache-managed-users-id"]


def start(root: Path, *services: Any, **more: Any) -> Recorder:
    return make_host(root, services=[*services], sites=[make_site(uses=[one["name"] for one in services])], **more)


def list_closed(made: Recorder) -> list[tuple[str, str]]:
    return [
        (one.inputs["cidrBlock"], one.inputs["availabilityZone"])
        for one in made.of_type(SUBNET)
        if "-closed-" in one.name
    ]


def test_they_are_in_two_zones_without_a_way_out_and_the_vm_gets_to_them(root: Path) -> None:
    made = start(root, DB, CACHE)
    assert list_closed(made) == [("10.80.64.0/24", "eu-central-1a"), ("10.80.65.0/24", "eu-central-1b")]
    assert not [one for one in made.of_type("aws:ec2/route:Route") if "-closed-" in one.name]
    led = [
        one.inputs["routeTableId"]
        for one in made.of_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
        if "-closed-" in one.name
    ]
    assert led == ["host-eu-central-1-closed-routes-id"] * 2
    (machine,) = made.of_type(INSTANCE)
    assert machine.inputs["vpcSecurityGroupIds"] == GROUPS
    ways = {
        one.inputs["securityGroupId"]: one.inputs["referencedSecurityGroupId"]
        for one in made.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if one.inputs["fromPort"] in (5432, 6379)
    }
    assert ways == {"db-managed-server-id": GROUPS[1], "cache-managed-server-id": GROUPS[2]}
    (log,) = [one for one in made.of_type("aws:cloudwatch/logGroup:LogGroup") if "rds" in str(one.inputs.get("name"))]
    assert log.inputs["retentionInDays"] == 90


def test_without_any_a_vm_is_as_before(root: Path) -> None:
    made = make_host(root, services=[{"name": "db", "kind": "postgres"}])
    assert made.of_type(INSTANCE)[0].inputs["vpcSecurityGroupIds"] == GROUPS[:1]
    assert list_closed(made) == [] == made.of_type(TYPE)


def test_another_vm_has_the_same_services_and_subnets_stay(root: Path) -> None:
    subnets = {
        f"urn:pulumi:test::portico::x${SUBNET}::host-eu-central-1-closed-{letter}": {
            "type": SUBNET,
            "outputs": {"availabilityZone": f"eu-central-1{letter}"},
        }
        for letter in "bc"
    }
    made = start(root, DB, resources=leave() | subnets, section={"ami": "ami-0fedcba9876543210"})
    assert [zone for _, zone in list_closed(made)] == ["eu-central-1b", "eu-central-1c"]
    assert [one.name for one in made.of_type(TYPE)] == ["db-managed"]
    assert made.find(INSTANCE, "host-eu-central-1-vm-2-instance").inputs["vpcSecurityGroupIds"] == GROUPS[:2]


def test_a_region_with_one_zone_is_refused_before_anything_is_made(root: Path) -> None:
    seen: list[Resource] = []
    with pytest.raises(Exception, match="eu-central-1 has one zone, and AWS runs services in two"):
        start(root, DB, seen=seen, answers={"zones": "a"})
    assert [one.name for one in seen if one.type.startswith("aws:")] == []
