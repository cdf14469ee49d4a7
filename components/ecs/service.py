"""The tasks of one site, and their place behind the balancer."""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.components.barrier import Barrier, put_before
from portico.components.ecs.definition import DefinitionArgs, define_task
from portico.components.ecs.hosts import HostRule
from portico.components.ecs.rollout_check import Asked, Watch, require_live

# What the balancer asks every task, in seconds: it is believed after two answers, and given up after three.
_INTERVAL, _TIMEOUT, _HEALTHY, _UNHEALTHY = 10, 5, 2, 3
# AWS gives a release up after so many tasks that failed; or half of those that are wanted, where that is more.
_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """`definition` is what its tasks are made of. `container` takes requests at `port`; the balancer spreads
    them by `algorithm`, and asks `ready` for health at the port `checked`. `drain` is how many seconds a task that
    leaves may finish requests, `wait` how many a new one has to become healthy, `most` how many tasks there may be.
    `rules` say which hosts are its own; `cluster` is an ARN, `logs` the name of a log group. Where there is a
    `barrier`, no other release is rolled out before it.
    """

    site: str
    region: str
    definition: DefinitionArgs
    replicas: int
    rules: Sequence[HostRule]
    listener: pulumi.Input[str]
    vpc: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    firewalls: Sequence[pulumi.Input[str]]
    public: bool
    cluster: pulumi.Input[str]
    logs: pulumi.Input[str]
    container: str
    port: int
    checked: int
    ready: str
    drain: int
    wait: int
    most: int
    algorithm: str = "round_robin"
    barrier: Barrier | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Service(pulumi.ComponentResource):
    """A site as AWS keeps it running: as many tasks as are wanted, over all zones, each release after the other.

    New tasks are healthy before old ones are asked to go, and those finish what they have. A release whose tasks do
    not get healthy is given up, and the update fails saying so.

    Outputs: `live` (ARN of the task definition, once it is what runs), `name`. `suffix` names its target group in
    metrics.
    """

    live: pulumi.Output[str]
    name: pulumi.Output[str]
    suffix: pulumi.Output[str]

    def __init__(self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Service", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        group = self._make_group()
        rules = [self._lead(rule, group) for rule in args.rules]
        task = define_task(name, args.definition, self)
        service = aws.ecs.Service(
            f"{name}-service",
            cluster=args.cluster,
            task_definition=task.arn,
            launch_type="FARGATE",
            platform_version="1.4.0",
            # Only where it begins: from then on the scaling says how many.
            desired_count=args.replicas,
            # All that are wanted stay; the new ones come besides.
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
            wait_for_steady_state=True,
            availability_zone_rebalancing="ENABLED",
            health_check_grace_period_seconds=args.wait,
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=list(args.subnets), security_groups=list(args.firewalls), assign_public_ip=args.public
            ),
            load_balancers=[
                aws.ecs.ServiceLoadBalancerArgs(
                    target_group_arn=group.arn, container_name=args.container, container_port=args.port
                )
            ],
            # No ECS Exec: nobody gets a shell in a task.
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            tags=make_tags(args.site, args.tags),
            opts=put_before(
                args.barrier,
                pulumi.ResourceOptions(
                    parent=self,
                    ignore_changes=["desiredCount"],
                    # AWS takes a target group only once a balancer leads there.
                    depends_on=rules,
                    custom_timeouts=self._bound(),
                    hooks=Watch(args.site, args.logs, args.region).hooks,
                ),
            ),
        )
        asked = Asked(
            site=args.site, cluster=args.cluster, service=service, task=task.arn, logs=args.logs, region=args.region
        )
        self.live = require_live(asked, self)
        self.name, self.suffix = service.name, group.arn_suffix
        self.register_outputs({"live": self.live, "name": self.name})

    def _make_group(self) -> aws.lb.TargetGroup:
        args = self._args
        return aws.lb.TargetGroup(
            _shorten(args.site),
            target_type="ip",
            vpc_id=args.vpc,
            protocol="HTTP",
            port=args.port,
            # At least the longest request: nobody who waits for an answer is cut off.
            deregistration_delay=args.drain,
            load_balancing_algorithm_type=args.algorithm,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                enabled=True,
                protocol="HTTP",
                port=str(args.checked),
                path=args.ready,
                matcher="200-299",
                interval=_INTERVAL,
                timeout=_TIMEOUT,
                healthy_threshold=_HEALTHY,
                unhealthy_threshold=_UNHEALTHY,
            ),
            tags=make_tags(f"{args.site}-targets", args.tags),
            opts=self._child,
        )

    def _lead(self, rule: HostRule, group: aws.lb.TargetGroup) -> aws.lb.ListenerRule:
        hosts = aws.lb.ListenerRuleConditionHostHeaderArgs(values=list(rule.hosts))
        conditions = [aws.lb.ListenerRuleConditionArgs(host_header=hosts)]
        if rule.paths:
            paths = aws.lb.ListenerRuleConditionPathPatternArgs(values=list(rule.paths))
            conditions.append(aws.lb.ListenerRuleConditionArgs(path_pattern=paths))
        return aws.lb.ListenerRule(
            f"{self._name}-hosts-{rule.name}",
            listener_arn=self._args.listener,
            priority=rule.priority,
            conditions=conditions,
            actions=[aws.lb.ListenerRuleActionArgs(type="forward", target_group_arn=group.arn)],
            tags=make_tags(f"hosts-{rule.name.replace('*', 'any')}", self._args.tags),
            opts=self._child,
        )

    def _bound(self) -> pulumi.CustomTimeouts:
        """How long to wait: until AWS itself has given up, and brought back the release before."""
        args = self._args
        tries = max(_TRIES, math.ceil(args.most / 2))
        # They are started side by side, as many as are wanted.
        rounds = math.ceil(tries / args.replicas) + 1
        seconds = rounds * (args.wait + args.drain) + 15 * 60
        minutes = f"{math.ceil(seconds / 60)}m"
        return pulumi.CustomTimeouts(create=minutes, update=minutes, delete=minutes)


def _shorten(site: str) -> str:
    """The name of a target group, which AWS wants short: Pulumi adds 8 characters, and 32 are the most.

    AWS takes no two hyphens beside one another in it, which its documents do not say.
    """
    plain = re.sub("-+", "-", site)
    if len(site) <= 20 and plain == site:
        return f"{site}-web"
    return f"{plain[:13].rstrip('-')}-{hashlib.sha256(site.encode()).hexdigest()[:6]}-web"
