"""What a task may do and reach before its containers start: roles are read, and routes are looked at."""

import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.fleet_kinds import ENDPOINT, NAT, POLICY
from tests.cloud.plugin.kinds import EGRESS, ROLE, ROLE_POLICY

_INLINE: Final = "aws:iam/rolePolicy:RolePolicy"
_MANAGED: Final = {
    "AmazonECSTaskExecutionRolePolicy": (
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    )
}
_PULL: Final = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# The endpoints that stand for the internet: the registry's two, its layers, logs; and secrets where there are some.
_NEEDED: Final = ("ecr.api", "ecr.dkr", "s3", "logs")
_ANYWHERE: Final = "0.0.0.0/0"


def find_denied(cloud: Cloud, role_arn: str, wanted: Mapping[str, Sequence[str]], **reported: str) -> Iterator[str]:
    """Which of these actions a role may not do, as `action on resource`.

    Of conditions, those are looked at that want values of what is `reported`, by the last word of their key.
    """
    role = next((one for one in cloud.things(ROLE) if one.outputs["arn"] == role_arn), None)
    if role is None:
        yield f"there is no role {role_arn}"
        return
    if "ecs-tasks.amazonaws.com" not in str(role.inputs.get("assumeRolePolicy")):
        yield f"ecs-tasks.amazonaws.com to assume {role.inputs['name']}"
        return
    yield from _find_denied(cloud, role, wanted, reported)


def find_unstartable(cloud: Cloud, role_arn: str, definition: Thing) -> Iterator[str]:
    """What a role may not do that starts tasks of a definition. Conditions are not looked at."""
    role = next(one for one in cloud.things(ROLE) if one.outputs["arn"] == role_arn)
    given = [
        str(definition.inputs[name]) for name in ("executionRoleArn", "taskRoleArn") if definition.inputs.get(name)
    ]
    yield from _find_denied(cloud, role, {"ecs:RunTask": [definition.id], "iam:PassRole": given}, {})


def _find_denied(
    cloud: Cloud, role: Thing, wanted: Mapping[str, Sequence[str]], reported: Mapping[str, str]
) -> Iterator[str]:
    statements = list(_list_statements(cloud, role))
    for action, resources in wanted.items():
        for resource in resources:
            fitting = [one["Effect"] for one in statements if _fits(one, action, resource, reported)]
            if "Allow" not in fitting or "Deny" in fitting:
                yield f"{action} on {resource}"


def list_wanted(repositories: Sequence[str], logs: Sequence[str], secrets: Sequence[str]) -> dict[str, Sequence[str]]:
    """What ECS does in a task's name before it starts, and with what (ARNs)."""
    wanted: dict[str, Sequence[str]] = {"ecr:GetAuthorizationToken": ["*"]} if repositories else {}
    wanted |= {action: repositories for action in _PULL}
    wanted |= {
        action: [f"{arn}:log-stream:task" for arn in logs] for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    }
    return wanted | {"secretsmanager:GetSecretValue": secrets}


def find_obstacles(cloud: Cloud, network: Mapping[str, Any], *, secrets: bool) -> list[str]:
    """Why a task in this network could reach neither the registry nor its secrets; nothing if it can."""
    groups = network.get("securityGroups") or []
    rules = [one.inputs for one in cloud.things(EGRESS) if one.inputs["securityGroupId"] in groups]
    out = [one for one in rules if one["ipProtocol"] == "-1" or (one["fromPort"] <= 443 <= one["toPort"])]
    if not out:
        return ["no rule of its security groups lets it out to port 443"]
    return [why for subnet in network["subnets"] if (why := _look_at_subnet(cloud, str(subnet), network, secrets))]


def _look_at_subnet(cloud: Cloud, id: str, network: Mapping[str, Any], secrets: bool) -> str | None:
    subnet = cloud.find(id)
    assert subnet is not None  # the plugin takes no reference to what is not there
    routes = _list_routes(cloud, id)
    if any(one.get("gatewayId") for one in routes):
        return None if network.get("assignPublicIp") else f"{subnet.name} is public, and the task has no public address"
    for route in routes:
        if (gateway := cloud.find(str(route.get("natGatewayId")), NAT)) is not None:
            there = _list_routes(cloud, str(gateway.inputs["subnetId"]))
            return None if any(one.get("gatewayId") for one in there) else f"{gateway.name} has no way out"
    here = [one.inputs for one in cloud.things(ENDPOINT) if one.inputs["vpcId"] == subnet.inputs["vpcId"]]
    known = {one["serviceName"].split(".", 3)[-1] for one in here}
    needed = [*_NEEDED, *(["secretsmanager"] if secrets else [])]
    missing = [name for name in needed if name not in known]
    return f"{subnet.name} has no way out, and no endpoint for {', '.join(missing)}" if missing else None


def _list_routes(cloud: Cloud, subnet: str) -> list[Mapping[str, Any]]:
    """The routes to everywhere that a subnet has."""
    for link in cloud.things("aws:ec2/routeTableAssociation:RouteTableAssociation"):
        if link.inputs.get("subnetId") == subnet and (table := cloud.find(str(link.inputs["routeTableId"]))):
            own = [one.inputs for one in cloud.things("aws:ec2/route:Route") if one.inputs["routeTableId"] == table.id]
            inline = [{**one, "destinationCidrBlock": one.get("cidrBlock")} for one in table.inputs.get("routes") or []]
            return [one for one in [*own, *inline] if one.get("destinationCidrBlock") == _ANYWHERE]
    return []


def _list_statements(cloud: Cloud, role: Thing) -> Iterator[Mapping[str, Any]]:
    name = role.inputs["name"]
    for inline in cloud.things(_INLINE):
        if inline.inputs["role"] == name:
            yield from _read(inline.inputs["policy"])
    for link in cloud.things(ROLE_POLICY):
        if link.inputs["role"] == name:
            arn = link.inputs["policyArn"]
            if (own := cloud.find(arn, POLICY)) is not None:
                yield from _read(own.inputs["policy"])
            if actions := _MANAGED.get(arn.rpartition("/")[2]):
                yield {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def _read(policy: str) -> list[Mapping[str, Any]]:
    found = json.loads(policy)["Statement"]
    return found if isinstance(found, list) else [found]


def _fits(statement: Mapping[str, Any], action: str, resource: str, reported: Mapping[str, str]) -> bool:
    for key, values in (statement.get("Condition") or {}).get("StringEquals", {}).items():
        if (value := reported.get(key.rpartition(":")[2])) and value not in _list(values):
            return False
    actions, resources = _list(statement.get("Action")), _list(statement.get("Resource"))
    return any(fnmatch.fnmatchcase(action, one) for one in actions) and any(
        one == "*" or fnmatch.fnmatchcase(resource, one) for one in resources
    )


def _list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [str(value)]
