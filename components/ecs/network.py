"""The network of load balancer and tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.enclosure import enclose
from portico.components.aws.subnet import make_subnet
from portico.components.aws.tags import make_tags

# What a task without a way to the internet must reach of AWS; layers of images come from S3.
_SERVICES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`zones` are availability zones, `range` is the network's (CIDR, a /16).

    `kind` says where tasks are: "public" with addresses of their own, or private with "nat" or "endpoints".
    `closed`: there are subnets without a way out, for services. `protect` keeps the network from being destroyed.
    """

    region: str
    zones: Sequence[str]
    range: str
    kind: str = "public"
    closed: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False


class Network(pulumi.ComponentResource):
    """A network of the stack's own over several zones: a public subnet in each for the balancer, and one for tasks.

    Outputs: `id`, `account` (the AWS account's number), `balancer_subnets`, `task_subnets` (ids, once their way out
    is there), `closed_subnets` (ids). With `public_tasks` the second are the first, and tasks need public addresses.
    """

    id: pulumi.Output[str]
    account: pulumi.Output[str]
    balancer_subnets: list[pulumi.Output[str]]
    task_subnets: list[pulumi.Output[str]]
    closed_subnets: list[pulumi.Output[str]]
    public_tasks: bool

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Network", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        vpc, gateway = enclose(name, args.range, args.tags, protect=args.protect, parent=self)
        self.id, self.account = vpc.id, vpc.owner_id
        public = self._make_routes("public")
        way_out = self._route("public", public, gateway_id=gateway.id)
        self.balancer_subnets = [self._make_subnet("public", zone, 0, public, way_out) for zone in args.zones]
        self.public_tasks = args.kind == "public"
        if args.kind == "public":
            self.task_subnets = self.balancer_subnets
        elif args.kind == "nat":
            self.task_subnets = [
                self._make_translated(zone, subnet)
                for zone, subnet in zip(args.zones, self.balancer_subnets, strict=True)
            ]
        else:
            self.task_subnets = self._make_closed()
        self.closed_subnets = []
        if args.closed:
            routes = self._make_routes("data")
            self.closed_subnets = [self._make_subnet("data", zone, 64, routes) for zone in args.zones]
        self.register_outputs(
            {
                "id": self.id,
                "account": self.account,
                "balancerSubnets": self.balancer_subnets,
                "taskSubnets": self.task_subnets,
                **({"closedSubnets": self.closed_subnets} if args.closed else {}),
            }
        )

    def _make_translated(self, zone: str, public: pulumi.Output[str]) -> pulumi.Output[str]:
        """A private subnet whose way out is a NAT gateway in the same zone: losing one zone cuts off no other."""
        letter = zone[-1]
        address = aws.ec2.Eip(
            f"{self._name}-nat-{letter}-ip",
            domain="vpc",
            tags=make_tags(f"nat-{letter}", self._args.tags),
            opts=self._child,
        )
        nat = aws.ec2.NatGateway(
            f"{self._name}-nat-{letter}",
            allocation_id=address.allocation_id,
            subnet_id=public,
            tags=make_tags(f"nat-{letter}", self._args.tags),
            opts=self._child,
        )
        routes = self._make_routes(f"private-{letter}")
        way_out = self._route(f"private-{letter}", routes, nat_gateway_id=nat.id)
        return self._make_subnet("private", zone, 128, routes, way_out)

    def _make_closed(self) -> list[pulumi.Output[str]]:
        """Private subnets without a way out: what tasks need of AWS comes to them by endpoints."""
        routes = self._make_routes("private")
        subnets = [self._make_subnet("private", zone, 128, routes) for zone in self._args.zones]
        service = f"com.amazonaws.{self._args.region}"
        storage = aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self.id,
            service_name=f"{service}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[routes.id],
            tags=make_tags("s3", self._args.tags),
            opts=self._child,
        )
        group = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints",
            vpc_id=self.id,
            description="AWS services: HTTPS from this network",
            tags=make_tags("endpoints", self._args.tags),
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-endpoints-in",
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4=self._args.range,
            description="HTTPS: this network",
            tags=make_tags("endpoints-in", self._args.tags),
            opts=self._child,
        )
        ready: list[pulumi.Output[str]] = [storage.id]
        for one in _SERVICES:
            endpoint = aws.ec2.VpcEndpoint(
                f"{self._name}-{one.replace('.', '-')}",
                vpc_id=self.id,
                service_name=f"{service}.{one}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=subnets,
                security_group_ids=[group.id],
                tags=make_tags(one, self._args.tags),
                opts=self._child,
            )
            ready.append(endpoint.id)
        # A task that starts before they answer would find no image.
        return [pulumi.Output.all(subnet, *ready).apply(lambda found: str(found[0])) for subnet in subnets]

    def _make_routes(self, part: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            f"{self._name}-{part}-routes", vpc_id=self.id, tags=make_tags(part, self._args.tags), opts=self._child
        )

    def _route(
        self,
        part: str,
        routes: aws.ec2.RouteTable,
        gateway_id: pulumi.Input[str] | None = None,
        nat_gateway_id: pulumi.Input[str] | None = None,
    ) -> aws.ec2.Route:
        return aws.ec2.Route(
            f"{self._name}-{part}-way-out",
            route_table_id=routes.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            opts=self._child,
        )

    def _make_subnet(
        self, part: str, zone: str, first: int, routes: aws.ec2.RouteTable, way_out: aws.ec2.Route | None = None
    ) -> pulumi.Output[str]:
        """The id of a subnet of this `part` of the network."""
        return make_subnet(
            f"{self._name}-{part}-{zone[-1]}",
            vpc=self.id,
            range=self._args.range,
            zone=zone,
            first=first,
            routes=routes,
            called=f"{part}-{zone[-1]}",
            tags=self._args.tags,
            opts=self._child,
            way_out=way_out,
        )
