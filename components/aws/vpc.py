"""The network around the VM."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.enclosure import enclose
from portico.components.aws.tags import make_tags


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """`range` is the network's (CIDR, a /16), `zone` the availability zone of the one subnet.

    `protect` keeps the network from being destroyed.
    """

    range: str
    zone: str
    tags: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False


class Vpc(pulumi.ComponentResource):
    """A network of the stack's own with one subnet and a way out; the account's default network is not touched.

    Outputs: `id`, `subnet` (id).
    """

    id: pulumi.Output[str]
    subnet: pulumi.Output[str]

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Vpc", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        vpc, gateway = enclose(name, args.range, args.tags, protect=args.protect, parent=self)
        begin = ".".join(args.range.split(".")[:2])
        # A range for each zone: the subnet of another zone is made before the old one goes.
        subnet = aws.ec2.Subnet(
            f"{name}-subnet",
            vpc_id=vpc.id,
            availability_zone=args.zone,
            cidr_block=f"{begin}.{ord(args.zone[-1]) - ord('a')}.0/24",
            # What is started here by others gets no public address by accident.
            map_public_ip_on_launch=False,
            tags=make_tags("subnet", args.tags),
            opts=child,
        )
        routes = aws.ec2.RouteTable(f"{name}-routes", vpc_id=vpc.id, tags=make_tags("routes", args.tags), opts=child)
        way_out = aws.ec2.Route(
            f"{name}-way-out",
            route_table_id=routes.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=child,
        )
        leads = aws.ec2.RouteTableAssociation(
            f"{name}-subnet-routes", subnet_id=subnet.id, route_table_id=routes.id, opts=child
        )
        self.id = vpc.id
        # Without the way out a VM would find no packages on its first boot.
        self.subnet = pulumi.Output.all(subnet.id, way_out.id, leads.id).apply(lambda ready: str(ready[0]))
        self.register_outputs({"id": self.id, "subnet": self.subnet})
