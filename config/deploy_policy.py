"""The policies of those who deploy, as documents for IAM: for docs/hosts/permissions.md."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from portico.config.permissions import Target, list_actions

Statement = dict[str, Any]
# What names of roles end in before the digits that Pulumi adds, by the service that takes the role on.
_ROLES: Final[Mapping[Target, Mapping[str, tuple[str, ...]]]] = {
    "aws": {
        "vpc-flow-logs": ("flows-role",),
        "ec2": ("role-role",),
        "dlm": ("snapshots-role",),
    },
    "ecs": {
        "vpc-flow-logs": ("flows-role",),
        "ecs-tasks": ("roles-execution", "roles-task"),
        "scheduler": ("jobs-role",),
    },
}
# Roles that AWS makes for itself once in an account.
LINKED: Final[Mapping[Target, tuple[str, ...]]] = {
    "aws": ("rds", "elasticache"),
    "ecs": (
        "ecs",
        "elasticloadbalancing",
        "ecs.application-autoscaling",
        "elasticfilesystem",
        "backup",
        "rds",
        "elasticache",
    ),
}
# Services of which each thing has a name that is known.
_NAMED: Final = ("iam:", "ecr:", "route53:", "s3:", "secretsmanager:")
_HERE: Final = {"StringEquals": {"aws:RequestedRegion": "REGION"}}
# A managed policy has at most so many characters, spaces not counted.
LARGEST: Final = 6144


def write_policies(target: Target) -> dict[str, Any]:
    """The policy of those who deploy onto this target, in parts that IAM takes, by what each is for.

    ACCOUNT, REGION, PROJECT and ZONE in it are for its reader to replace.
    """
    actions = list_actions(target)
    network = [one for one in actions if one.startswith(("ec2:", "logs:"))]
    rest = [one for one in actions if one not in network and not one.startswith(_NAMED)]
    parts: dict[str, list[Statement]] = {
        "network": [_allow(_shorten(network), ["*"], _HERE), *_allow_roles(target, actions)],
        "services": [_allow(_shorten(rest), ["*"], _HERE), *_allow_named(target, actions)],
    }
    return {name: {"Version": "2012-10-17", "Statement": found} for name, found in parts.items()}


def make_writer(target: Target, part: str) -> Callable[[], str]:
    """What writes one part as a document."""
    return lambda: json.dumps(write_policies(target)[part], indent=2) + "\n"


def list_unnamed(target: Target) -> list[str]:
    """The actions that are allowed for everything in the region: AWS can be asked about them without a name."""
    return [one for one in list_actions(target) if not one.startswith(_NAMED)]


def _allow(actions: Iterable[str], resources: list[str], condition: Mapping[str, Any] | None = None) -> Statement:
    found: Statement = {"Effect": "Allow", "Action": sorted(set(actions)), "Resource": resources}
    return {**found, "Condition": dict(condition)} if condition else found


def _allow_roles(target: Target, actions: list[str]) -> list[Statement]:
    """Roles by their names; each is handed to the service that it is for, and to no other one."""
    iam = [one for one in actions if one.startswith("iam:")]
    profiles = [one for one in iam if "InstanceProfile" in one and one != "iam:ListInstanceProfilesForRole"]
    named = [f"arn:aws:iam::ACCOUNT:role/*-{end}-*" for ends in _ROLES[target].values() for end in ends]
    made = [one for one in iam if one not in profiles and one not in ("iam:PassRole", "iam:AttachRolePolicy")]
    found = [_allow(made, named)]
    for service, ends in _ROLES[target].items():
        handed = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
        found.append(_allow(["iam:PassRole"], [f"arn:aws:iam::ACCOUNT:role/*-{end}-*" for end in ends], handed))
    if profiles:
        found.append(_allow(profiles, ["arn:aws:iam::ACCOUNT:instance-profile/*-role-profile-*", *named]))
        # The VM's role gets this policy of AWS's and no other one.
        managed = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}}
        found.append(_allow(["iam:AttachRolePolicy"], named, managed))
    if LINKED[target]:
        services = [f"{one}.amazonaws.com" for one in LINKED[target]]
        found.append(
            _allow(
                ["iam:CreateServiceLinkedRole", "iam:GetRole"],
                [f"arn:aws:iam::ACCOUNT:role/aws-service-role/{one}/*" for one in services],
            )
        )
    return found


def _allow_named(target: Target, actions: list[str]) -> list[Statement]:
    """What has a name by which it is known: the zone, and on ECS images, logs of the balancer and secrets."""

    def of(service: str, *without: str) -> list[str]:
        return [one for one in actions if one.startswith(f"{service}:") and one not in without]

    zone = ["arn:aws:route53:::hostedzone/ZONE", "arn:aws:route53:::change/*"]
    found = [_allow(of("route53"), zone)]
    if target == "aws":
        machine = "arn:aws:ec2:REGION:ACCOUNT:instance/*"
        mine = {"StringEquals": {"ssm:resourceTag/Project": "PROJECT"}}
        checked = {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}}
        return [
            *found,
            _allow(["ssm:StartSession"], [machine], {**mine, **checked}),
            _allow(["ssm:StartSession"], ["arn:aws:ssm:*:*:document/AWS-StartSSHSession"]),
            _allow(["ssm:TerminateSession", "ssm:ResumeSession"], ["arn:aws:ssm:*:*:session/${aws:username}-*"]),
        ]
    login = "ecr:GetAuthorizationToken"
    return [
        *found,
        _allow([login], ["*"]),
        _allow(of("ecr", login), ["arn:aws:ecr:REGION:ACCOUNT:repository/PROJECT/*"]),
        # AWS's provider reads each property of a bucket by a call of its own.
        _allow([*of("s3"), "s3:Get*"], [f"arn:aws:s3:::*-access-logs-bucket-*{end}" for end in ("", "/*")]),
        _allow(of("secretsmanager"), ["arn:aws:secretsmanager:REGION:ACCOUNT:secret:*-secrets-secret-*"]),
    ]


def _shorten(actions: Iterable[str]) -> list[str]:
    """The same, with all that only looks and shows no secret in one word for each service."""
    return [f"{one.partition(':')[0]}:Describe*" if ":Describe" in one else one for one in actions]
