"""The jobs of a site on ECS: AWS's scheduler starts a task at the time of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.aws.account import trust
from portico.components.aws.tags import make_tags
from portico.components.barrier import Barrier, put_before
from portico.components.ecs.definition import DefinitionArgs, define_task
from portico.config.settings.job import Job
from portico.config.targets.ecs import spell_cron

# A task that cannot be started is tried again, as long as its time is not far away.
_RETRIES, _AGE = 3, 300


@dataclass(frozen=True, kw_only=True)
class JobsArgs:
    """`definitions` are what the tasks are made of, beside each job. They are live once `web` is known.

    `cluster` is an ARN. Where there is a `barrier`, it comes before them too.
    """

    site: str
    jobs: Sequence[tuple[Job, DefinitionArgs]]
    web: pulumi.Input[Any]
    subnets: Sequence[pulumi.Input[str]]
    firewalls: Sequence[pulumi.Input[str]]
    public: bool
    cluster: pulumi.Input[str]
    barrier: Barrier | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Jobs(pulumi.ComponentResource):
    """A schedule for each job. What it starts is a task of the live release, in which a release changes nothing.

    Outputs: `group` (name of the schedules' group).
    """

    group: pulumi.Output[str]

    def __init__(self, name: str, args: JobsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Jobs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tasks = [(job, define_task(f"{name}-{job.name}", given, self)) for job, given in args.jobs]
        roles = [role for _, given in args.jobs for role in (given.execution_role, given.task_role)]
        role = aws.iam.Role(
            f"{name}-role",
            description=f"Starts the jobs of {args.site}",
            assume_role_policy=trust("scheduler", self),
            tags=make_tags(f"{args.site}-jobs", args.tags),
            opts=child,
        )
        allowed = aws.iam.RolePolicy(
            f"{name}-allowed",
            role=role.name,
            policy=pulumi.Output.all(
                tasks=[task.arn_without_revision for _, task in tasks], roles=roles, cluster=args.cluster
            ).apply(lambda found: json.dumps(_allow(found["tasks"], found["roles"], found["cluster"]))),
            opts=child,
        )
        group = aws.scheduler.ScheduleGroup(f"{name}-group", tags=make_tags(f"{args.site}-jobs", args.tags), opts=child)
        agreed: pulumi.Output[list[pulumi.Resource]] = pulumi.Output.from_input(args.web).apply(lambda _: [])
        for job, task in tasks:
            aws.scheduler.Schedule(
                f"{name}-{job.name}-schedule",
                # Its group is the site's own. Pulumi would make a name that can be longer than the 64 that AWS takes.
                name=job.name,
                group_name=group.name,
                schedule_expression=spell_cron(job.cron),
                schedule_expression_timezone=job.time_zone,
                flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
                target=aws.scheduler.ScheduleTargetArgs(
                    arn=args.cluster,
                    role_arn=pulumi.Output.all(role.arn, allowed.id).apply(lambda ready: str(ready[0])),
                    ecs_parameters=aws.scheduler.ScheduleTargetEcsParametersArgs(
                        task_definition_arn=task.arn,
                        task_count=1,
                        launch_type="FARGATE",
                        platform_version="1.4.0",
                        enable_ecs_managed_tags=True,
                        propagate_tags="TASK_DEFINITION",
                        network_configuration=aws.scheduler.ScheduleTargetEcsParametersNetworkConfigurationArgs(
                            subnets=list(args.subnets),
                            security_groups=list(args.firewalls),
                            assign_public_ip=args.public,
                        ),
                    ),
                    retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                        maximum_retry_attempts=_RETRIES, maximum_event_age_in_seconds=_AGE
                    ),
                ),
                opts=put_before(args.barrier, pulumi.ResourceOptions(parent=self, depends_on=agreed)),
            )
        self.group = group.name
        self.register_outputs({"group": self.group})


def _allow(tasks: Sequence[str], roles: Sequence[str], cluster: str) -> dict[str, object]:
    """To start tasks of these families in this cluster, and to give them their two roles."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["ecs:RunTask"],
                # Each release is another revision.
                "Resource": [f"{task}:*" for task in tasks],
                "Condition": {"ArnEquals": {"ecs:cluster": cluster}},
            },
            {
                "Effect": "Allow",
                "Action": ["iam:PassRole"],
                "Resource": sorted(set(roles)),
                "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            },
            {
                "Effect": "Allow",
                "Action": ["ecs:TagResource"],
                "Resource": [f"{cluster.replace(':cluster/', ':task/')}/*"],
                "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
            },
        ],
    }
