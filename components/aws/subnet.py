"""A subnet of a /24 in one zone, with its routes."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags


def make_subnet(
    name: str,
    *,
    vpc: pulumi.Input[str],
    range: str,
    zone: str,
    first: int,
    routes: aws.ec2.RouteTable,
    called: str,
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    way_out: aws.ec2.Route | None = None,
) -> pulumi.Output[str]:
    """Its id, once it has its routes and its `way_out`; `called` is its name in AWS.

    `range` is the network's (CIDR, a /16). A zone's number is `first` and its letter's: it stays as zones come and go.
    """
    letter = zone[-1]
    begin = ".".join(range.split(".")[:2])
    subnet = aws.ec2.Subnet(
        name,
        vpc_id=vpc,
        availability_zone=zone,
        cidr_block=f"{begin}.{first + ord(letter) - ord('a')}.0/24",
        # What is started here by others gets no public address by accident; tasks ask for theirs.
        map_public_ip_on_launch=False,
        tags=make_tags(called, tags),
        opts=opts,
    )
    led = aws.ec2.RouteTableAssociation(f"{name}-routes", subnet_id=subnet.id, route_table_id=routes.id, opts=opts)
    ready = [subnet.id, led.id, *([way_out.id] if way_out else [])]
    return pulumi.Output.all(*ready).apply(lambda found: str(found[0]))
