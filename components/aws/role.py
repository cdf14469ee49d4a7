"""What the VM itself may do on AWS: be reached through Systems Manager, and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.tags import make_tags


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    """`partition` and `region` are those of the VM."""

    partition: str
    region: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Role(pulumi.ComponentResource):
    """The role of the VM. AWS's own policy for this would also let it read every parameter of the account.

    Outputs: `profile` (name of the instance profile).
    """

    profile: pulumi.Output[str]

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Role", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            description="The VM: reached through Systems Manager, nothing else",
            assume_role_policy=json.dumps(
                _allow("sts:AssumeRole", Principal={"Service": f"ec2.amazonaws.com{_suffix(args.partition)}"})
            ),
            tags=make_tags("vm", args.tags),
            opts=child,
        )
        sessions = aws.iam.RolePolicy(
            f"{name}-sessions", role=role.name, policy=json.dumps(_list_sessions(args)), opts=child
        )
        profile = aws.iam.InstanceProfile(
            f"{name}-profile", role=role.name, tags=make_tags("vm", args.tags), opts=child
        )
        # A VM that starts without its rights asks for them again only after half an hour.
        self.profile = pulumi.Output.all(profile.name, sessions.id).apply(lambda ready: str(ready[0]))
        self.register_outputs({"profile": self.profile})


def _suffix(partition: str) -> str:
    return ".cn" if partition == "aws-cn" else ""


def _allow(*actions: str, **rest: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions[0] if len(actions) == 1 else list(actions), **rest}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _list_sessions(args: RoleArgs) -> dict[str, Any]:
    policy = _allow(
        "ssm:UpdateInstanceInformation", Resource=f"arn:{args.partition}:ec2:{args.region}:*:instance/*"
    )
    policy["Statement"] += _allow(
        *(f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")),
        # These know no resource to be limited to.
        Resource="*",
    )["Statement"]
    return policy
