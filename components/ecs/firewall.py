"""Allowed connections: everybody to the balancer, the balancer alone to tasks, each by a rule with a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.gate import EVERYBODY, Gate
from portico.components.aws.tags import make_tags
from portico.config.settings.aws import Egress


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
        outer, inner = (Gate(name=name, group=group.id, parent=self, tags=args.tags) for group in (balancer, tasks))
        outer.let_in("http", "tcp", 80, "Web: everybody", network=EVERYBODY)
        if args.https:
            outer.let_in("https", "tcp", 443, "Web over TLS: everybody", network=EVERYBODY)
        for role, port in args.ports.items():
            outer.let_out(role, "tcp", port, f"Tasks: {role}", peer=tasks.id)
            inner.let_in(f"task-{role}", "tcp", port, f"The balancer: {role}", peer=balancer.id)
        # Images, logs and secrets are AWS's own services; the rest is what the applications ask for.
        inner.let_out("task-https", "tcp", 443, "AWS and others on the web", network=EVERYBODY)
        for rule in args.egress:
            said = f"Applications: {rule.name}"
            inner.let_out(f"task-{rule.name}", rule.protocol, rule.port, said, network=rule.network)
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
