"""The replay itself: each planned resource by its calls, in the order of the plan."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from policies.graph import Graph, look, of_type
from policies.kinds import ACCOUNT
from tests.cloud.replay import groups, identity, machine, network, watch
from tests.cloud.replay.given import Given
from tests.cloud.replay.made import Made
from tests.components.recorder import ADDRESS

CALLS: Final[Mapping[str, Callable[[Given], Made]]] = {
    "aws:cloudwatch/logGroup:LogGroup": watch.make_log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": watch.raise_alarm,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": groups.close_default_group,
    "aws:ec2/eip:Eip": network.allocate_address,
    "aws:ec2/eipAssociation:EipAssociation": network.lead_address,
    "aws:ec2/flowLog:FlowLog": network.log_flows,
    "aws:ec2/instance:Instance": machine.start_instance,
    "aws:ec2/internetGateway:InternetGateway": network.make_gateway,
    "aws:ec2/route:Route": network.make_route,
    "aws:ec2/routeTable:RouteTable": network.make_routes,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": network.link_routes,
    "aws:ec2/securityGroup:SecurityGroup": groups.make_group,
    "aws:ec2/subnet:Subnet": network.make_subnet,
    "aws:ec2/vpc:Vpc": network.make_vpc,
    "aws:iam/instanceProfile:InstanceProfile": identity.make_profile,
    "aws:iam/role:Role": identity.make_role,
    "aws:iam/rolePolicy:RolePolicy": identity.write_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": identity.attach_policy,
    "aws:route53/record:Record": network.name_address,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": groups.let_out,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": groups.let_in,
}


class Unmapped(Exception):
    """A resource, or an input of one, that no call is known for."""


class Replay:
    """What has been made so far, by the name of the planned resource."""

    def __init__(self, graph: Graph) -> None:
        """Make all of a graph. Raises what botocore or moto refuses, and Unmapped."""
        (account,) = of_type(graph, ACCOUNT)
        self.region: str = look(account.inputs, "region")
        self.made: dict[str, Made] = {}
        for one in graph:
            if not one.type.startswith("aws:"):
                continue
            if (call := CALLS.get(one.type)) is None:
                raise Unmapped(f"{one}: no call is known that makes it")
            given = Given(self._resolve(one.inputs), self.region)
            self.made[one.name] = call(given)
            if left := given.list_left():
                raise Unmapped(f"{one}: nobody sends {', '.join(left)}")

    def find(self, part: str) -> Made:
        """The one that was made whose name ends so."""
        (found,) = (made for name, made in self.made.items() if name.endswith(part))
        return found

    def _resolve(self, value: Any) -> Any:
        """What the recorder made up as ids, replaced by what moto answered."""
        if isinstance(value, Mapping):
            return {key: self._resolve(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._resolve(inner) for inner in value]
        if isinstance(value, str):
            for name, made in self.made.items():
                for told, real in (
                    (f"{name}-id", made.id),
                    (f"arn:aws:test:::{name}", made.arn),
                    (f"{name}-0123456", made.name),
                    (ADDRESS, made.address),
                ):
                    value = value.replace(told, real) if real else value
        return value
