"""Roles: what the tasks of one site may do in the account, and what AWS may do to start them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.account import trust
from portico.components.aws.tags import make_tags


@dataclass(frozen=True, kw_only=True)
class RolesArgs:
    """ARNs: of the `repositories` that images come from, of the group of `logs`, of the `secrets`.

    Where the site has data, of the file system (`files`) and of its access points (`points`).
    """

    site: str
    repositories: Sequence[pulumi.Input[str]]
    logs: pulumi.Input[str]
    secrets: Sequence[pulumi.Input[str]] = ()
    files: pulumi.Input[str] | None = None
    points: Sequence[pulumi.Input[str]] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class Roles(pulumi.ComponentResource):
    """Two roles: by one, AWS fetches images and secrets and writes logs; the other is the application's, and is empty.

    Outputs: `execution` (ARN, once it may do what it must), `task` (ARN).
    """

    execution: pulumi.Output[str]
    task: pulumi.Output[str]

    def __init__(self, name: str, args: RolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Roles", name, None, opts)
        self._name, self._args = name, args
        execution = self._make("execution", f"Starts the tasks of {args.site}: images, secrets, logs")
        policy = aws.iam.RolePolicy(
            f"{name}-execution-policy",
            role=execution.name,
            policy=pulumi.Output.all(
                repositories=list(args.repositories), logs=args.logs, secrets=list(args.secrets)
            ).apply(lambda found: json.dumps(_allow(found["repositories"], found["logs"], found["secrets"]))),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Whoever owns the application attaches the policies that it needs to this role.
        more = "use its data" if args.points else "nothing"
        task = self._make("task", f"What {args.site} itself may do on AWS: {more}, until somebody says so")
        self.execution = pulumi.Output.all(execution.arn, policy.id).apply(lambda found: str(found[0]))
        self.task = task.arn
        if args.points:
            data = aws.iam.RolePolicy(
                f"{name}-task-data",
                role=task.name,
                policy=pulumi.Output.all(files=args.files, points=list(args.points)).apply(
                    lambda found: json.dumps(_allow_data(found["files"], found["points"]))
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.task = pulumi.Output.all(task.arn, data.id).apply(lambda found: str(found[0]))
        self.register_outputs({"execution": self.execution, "task": self.task})

    def _make(self, role: str, description: str) -> aws.iam.Role:
        return aws.iam.Role(
            f"{self._name}-{role}",
            description=description,
            assume_role_policy=trust("ecs-tasks", self),
            tags=make_tags(f"{self._args.site}-{role}", self._args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _allow(repositories: Sequence[str], logs: str, secrets: Sequence[str]) -> dict[str, object]:
    """Each action on what it is needed for; AWS offers the login to its registry for nothing narrower than all."""
    statements: list[tuple[list[str], object]] = [
        (["ecr:GetAuthorizationToken"], "*"),
        (
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            list(repositories),
        ),
        (["logs:CreateLogStream", "logs:PutLogEvents"], f"{logs}:*"),
    ]
    if secrets:
        statements.append((["secretsmanager:GetSecretValue"], list(secrets)))
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": targets} for actions, targets in statements],
    }


def _allow_data(files: str, points: Sequence[str]) -> dict[str, object]:
    """To read and write what its own access points lead to."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                "Resource": [files],
                "Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": list(points)}},
            }
        ],
    }
