"""The double of ECS refuses what ECS does, orders what ECS orders, and reads roles, routes and secrets as it does."""

import json
from typing import Any

import pytest

from tests.cloud.caller import Caller, Refused
from tests.cloud.definition import define
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.fargate.definition import find_mistakes, list_stops
from tests.cloud.plugin.fargate.deployment import Limits
from tests.cloud.plugin.fleet_kinds import (
    BALANCER,
    BUCKET,
    BUCKET_POLICY,
    CLUSTER,
    DEFINITION,
    GROUP,
    REPOSITORY,
    SCALED,
    SECRET,
    SECRET_VERSION,
    SERVICE,
)

pytestmark = pytest.mark.extended

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
SECURITY = "aws:ec2/securityGroup:SecurityGroup"
ASSUMED = json.dumps({"Statement": [{"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]})
CHECK = {"command": ["CMD", "true"]}


def waits(name: str, condition: str) -> dict[str, Any]:
    return {"dependsOn": [{"containerName": name, "condition": condition}]}


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        (define({"name": "web"}), ""),
        (define({"name": "web"}, memory="768"), "No Fargate configuration exists for 256 CPU and 768 MiB"),
        (define({"name": "web"}, networkMode="bridge"), "Fargate only supports network mode 'awsvpc'"),
        (define({"name": "web", "stopTimeout": 121}), "web: stopTimeout must not be greater than 120 on Fargate"),
        (define({"name": "web", "essential": False}), "At least one container must be marked essential"),
        (define({"name": "web"}, {"name": "web"}), "Container name web should be unique"),
        (define({"name": "web", **waits("db", "START")}), "web depends on db, which does not exist"),
        (define({"name": "a", **waits("a", "START")}), "Container dependencies form a cycle"),
        (
            define({"name": "web", **waits("db", "HEALTHY")}, {"name": "db"}),
            "web: it depends on the health of db, which has no health check",
        ),
        (
            define({"name": "web", **waits("db", "SUCCESS")}, {"name": "db"}),
            "web: it waits until db has ended, which is essential: no task would be left",
        ),
        (
            define({"name": "web", "linuxParameters": {"capabilities": {"add": ["NET_ADMIN"]}}}),
            "web: the capabilities NET_ADMIN cannot be added on Fargate",
        ),
        (
            define({"name": "web", "linuxParameters": {"tmpfs": [{"containerPath": "/t", "size": 1}]}}),
            "web: tmpfs is not",
        ),
        (define({"name": "web", "privileged": True}), "web: privileged is not supported here"),
        (
            define({"name": "web", "secrets": [{"name": "A", "valueFrom": "arn"}]}),
            "web: secrets need an execution role",
        ),
        (define({"name": "web", "portMappings": [{"containerPort": 1, "hostPort": 2}]}), "web: in network mode awsvpc"),
        (define({"name": "web", "mountPoints": [{"sourceVolume": "tmp"}]}), "web: Unknown volume 'tmp'"),
        (
            define({"name": "web", "memory": 400}, {"name": "log", "memory": 113}),
            "Invalid setting for container. The containers reserve 513 MiB, and the task has 512",
        ),
        (
            define({"name": "web", "logConfiguration": {"logDriver": "awslogs"}}, executionRoleArn="arn"),
            "web: Log driver awslogs requires option 'awslogs-group' on Fargate",
        ),
        (define({"name": "web", "readOnly": True}), 'Unknown parameter in containerDefinitions[0]: "readOnly"'),
        (define({"name": "web", "image": 4}), "Invalid type for parameter containerDefinitions[0].image"),
    ],
)
def test_what_ecs_would_not_register_is_refused(inputs: dict[str, Any], wrong: str) -> None:
    found = "; ".join(find_mistakes(inputs))
    assert found.startswith(wrong) and bool(found) == bool(wrong), found


def test_containers_end_in_the_reverse_order_of_their_beginning() -> None:
    secrets, app = {"name": "secrets"}, {"name": "app", **waits("secrets", "SUCCESS")}
    web, log = {"name": "web", **waits("app", "HEALTHY")}, {"name": "log", **waits("secrets", "START")}
    assert list(list_stops([secrets, app, web, log])) == [["log", "web"], ["app"], ["secrets"]]


@pytest.mark.parametrize(
    ("desired", "percent", "expected"),
    [(1, (100, 200), (1, 2, 3)), (2, (100, 200), (2, 4, 3)), (3, (50, 150), (2, 4, 3)), (10, (100, 200), (10, 20, 5))],
)
def test_how_many_tasks_there_are_while_a_release_goes_out(
    desired: int, percent: tuple[int, int], expected: tuple[int, int, int]
) -> None:
    given = {"deploymentMinimumHealthyPercent": percent[0], "deploymentMaximumPercent": percent[1]}
    limits = Limits.read({"desiredCount": desired, **given})
    assert (limits.minimum, limits.maximum, limits.threshold) == expected


def test_every_change_of_a_definition_is_another_revision(caller: Caller) -> None:
    first = caller.create(DEFINITION, "task", **define({"name": "web"}))
    assert (first.outputs["arn"].rpartition("/")[2], first.outputs["revision"]) == ("web:1", 1)
    changed = define({"name": "web", "user": "101"})
    answer = caller.diff(first, **changed)
    assert list(answer.replaces) == ["containerDefinitions"] and not answer.deleteBeforeReplace
    second = caller.create(DEFINITION, "task", **changed)
    assert second.outputs["arn"].endswith("/web:2")
    caller.delete(first)
    assert caller.cloud.things(DEFINITION) == [second]
    caller.delete(caller.update(second, skipDestroy=True))
    assert caller.cloud.things(DEFINITION), "AWS keeps what Pulumi is asked to leave"


def test_a_service_needs_a_balancer_and_the_port_that_it_leads_to(caller: Caller, vpc: Thing, subnet: Thing) -> None:
    cluster = caller.create(CLUSTER, "cluster")
    port = {"portMappings": [{"containerPort": 8080}]}
    task = caller.create(DEFINITION, "task", **define({"name": "web", **port}))
    group = caller.create(GROUP, "web", port=8080, protocol="HTTP", targetType="ip", vpcId=vpc.id)
    place = {"targetGroupArn": group.id, "containerName": "web", "containerPort": 8080}
    given: dict[str, Any] = {
        "cluster": cluster.id,
        "taskDefinition": task.id,
        "launchType": "FARGATE",
        "loadBalancers": [place],
    }
    given |= {"networkConfiguration": {"subnets": [subnet.id]}}
    with pytest.raises(Refused, match="does not have an associated load balancer"):
        caller.create(SERVICE, "web", **given)
    with pytest.raises(Refused, match="The container web did not have a container port 80 defined"):
        caller.create(SERVICE, "web", **{**given, "loadBalancers": [{**place, "containerPort": 80}]})
    with pytest.raises(Refused, match="Network Configuration must be provided"):
        caller.create(SERVICE, "web", **{**given, "networkConfiguration": None})
    assert not caller.cloud.things(SERVICE)
    service = caller.create(SERVICE, "web", **{**given, "loadBalancers": []})
    assert service.id.endswith(f":service/{cluster.inputs['name']}/{service.inputs['name']}")
    found = caller.invoke("aws:ecs/getService:getService", clusterArn=cluster.id, serviceName=service.inputs["name"])
    assert found["taskDefinition"] == task.id
    scaled = {"maxCapacity": 4, "minCapacity": 1, "scalableDimension": "ecs:service:DesiredCount"}
    scaled |= {"serviceNamespace": "ecs"}
    with pytest.raises(Refused, match="ECS service doesn't exist: service/other/web"):
        caller.create(SCALED, "scaling", resourceId="service/other/web", **scaled)
    caller.create(SCALED, "scaling", resourceId=service.id.rpartition(":")[2], **scaled)


def test_access_logs_need_a_bucket_that_takes_them(caller: Caller, vpc: Thing, subnet: Thing) -> None:
    bucket = caller.create(BUCKET, "logs")
    other = caller.create(subnet.type, "other", vpcId=vpc.id, cidrBlock="10.0.1.0/24")
    logs = {"accessLogs": {"bucket": bucket.id, "enabled": True}}
    given = {"subnets": [subnet.id, other.id], **logs}
    with pytest.raises(Refused, match="Access Denied for bucket"):
        caller.create(BALANCER, "balancer", **given)
    statement = {"Action": "s3:PutObject", "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}}
    caller.create(BUCKET_POLICY, "policy", bucket=bucket.id, policy=json.dumps({"Statement": [statement]}))
    with pytest.raises(Refused, match="At least two subnets"):
        caller.create(BALANCER, "balancer", **{**given, "subnets": [subnet.id]})
    caller.create(BALANCER, "balancer", **given)


def test_a_deleted_secret_takes_its_versions_along_and_keeps_its_name(caller: Caller) -> None:
    kept = caller.create(SECRET, "kept", name="kept", recoveryWindowInDays=7)
    gone = caller.create(SECRET, "gone", name="gone", recoveryWindowInDays=0)
    caller.create(SECRET_VERSION, "version", secretId=kept.id, secretString="x")
    caller.delete(kept)
    caller.delete(gone)
    assert caller.cloud.things() == []
    caller.create(SECRET, "gone", name="gone")
    with pytest.raises(Refused, match="a secret with the name kept is scheduled for deletion"):
        caller.create(SECRET, "kept", name="kept")


def test_things_of_one_name_are_distinguished(caller: Caller) -> None:
    bucket = caller.create(BUCKET, "shop", bucket="shop")
    policy = caller.create(BUCKET_POLICY, "policy", bucket="shop", policy="{}")
    repository = caller.create(REPOSITORY, "shop", name="shop")
    assert bucket.id == policy.id == repository.id == "shop"
    assert repository.outputs["repositoryUrl"].endswith(":5055/shop")
    with pytest.raises(Refused, match="DependencyViolation: shop is in use by policy"):
        caller.delete(bucket)
    caller.delete(policy)
    caller.delete(bucket)
    assert caller.cloud.things() == [repository]
