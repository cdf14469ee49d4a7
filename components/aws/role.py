"""What the VM itself may do on AWS: be reached through Systems Manager, and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    """`partition` is the part of AWS that the VM is in."""

    partition: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Role(pulumi.ComponentResource):
    """The role of the VM: AWS's own policy for Systems Manager, without the parameters that it opens besides.

    Outputs: `profile` (name of the instance profile).
    """

    profile: pulumi.Output[str]

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Role", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            description="The VM: reached through Systems Manager, nothing else",
            assume_role_policy=json.dumps(_TRUST),
            tags=make_tags("vm", args.tags),
            opts=child,
        )
        managed = aws.iam.RolePolicyAttachment(
            f"{name}-managed",
            role=role.name,
            policy_arn=f"arn:{args.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore",
            opts=child,
        )
        closed = aws.iam.RolePolicy(f"{name}-closed", role=role.name, policy=json.dumps(_REFUSED), opts=child)
        profile = aws.iam.InstanceProfile(
            f"{name}-profile", role=role.name, tags=make_tags("vm", args.tags), opts=child
        )
        # A VM that starts without its rights asks for them again only after half an hour.
        self.profile = pulumi.Output.all(profile.name, managed.id, closed.id).apply(lambda ready: str(ready[0]))
        self.register_outputs({"profile": self.profile})


_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
# What AWS's policy allows besides: every parameter of the account, also those that hold secrets of others.
_REFUSED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": ["ssm:GetParameter", "ssm:GetParameters"], "Resource": "*"}],
}
