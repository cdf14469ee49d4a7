"""Flow logs: the connections of the VM's network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.account import trust
from portico.components.aws.tags import make_tags


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """`retention` is in days."""

    vpc: pulumi.Input[str]
    retention: int
    tags: Mapping[str, str] = field(default_factory=dict)


class FlowLogs(pulumi.ComponentResource):
    """A line in CloudWatch Logs for each connection of the network, also for those that were refused.

    Outputs: `group` (name of the log group).
    """

    group: pulumi.Output[str]

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.cloudwatch.LogGroup(
            f"{name}-group", retention_in_days=args.retention, tags=make_tags("flow-logs", args.tags), opts=child
        )
        role = aws.iam.Role(
            f"{name}-role",
            description="Lets the network write its flow logs",
            assume_role_policy=trust("vpc-flow-logs", self),
            tags=make_tags("flow-logs", args.tags),
            opts=child,
        )
        policy = aws.iam.RolePolicy(f"{name}-write", role=role.name, policy=group.arn.apply(_write), opts=child)
        aws.ec2.FlowLog(
            f"{name}-log",
            vpc_id=args.vpc,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags=make_tags("flow-logs", args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.group = group.name
        self.register_outputs({"group": self.group})


def _write(group: str) -> str:
    """May write into that one group and nowhere else."""
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"],
        "Resource": [group, f"{group}:*"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
