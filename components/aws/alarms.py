"""Alarms: what AWS does when the VM fails its status checks, and who is notified."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags

# By what failed: what AWS does about it, after how many minutes, and why so.
_CHECKS = {
    "System": ("recover", 2, "The hardware below the VM failed: AWS moves it to other hardware, with disk and address"),
    # Later than the other, so that not both are done at once.
    "Instance": ("reboot", 3, "The VM's own system does not answer: AWS reboots it, and its containers start again"),
}


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """`topic` is the ARN of an SNS topic that is notified, None for nobody."""

    vm: pulumi.Input[str]
    region: str
    partition: str
    topic: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Alarms(pulumi.ComponentResource):
    """An alarm for each kind of status check; AWS checks every minute and acts by itself.

    Outputs: `names`.
    """

    names: list[pulumi.Output[str]]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Alarms", name, None, opts)
        reported = [args.topic] if args.topic else []
        self.names = []
        for check, (action, minutes, text) in _CHECKS.items():
            alarm = aws.cloudwatch.MetricAlarm(
                f"{name}-{check.lower()}",
                namespace="AWS/EC2",
                metric_name=f"StatusCheckFailed_{check}",
                dimensions={"InstanceId": args.vm},
                statistic="Maximum",
                period=60,
                evaluation_periods=minutes,
                threshold=1,
                comparison_operator="GreaterThanOrEqualToThreshold",
                alarm_description=text,
                alarm_actions=[f"arn:{args.partition}:automate:{args.region}:ec2:{action}", *reported],
                ok_actions=reported,
                tags=make_tags(f"{check.lower()}-check", args.tags),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.names.append(alarm.name)
        self.register_outputs({"names": self.names})
