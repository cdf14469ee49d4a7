"""A network of the stack's own, still without subnets."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.components.previous_outputs import list_outputs

NETWORK = "aws:ec2/vpc:Vpc"


def enclose(
    name: str, range: str, tags: Mapping[str, str], *, protect: bool, parent: pulumi.Resource
) -> tuple[aws.ec2.Vpc, aws.ec2.InternetGateway]:
    """The network of these addresses (CIDR), closed to whatever names no group of its own; and its gateway.

    `protect` keeps the network from being destroyed.
    """
    child = pulumi.ResourceOptions(parent=parent)
    vpc = aws.ec2.Vpc(
        f"{name}-network",
        cidr_block=range,
        enable_dns_support=True,
        enable_dns_hostnames=True,
        tags=make_tags("network", tags),
        opts=pulumi.ResourceOptions(parent=parent, protect=protect),
    )
    # AWS gives this group to everything without one of its own: it allows nothing.
    aws.ec2.DefaultSecurityGroup(
        f"{name}-closed", vpc_id=vpc.id, ingress=[], egress=[], tags=make_tags("closed", tags), opts=child
    )
    gateway = aws.ec2.InternetGateway(f"{name}-gateway", vpc_id=vpc.id, tags=make_tags("gateway", tags), opts=child)
    return vpc, gateway


def require_range(path: str, wanted: str, resources: Mapping[str, Any], network: str) -> None:
    """Refuse, with pulumi.RunError, other addresses (`wanted`, written at `path`) for the network of that name.

    `resources` are those of the last update. Other addresses are another network, and everything stands on this one.
    """
    for one in list_outputs(resources, NETWORK, f"{network}-network"):
        if (there := str(one.get("cidrBlock") or wanted)) != wanted:
            raise pulumi.RunError(
                f"{path}: the network of this stack is {there}, and a network keeps its addresses; nothing was "
                f"changed. Write {there} again, or the other one into a stack file of its own: both serve until names "
                "have moved."
            )
