"""Subnets without a way out, for services that AWS runs beside a VM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags

# Below 64 are the VM's own, by the letter of its zone.
_FIRST = 64


@dataclass(frozen=True, kw_only=True)
class ClosedSubnetsArgs:
    """`vpc` is an id, `range` its addresses (CIDR, a /16), and `zones` are availability zones."""

    vpc: pulumi.Input[str]
    range: str
    zones: Sequence[str]
    tags: Mapping[str, str] = field(default_factory=dict)


class ClosedSubnets(pulumi.ComponentResource):
    """A subnet in each zone, whose routes lead nowhere but within the network.

    Outputs: `ids`, in the order of the zones.
    """

    ids: list[pulumi.Output[str]]

    def __init__(self, name: str, args: ClosedSubnetsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:ClosedSubnets", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        begin = ".".join(args.range.split(".")[:2])
        routes = aws.ec2.RouteTable(f"{name}-routes", vpc_id=args.vpc, tags=make_tags("data", args.tags), opts=child)
        self.ids = []
        for zone in args.zones:
            letter = zone[-1]
            subnet = aws.ec2.Subnet(
                f"{name}-{letter}",
                vpc_id=args.vpc,
                availability_zone=zone,
                cidr_block=f"{begin}.{_FIRST + ord(letter) - ord('a')}.0/24",
                map_public_ip_on_launch=False,
                tags=make_tags(f"data-{letter}", args.tags),
                opts=child,
            )
            led = aws.ec2.RouteTableAssociation(
                f"{name}-{letter}-routes", subnet_id=subnet.id, route_table_id=routes.id, opts=child
            )
            self.ids.append(pulumi.Output.all(subnet.id, led.id).apply(lambda found: str(found[0])))
        self.register_outputs({"ids": self.ids})
