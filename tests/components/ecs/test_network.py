"""Network: over several zones, with tasks in public or not."""

import re
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.components.ecs.sample import deploy
from tests.components.fleet_answers import REGION
from tests.components.recorder import Recorder

EC2 = "aws:ec2"
NAME = "fleet-network"
SERVICE = "aws:ecs/service:Service"
ENDPOINT = f"{EC2}/vpcEndpoint:VpcEndpoint"


def inputs(made: Recorder, type: str, name: str) -> dict[str, Any]:
    return made.find(f"{EC2}/{type}", f"{NAME}-{name}").inputs


def subnets(made: Recorder) -> dict[str, tuple[str, str]]:
    """{name: (zone, range)} of all subnets; none gives anybody an address by itself."""
    found = made.of_type(f"{EC2}/subnet:Subnet")
    assert {one.inputs["mapPublicIpOnLaunch"] for one in found} == {False}
    assert {one.inputs["vpcId"] for one in found} == {f"{NAME}-network-id"}
    return {
        one.name.removeprefix(f"{NAME}-"): (one.inputs["availabilityZone"], one.inputs["cidrBlock"]) for one in found
    }


def routes(made: Recorder) -> dict[str, tuple[str, str | None]]:
    """{name of a route table: (destination, what leads there)}."""
    found = {}
    for one in made.of_type(f"{EC2}/route:Route"):
        way = one.inputs.get("gatewayId") or one.inputs.get("natGatewayId")
        found[one.inputs["routeTableId"]] = (one.inputs["destinationCidrBlock"], way)
    return found


def links(made: Recorder) -> dict[str, str]:
    """{subnet: route table}."""
    found = made.of_type(f"{EC2}/routeTableAssociation:RouteTableAssociation")
    return {one.inputs["subnetId"]: one.inputs["routeTableId"] for one in found}


def test_it_has_a_public_subnet_in_each_zone(made: Recorder) -> None:
    vpc = inputs(made, "vpc:Vpc", "network")
    assert (vpc["cidrBlock"], vpc["enableDnsSupport"], vpc["enableDnsHostnames"]) == ("10.0.0.0/16", True, True)
    assert subnets(made) == {
        "public-a": (f"{REGION}a", "10.0.0.0/24"),
        "public-b": (f"{REGION}b", "10.0.1.0/24"),
    }
    assert routes(made) == {f"{NAME}-public-routes-id": ("0.0.0.0/0", f"{NAME}-gateway-id")}
    assert set(links(made).values()) == {f"{NAME}-public-routes-id"}
    for part in ("gateway:InternetGateway", "public-routes:RouteTable"):
        name, type = part.split(":")
        assert inputs(made, f"{type[0].lower()}{type[1:]}:{type}", name)["vpcId"] == f"{NAME}-network-id"


def test_the_default_group_lets_nothing_through(made: Recorder) -> None:
    group = inputs(made, "defaultSecurityGroup:DefaultSecurityGroup", "closed")
    assert (group["ingress"], group["egress"], group["vpcId"]) == ([], [], f"{NAME}-network-id")


def test_its_flows_are_logged(made: Recorder) -> None:
    log = made.find(f"{EC2}/flowLog:FlowLog", "fleet-flows-log").inputs
    assert (log["vpcId"], log["trafficType"]) == (f"{NAME}-network-id", "ALL")


def test_public_tasks_have_addresses_of_their_own(made: Recorder) -> None:
    placed = made.find(SERVICE, "shop-service").inputs["networkConfiguration"]
    assert placed["assignPublicIp"] is True
    assert placed["subnets"] == [f"{NAME}-public-a-id", f"{NAME}-public-b-id"]


def test_a_zone_keeps_its_range_as_others_come_and_go(root: Path) -> None:
    made = deploy(root, section={"zones": [f"{REGION}c", f"{REGION}b"]})
    assert subnets(made) == {
        "public-c": (f"{REGION}c", "10.0.2.0/24"),
        "public-b": (f"{REGION}b", "10.0.1.0/24"),
    }


def test_private_tasks_go_out_by_a_gateway_in_their_own_zone(root: Path) -> None:
    made = deploy(root, section={"network": "nat"})
    assert subnets(made)["private-a"] == (f"{REGION}a", "10.0.128.0/24")
    assert subnets(made)["private-b"] == (f"{REGION}b", "10.0.129.0/24")
    for zone in ("a", "b"):
        gateway = inputs(made, "natGateway:NatGateway", f"nat-{zone}")
        assert gateway["subnetId"] == f"{NAME}-public-{zone}-id"
        assert gateway["allocationId"] == f"{NAME}-nat-{zone}-ip-id"
        assert inputs(made, "eip:Eip", f"nat-{zone}-ip")["domain"] == "vpc"
        table = links(made)[f"{NAME}-private-{zone}-id"]
        assert routes(made)[table] == ("0.0.0.0/0", f"{NAME}-nat-{zone}-id")
    placed = made.find(SERVICE, "shop-service").inputs["networkConfiguration"]
    assert (placed["assignPublicIp"], placed["subnets"]) == (False, [f"{NAME}-private-a-id", f"{NAME}-private-b-id"])


def test_closed_tasks_reach_aws_itself_and_nothing_else(root: Path) -> None:
    made = deploy(root, section={"network": "endpoints"})
    assert set(routes(made)) == {f"{NAME}-public-routes-id"}
    found = {one.inputs["serviceName"]: one.inputs for one in made.of_type(ENDPOINT)}
    assert set(found) == {
        f"com.amazonaws.{REGION}.{name}" for name in ("s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager")
    }
    storage = found.pop(f"com.amazonaws.{REGION}.s3")
    assert (storage["vpcEndpointType"], storage["routeTableIds"]) == ("Gateway", [f"{NAME}-private-routes-id"])
    private = [f"{NAME}-private-a-id", f"{NAME}-private-b-id"]
    for one in found.values():
        assert (one["vpcEndpointType"], one["privateDnsEnabled"], one["subnetIds"]) == ("Interface", True, private)
        assert one["securityGroupIds"] == [f"{NAME}-endpoints-id"] and one["vpcId"] == f"{NAME}-network-id"
    rule = made.find("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", f"{NAME}-endpoints-in").inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.0.0.0/16", 443, 443)
    service = made.find(SERVICE, "shop-service")
    placed = service.inputs["networkConfiguration"]
    assert (placed["assignPublicIp"], placed["subnets"]) == (False, private)
    # A task that starts before the endpoints answer would find no image.
    assert {one.urn for one in made.of_type(ENDPOINT)} <= service.needs["networkConfiguration"]


@pytest.mark.parametrize("protect", [True, False])
def test_what_lasts_is_protected_where_the_stack_says(root: Path, protect: bool) -> None:
    section = {"certificate": "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d"}
    made = deploy(root, section=section, protect=protect)
    kept = {f"{NAME}-network", "fleet-balancer", "fleet-access-logs-bucket"} if protect else set()
    assert {one.name for one in made.resources if one.protect} == kept


def test_its_addresses_can_be_chosen_and_stay(root: Path) -> None:
    made = deploy(root, section={"range": "10.99.0.0/16"})
    vpc = made.find(f"{EC2}/vpc:Vpc", f"{NAME}-network")
    assert vpc.inputs["cidrBlock"] == "10.99.0.0/16" and subnets(made)["public-a"][1] == "10.99.0.0/24"
    # NGINX believes the balancer, wherever that is.
    assert re.search(r"set_real_ip_from +10\.99\.0\.0/16;", read_nginx(root))
    known = {vpc.urn: {"type": vpc.type, "outputs": vpc.inputs}}
    with pytest.raises(pulumi.RunError, match=r"ecs\.range: the network of this stack is 10\.99\.0\.0/16"):
        deploy(root, answers={"known": known})


def read_nginx(root: Path) -> str:
    """All that was rendered last."""
    return "".join(file.read_text() for file in (root / ".portico" / "contexts").rglob("*.conf"))
