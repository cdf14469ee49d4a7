"""Subnets without a way out, for services that AWS runs beside a VM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.subnet import make_subnet
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
        routes = aws.ec2.RouteTable(f"{name}-routes", vpc_id=args.vpc, tags=make_tags("data", args.tags), opts=child)
        self.ids = [
            make_subnet(
                f"{name}-{zone[-1]}",
                vpc=args.vpc,
                range=args.range,
                zone=zone,
                first=_FIRST,
                routes=routes,
                called=f"data-{zone[-1]}",
                tags=args.tags,
                opts=child,
            )
            for zone in args.zones
        ]
        self.register_outputs({"ids": self.ids})
