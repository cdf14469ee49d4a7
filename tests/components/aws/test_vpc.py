"""Vpc: a network of the stack's own."""

from pathlib import Path

import pulumi
import pytest

from tests.components.aws.sample import make_host
from tests.components.recorder import Recorder

EC2 = "aws:ec2"
NAME = "host-eu-central-1-vpc"


def test_its_children(made: Recorder) -> None:
    assert made.children(made.component("Vpc")) == {
        f"{NAME}-network": f"{EC2}/vpc:Vpc",
        f"{NAME}-closed": f"{EC2}/defaultSecurityGroup:DefaultSecurityGroup",
        f"{NAME}-gateway": f"{EC2}/internetGateway:InternetGateway",
        f"{NAME}-subnet": f"{EC2}/subnet:Subnet",
        f"{NAME}-routes": f"{EC2}/routeTable:RouteTable",
        f"{NAME}-way-out": f"{EC2}/route:Route",
        f"{NAME}-subnet-routes": f"{EC2}/routeTableAssociation:RouteTableAssociation",
    }


def test_everything_lies_in_it(made: Recorder) -> None:
    for name in ("closed", "gateway", "subnet", "routes"):
        (found,) = [one for one in made.resources if one.name == f"{NAME}-{name}"]
        assert found.inputs["vpcId"] == f"{NAME}-network-id"


def test_the_default_group_lets_nothing_through(made: Recorder) -> None:
    group = made.find(f"{EC2}/defaultSecurityGroup:DefaultSecurityGroup", f"{NAME}-closed")
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_the_subnet_gives_nobody_an_address_and_has_a_way_out(made: Recorder) -> None:
    subnet = made.find(f"{EC2}/subnet:Subnet", f"{NAME}-subnet")
    assert subnet.inputs["mapPublicIpOnLaunch"] is False
    assert subnet.inputs["availabilityZone"] == "eu-central-1a"
    route = made.find(f"{EC2}/route:Route", f"{NAME}-way-out").inputs
    assert (route["destinationCidrBlock"], route["gatewayId"]) == ("0.0.0.0/0", f"{NAME}-gateway-id")
    link = made.find(f"{EC2}/routeTableAssociation:RouteTableAssociation", f"{NAME}-subnet-routes").inputs
    assert (link["subnetId"], link["routeTableId"]) == (f"{NAME}-subnet-id", f"{NAME}-routes-id")


def test_the_subnets_of_two_zones_can_be_there_at_once(root: Path) -> None:
    blocks = set()
    for zone in ("a", "b", "c"):
        other = make_host(root, {"zone": f"eu-central-1{zone}"})
        blocks.add(other.find(f"{EC2}/subnet:Subnet", f"{NAME}-subnet").inputs["cidrBlock"])
    assert blocks == {"10.80.0.0/24", "10.80.1.0/24", "10.80.2.0/24"}


@pytest.mark.parametrize("protect", [True, False])
def test_the_network_is_protected_where_the_stack_says(root: Path, protect: bool) -> None:
    made = make_host(root, protect=protect)
    kept = {f"{NAME}-network", "host-address-eu-central-1-ip"} if protect else set()
    assert {one.name for one in made.resources if one.protect} == kept


def test_another_region_is_another_network_with_nothing_of_the_first(root: Path) -> None:
    def names(region: str) -> set[str]:
        return {one.name for one in make_host(root, {"region": region}).resources if one.type.startswith("aws:")}

    assert not names("eu-central-1") & names("eu-west-1")


def test_its_addresses_can_be_chosen_and_stay(root: Path) -> None:
    made = make_host(root, {"range": "10.99.0.0/16"})
    (network,), (subnet,) = made.of_type(f"{EC2}/vpc:Vpc"), made.of_type(f"{EC2}/subnet:Subnet")
    assert (network.inputs["cidrBlock"], subnet.inputs["cidrBlock"]) == ("10.99.0.0/16", "10.99.0.0/24")
    before = {network.urn: {"type": network.type, "outputs": network.inputs}}
    assert make_host(root, {"range": "10.99.0.0/16"}, resources=before).of_type(f"{EC2}/vpc:Vpc")
    with pytest.raises(pulumi.RunError, match=r"aws\.range: the network of this stack is 10\.99\.0\.0/16, .* Write 10"):
        make_host(root, resources=before)
    # In another region it is another network.
    assert make_host(root, {"region": "eu-west-1"}, resources=before).of_type(f"{EC2}/vpc:Vpc")
