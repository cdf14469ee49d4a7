"""How many tasks of one site run: as many as its load asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags

# Seconds until the next step: up at once, down only when it has been quiet.
_UP, _DOWN = 60, 300


@dataclass(frozen=True, kw_only=True)
class ScalingArgs:
    """`cluster` and `service` are names. `cpu` is in percent, `requests` per task and minute, None where not looked at.

    `label` names the balancer and the site's target group, as metrics do.
    """

    site: str
    cluster: pulumi.Input[str]
    service: pulumi.Input[str]
    least: int
    most: int
    cpu: int
    requests: int | None
    label: pulumi.Input[str]
    tags: Mapping[str, str] = field(default_factory=dict)


class Scaling(pulumi.ComponentResource):
    """Between `least` and `most` tasks: more when either figure is above its target, fewer when all are below.

    Outputs: `policies` (names).
    """

    policies: list[pulumi.Output[str]]

    def __init__(self, name: str, args: ScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Scaling", name, None, opts)
        self._name = name
        self._target = aws.appautoscaling.Target(
            f"{name}-target",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", args.cluster, "/", args.service),
            min_capacity=args.least,
            max_capacity=args.most,
            tags=make_tags(f"{args.site}-scaling", args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        policies = [self._follow("cpu", "ECSServiceAverageCPUUtilization", args.cpu)]
        if args.requests is not None:
            policies.append(self._follow("requests", "ALBRequestCountPerTarget", args.requests, args.label))
        self.policies = [policy.name for policy in policies]
        self.register_outputs({"policies": self.policies})

    def _follow(
        self, part: str, metric: str, value: int, label: pulumi.Input[str] | None = None
    ) -> aws.appautoscaling.Policy:
        measured = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
            predefined_metric_type=metric, resource_label=label
        )
        return aws.appautoscaling.Policy(
            f"{self._name}-{part}",
            policy_type="TargetTrackingScaling",
            service_namespace=self._target.service_namespace,
            scalable_dimension=self._target.scalable_dimension,
            resource_id=self._target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=value,
                predefined_metric_specification=measured,
                scale_out_cooldown=_UP,
                scale_in_cooldown=_DOWN,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
