"""What a task may do before it begins: the double reads roles, routes, logs and secrets as ECS does."""

import json
from typing import Any

import pytest

from tests.cloud.caller import Caller
from tests.cloud.definition import define
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.fargate.admission import Admission
from tests.cloud.plugin.fleet_kinds import ENDPOINT, NAT, SECRET, SECRET_VERSION
from tests.cloud.plugin.kinds import EGRESS, ROLE

pytestmark = pytest.mark.extended

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
SECURITY = "aws:ec2/securityGroup:SecurityGroup"
ASSUMED = json.dumps({"Statement": [{"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]})


@pytest.fixture
def log_group(caller: Caller) -> Thing:
    return caller.create(LOG_GROUP, "logs", name="/ecs/web")


@pytest.fixture
def secret(caller: Caller) -> Thing:
    secret = caller.create(SECRET, "secret")
    caller.create(SECRET_VERSION, "first", secretId=secret.id, secretString='{"A": "old"}')
    return secret


@pytest.fixture
def network(caller: Caller, vpc: Thing, subnet: Thing) -> dict[str, Any]:
    """A public subnet, and a security group that lets tasks out."""
    gateway = caller.create("aws:ec2/internetGateway:InternetGateway", "gateway", vpcId=vpc.id)
    lead(caller, vpc, subnet, "public", gatewayId=gateway.id)
    group = caller.create(SECURITY, "tasks", vpcId=vpc.id, description="tasks")
    rule = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"}
    caller.create(EGRESS, "https", securityGroupId=group.id, **rule)
    return {"subnets": [subnet.id], "securityGroups": [group.id], "assignPublicIp": True}


def lead(caller: Caller, vpc: Thing, subnet: Thing, name: str, **way: str) -> None:
    table = caller.create("aws:ec2/routeTable:RouteTable", name, vpcId=vpc.id)
    caller.create(
        "aws:ec2/routeTableAssociation:RouteTableAssociation", name, subnetId=subnet.id, routeTableId=table.id
    )
    if way:
        caller.create("aws:ec2/route:Route", name, routeTableId=table.id, destinationCidrBlock="0.0.0.0/0", **way)


def admit(caller: Caller, network: dict[str, Any], role: Thing, secret: Thing) -> Admission:
    """The admission of a task with logs and a secret, after it has been asked."""
    options = {"awslogs-group": "/ecs/web", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "web"}
    source = {"name": "A", "valueFrom": f"{secret.id}:A::"}
    web = {"name": "web", "logConfiguration": {"logDriver": "awslogs", "options": options}, "secrets": [source]}
    admission = Admission(caller.cloud, define(web, executionRoleArn=role.outputs["arn"]), network)
    admission.admit()
    return admission


def allow(caller: Caller, *allowed: tuple[str, str]) -> Thing:
    """A role that may do these things."""
    role = caller.create(ROLE, "execution", assumeRolePolicy=ASSUMED)
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
    caller.create(ROLE_POLICY, "policy", role=role.id, policy=json.dumps({"Statement": statements}))
    return role


def test_a_task_begins_with_a_role_that_may_and_a_way_out(
    caller: Caller, network: dict[str, Any], log_group: Thing, secret: Thing
) -> None:
    logs = f"{log_group.outputs['arn']}:*"
    may = allow(caller, ("logs:*", logs), ("secretsmanager:GetSecretValue", secret.id))
    admission = admit(caller, network, may, secret)
    assert admission.resolve(f"{secret.id}:A::") == "old"
    private = {**network, "assignPublicIp": False}
    with pytest.raises(ValueError, match="subnet is public, and the task has no public address"):
        admit(caller, private, may, secret)


def test_a_role_that_may_not_keeps_a_task_from_its_beginning(
    caller: Caller, network: dict[str, Any], log_group: Thing, secret: Thing
) -> None:
    logs = str(log_group.outputs["arn"])
    may_not = allow(caller, ("logs:CreateLogStream", f"{logs}:*"), ("logs:PutLogEvents", logs))
    with pytest.raises(ValueError, match=r"not allowed: logs:PutLogEvents on .*; secretsmanager:GetSecretValue on"):
        admit(caller, network, may_not, secret)
    nobody = caller.create(ROLE, "ec2", assumeRolePolicy='{"Statement": []}')
    with pytest.raises(ValueError, match=r"ecs-tasks\.amazonaws\.com to assume ec2"):
        admit(caller, network, nobody, secret)


def test_a_private_task_needs_a_gateway_or_every_endpoint(
    caller: Caller, vpc: Thing, subnet: Thing, network: dict[str, Any], log_group: Thing, secret: Thing
) -> None:
    may = allow(caller, ("*", "*"))
    inside = caller.create(subnet.type, "inside", vpcId=vpc.id, cidrBlock="10.0.9.0/24")
    private = {**network, "subnets": [inside.id], "assignPublicIp": False}
    lead(caller, vpc, inside, "inside")
    with pytest.raises(ValueError, match=r"no way out, and no endpoint for ecr\.api, ecr\.dkr, s3, logs, secretsman"):
        admit(caller, private, may, secret)
    for name in ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager"):
        caller.create(ENDPOINT, name, vpcId=vpc.id, serviceName=f"com.amazonaws.eu-central-1.{name}")
    admit(caller, private, may, secret)
    for endpoint in caller.cloud.things(ENDPOINT):
        caller.delete(endpoint)
    nat = caller.create(NAT, "nat", subnetId=subnet.id)
    (table,) = [one for one in caller.cloud.things("aws:ec2/routeTable:RouteTable") if one.name == "inside"]
    way = {"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": nat.id}
    caller.create("aws:ec2/route:Route", "out", routeTableId=table.id, **way)
    admit(caller, private, may, secret)


def test_a_log_group_that_is_missing_keeps_a_task_from_its_beginning(
    caller: Caller, network: dict[str, Any], secret: Thing
) -> None:
    with pytest.raises(ValueError, match="failed to validate logger args"):
        admit(caller, network, allow(caller, ("*", "*")), secret)


def test_secrets_are_read_by_key_and_by_version(
    caller: Caller, network: dict[str, Any], log_group: Thing, secret: Thing
) -> None:
    (first,) = caller.cloud.things(SECRET_VERSION)
    caller.create(SECRET_VERSION, "second", secretId=secret.id, secretString='{"A": "new"}')
    admission = admit(caller, network, allow(caller, ("*", "*")), secret)
    assert admission.resolve(f"{secret.id}:A::") == "new"
    assert admission.resolve(f"{secret.id}:A::{first.outputs['versionId']}") == "old"
    assert admission.resolve(secret.id) == '{"A": "new"}'
    with pytest.raises(ValueError, match=r"unable to pull secrets: .* did not contain json key B"):
        admission.resolve(f"{secret.id}:B::")
    for number in range(99):
        assert admission.resolve(f"{secret.id}:A::{first.outputs['versionId']}") == "old" if number in (0, 98) else True
        caller.create(SECRET_VERSION, f"later-{number}", secretId=secret.id, secretString="{}")
    with pytest.raises(ValueError, match="100 versions are newer"):
        admission.resolve(f"{secret.id}:A::{first.outputs['versionId']}")
    with pytest.raises(ValueError, match="Secrets Manager can't find the specified secret"):
        admission.resolve(f"{secret.id}0:A::")
