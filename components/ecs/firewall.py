"""Who may talk to whom: everybody to the balancer, the balancer alone to tasks, each by a rule with a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.aws.tags import make_tags
from config.settings.aws import Egress

_EVERYBODY = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """`ports` are those of a task, by what they are for. `https` is whether the balancer speaks it."""

    vpc: pulumi.Input[str]
    ports: Mapping[str, int]
    https: bool
    egress: Sequence[Egress] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class Firewall(pulumi.ComponentResource):
    """The security groups of the balancer and of the tasks.

    Outputs: `balancer`, `tasks` (ids).
    """

    balancer: pulumi.Output[str]
    tasks: pulumi.Output[str]

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Firewall", name, None, opts)
        self._name, self._args = name, args
        balancer = self._make_group("balancer", "The load balancer: web from everybody, and to the tasks")
        tasks = self._make_group("tasks", "The tasks: from the load balancer alone")
        self._let_in("http", balancer, 80, "Web: everybody", cidr_ipv4=_EVERYBODY)
        if args.https:
            self._let_in("https", balancer, 443, "Web over TLS: everybody", cidr_ipv4=_EVERYBODY)
        for role, port in args.ports.items():
            self._let_out(role, balancer, "tcp", port, f"Tasks: {role}", referenced_security_group_id=tasks.id)
            self._let_in(f"task-{role}", tasks, port, f"The balancer: {role}", referenced_security_group_id=balancer.id)
        # Images, logs and secrets are AWS's own services; the rest is what the applications ask for.
        self._let_out("task-https", tasks, "tcp", 443, "AWS's own services, services on the web", cidr_ipv4=_EVERYBODY)
        for rule in args.egress:
            kind = "cidr_ipv6" if ":" in rule.network else "cidr_ipv4"
            self._let_out(
                f"task-{rule.name}",
                tasks,
                rule.protocol,
                rule.port,
                f"Applications: {rule.name}",
                **{kind: rule.network},
            )
        self.balancer, self.tasks = balancer.id, tasks.id
        self.register_outputs({"balancer": self.balancer, "tasks": self.tasks})

    def _make_group(self, role: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{role}",
            vpc_id=self._args.vpc,
            description=description,
            tags=make_tags(role, self._args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _let_in(
        self, rule: str, group: aws.ec2.SecurityGroup, port: int, description: str, **source: pulumi.Input[str]
    ) -> None:
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-in-{rule}",
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=description,
            tags=make_tags(f"in-{rule}", self._args.tags),
            opts=pulumi.ResourceOptions(parent=self),
            **source,
        )

    def _let_out(
        self,
        rule: str,
        group: aws.ec2.SecurityGroup,
        protocol: str,
        port: int,
        description: str,
        **target: pulumi.Input[str],
    ) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-out-{rule}",
            security_group_id=group.id,
            ip_protocol=protocol,
            from_port=port,
            to_port=port,
            description=description,
            tags=make_tags(f"out-{rule}", self._args.tags),
            opts=pulumi.ResourceOptions(parent=self),
            **target,
        )
