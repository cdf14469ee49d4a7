"""The network around the machine."""

from collections.abc import Iterator

from portico.policies.graph import Graph, look, may_be, members, of_type, points_at
from portico.policies.kinds import (
    DEFAULT_GROUP,
    DEFAULT_SUBNET,
    DEFAULT_VPC,
    EIP,
    EIP_ASSOCIATION,
    FLOW_LOG,
    INSTANCE,
    NAT,
    SUBNET,
    VPC,
)
from portico.policies.rule import Finding, rule


@rule("CKV2_AWS_12", "CIS 5.4", whole=True)
def close_default_group(graph: Graph) -> Iterator[Finding]:
    """The default security group of each VPC lets nothing through."""
    groups = list(of_type(graph, DEFAULT_GROUP))
    for one in of_type(graph, VPC):
        if not any(points_at(group, "vpcId", one) for group in groups):
            wrong = "its default group, which whatever names no group gets, lets everything through within it"
            yield Finding(one, wrong, "add aws.ec2.DefaultSecurityGroup with this vpcId and no rule")
    for group in groups:
        if members(group.inputs, "ingress") or members(group.inputs, "egress"):
            yield Finding(
                group, "it has rules", "leave ingress and egress out, and make a group of its own for what needs them"
            )


@rule("CKV2_AWS_11", "CIS 3.7", whole=True)
def log_flows(graph: Graph) -> Iterator[Finding]:
    """The flows of each VPC are logged, those that were refused and those that were not."""
    logs = list(of_type(graph, FLOW_LOG))
    for one in of_type(graph, VPC):
        if not any(points_at(log, "vpcId", one) and may_be(look(log.inputs, "trafficType"), "ALL") for log in logs):
            yield Finding(
                one,
                "nobody could say later who talked to whom",
                'add aws.ec2.FlowLog with this vpcId and trafficType: "ALL"',
            )


@rule("CKV_AWS_130")
def refuse_automatic_addresses(graph: Graph) -> Iterator[Finding]:
    """No subnet hands out public addresses by itself."""
    for one in of_type(graph, SUBNET, DEFAULT_SUBNET):
        if not may_be(look(one.inputs, "mapPublicIpOnLaunch"), False, None):
            yield Finding(one, "everything started in it gets a public address", "write mapPublicIpOnLaunch: false")


@rule("CKV2_AWS_19", whole=True)
def require_elastic_ip(graph: Graph) -> Iterator[Finding]:
    """Each machine is reached at an Elastic IP, which outlives it; and none of those leads nowhere."""
    links = list(of_type(graph, EIP_ASSOCIATION, NAT))
    addresses = list(of_type(graph, EIP))
    for one in of_type(graph, INSTANCE):
        attached = any(points_at(link, "instanceId", one) for link in links)
        if not attached and not any(points_at(address, "instance", one) for address in addresses):
            yield Finding(
                one,
                "it has no address that outlives it",
                "add aws.ec2.Eip, and aws.ec2.EipAssociation with this instanceId",
            )
    for address in addresses:
        used = address.needs.get("instance") or address.needs.get("networkInterface")
        if not used and not any(points_at(link, "allocationId", address) for link in links):
            yield Finding(
                address,
                "it leads nowhere, and costs money",
                "add aws.ec2.EipAssociation with this allocationId, or remove it",
            )


@rule("CKV_AWS_148")
def refuse_default_network(graph: Graph) -> Iterator[Finding]:
    """Nothing lies in the account's default network, whose rules nobody here wrote."""
    for one in of_type(graph, DEFAULT_VPC, DEFAULT_SUBNET):
        yield Finding(one, "it is the account's default network", "make a VPC and a subnet of its own")
    for one in of_type(graph, INSTANCE):
        cards = members(one.inputs, "networkInterfaces") or look(one.inputs, "primaryNetworkInterface")
        if look(one.inputs, "subnetId") is None and not cards:
            yield Finding(one, "it lies in the account's default network", "write subnetId")
