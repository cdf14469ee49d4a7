"""What the machine may do in the account, and who may become it."""

from collections.abc import Iterator
from typing import Any, Final

from portico.policies.grant import as_tuple, list_grants, list_statements
from portico.policies.graph import UNKNOWN, Graph, Resource, look, members, of_type, points_at
from portico.policies.kinds import ACCOUNT, INSTANCE, POLICY_ATTACHMENT, PROFILE, ROLE, TEMPLATE
from portico.policies.rule import Finding, rule

SSM: Final = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
# What AWS itself offers for no narrower resource than all.
_UNBOUND: Final = frozenset(
    {
        "cloudwatch:PutMetricData",
        "ec2:DescribeInstances",
        "ec2:DescribeSnapshots",
        "ec2:DescribeTags",
        "ec2:DescribeVolumes",
        "ecr:GetAuthorizationToken",
        "logs:DescribeLogGroups",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }
)


@rule("CKV_AWS_62", "CKV_AWS_63", "CKV_AWS_290", "CKV_AWS_355", "CIS 1.16")
def grant_least(graph: Graph) -> Iterator[Finding]:
    """A policy names its actions and its resources: no wildcard for either, and nothing by exclusion."""
    for grant in list_grants(graph):
        for action in grant.actions:
            if "*" in action:
                yield Finding(grant.resource, f"it allows {action}", "name each action that is needed")
        for target in grant.targets:
            bound = [action for action in grant.actions if action not in _UNBOUND]
            if _is_wild(target) and bound:
                yield Finding(
                    grant.resource, f"it allows {', '.join(bound)} on {target}", "name the resources by their ARN"
                )
        for word in grant.inverted:
            yield Finding(
                grant.resource, f"it uses {word}, which allows what nobody has thought of", f"write {word[3:]}"
            )


@rule("CKV_AWS_274")
def attach_least(graph: Graph) -> Iterator[Finding]:
    """Of AWS's ready-made policies a role has the one for SSM alone: the others allow more than their names say."""
    for one in of_type(graph, POLICY_ATTACHMENT, ROLE):
        attached = [look(one.inputs, "policyArn"), *members(one.inputs, "managedPolicyArns")]
        for policy in attached:
            if isinstance(policy, str) and "iam::aws:policy/" in policy and _name(policy) != _name(SSM):
                wrong = f"it has {_name(policy)}"
                yield Finding(one, wrong, "write a policy of its own that names the actions and the resources")


@rule("CKV_AWS_60", "CKV_AWS_61")
def name_who_assumes(graph: Graph) -> Iterator[Finding]:
    """A role can be assumed by services that it names, never by everybody or by whole accounts."""
    for one in of_type(graph, ROLE):
        for statement in list_statements(look(one.inputs, "assumeRolePolicy")):
            principal: Any = statement.get("Principal")
            who = {"AWS": principal} if isinstance(principal, str) else principal or {}
            for name in as_tuple(who.get("AWS")):
                if name == "*" or name.endswith(":root") or name.isdigit():
                    yield Finding(
                        one,
                        f"{name} may assume it",
                        'name the service, such as Principal: {"Service": "ec2.amazonaws.com"}',
                    )


@rule("CKV2_AWS_41", "CIS 1.18")
def give_role(graph: Graph) -> Iterator[Finding]:
    """A machine has a role, so that it needs no keys."""
    for one in of_type(graph, INSTANCE, TEMPLATE):
        if look(one.inputs, "iamInstanceProfile") is None:
            yield Finding(one, "it has no role, so what needs AWS there would need keys", "write iamInstanceProfile")


@rule("SSM.1", whole=True)
def manage_by_ssm(graph: Graph) -> Iterator[Finding]:
    """A machine's role lets Systems Manager reach it: a shell without an open port or a key."""
    attached = list(of_type(graph, POLICY_ATTACHMENT))
    for one in of_type(graph, INSTANCE, TEMPLATE):
        roles = [
            role
            for profile in of_type(graph, PROFILE)
            if points_at(one, "iamInstanceProfile", profile)
            for role in of_type(graph, ROLE)
            if points_at(profile, "role", role)
        ]
        if not any(_reaches(role, attached) for role in roles):
            yield Finding(one, "Systems Manager cannot reach it", f"attach {SSM} to the role of its iamInstanceProfile")


@rule("CKV_AWS_41")
def refuse_keys(graph: Graph) -> Iterator[Finding]:
    """The provider is given no keys: it takes those of whoever deploys."""
    for one in of_type(graph, ACCOUNT):
        for name in ("accessKey", "secretKey", "token"):
            if look(one.inputs, name):
                yield Finding(
                    one,
                    f"{name} is part of its settings",
                    "remove it, and use a profile or the environment of whoever deploys",
                )


def _reaches(role: Resource, attached: list[Resource]) -> bool:
    policies = [look(one.inputs, "policyArn") for one in attached if points_at(one, "role", role)]
    policies += members(role.inputs, "managedPolicyArns")
    return any(policy is UNKNOWN or _name(policy) == _name(SSM) for policy in policies)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _is_wild(target: str) -> bool:
    """Whether an ARN names nothing but a service: arn:aws:s3:::* is as wide as *."""
    return set(target.split(":", 5)[-1]) <= set("*:/")
