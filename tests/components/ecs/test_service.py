"""Service: the tasks of a site, how they are replaced, and how they are asked for their health."""

import json
import re
from pathlib import Path

import pytest

from portico.config.targets.ecs import VOLUMES
from tests.components.ecs.sample import deploy
from tests.components.fleet_answers import ACCOUNT, REGION
from tests.components.recorder import SERVICE, Recorder
from tests.config.sample import make_site

GROUP = "aws:lb/targetGroup:TargetGroup"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
LOGS = "aws:cloudwatch/logGroup:LogGroup"


def test_tasks_run_on_fargate_in_the_stacks_cluster(made: Recorder) -> None:
    found = made.find(SERVICE, "shop-service").inputs
    assert (found["launchType"], found["platformVersion"]) == ("FARGATE", "1.4.0")
    assert found["cluster"] == "arn:aws:test:::fleet-cluster"
    assert found["taskDefinition"] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/portico-test-shop:2"
    assert found["availabilityZoneRebalancing"] == "ENABLED"
    cluster = made.find("aws:ecs/cluster:Cluster", "fleet-cluster").inputs
    assert cluster["settings"] == [{"name": "containerInsights", "value": "disabled"}]


def test_new_tasks_are_healthy_before_old_ones_go(made: Recorder) -> None:
    found = made.find(SERVICE, "shop-service").inputs
    assert (found["deploymentMinimumHealthyPercent"], found["deploymentMaximumPercent"]) == (100, 200)
    assert found["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert found["waitForSteadyState"] is True


def test_how_many_run_is_said_once_and_then_left_to_the_scaling(made: Recorder) -> None:
    for site, replicas in (("shop", 2), ("blog", 1)):
        service = made.find(SERVICE, f"{site}-service")
        assert service.inputs["desiredCount"] == replicas and service.ignore_changes == ("desiredCount",)


def test_nobody_gets_a_shell_in_a_task(made: Recorder) -> None:
    assert {one.inputs["enableExecuteCommand"] for one in made.of_type(SERVICE)} == {False}


def test_a_task_is_behind_the_balancer_at_nginx(made: Recorder) -> None:
    (target,) = made.find(SERVICE, "shop-service").inputs["loadBalancers"]
    assert target == {
        "targetGroupArn": "arn:aws:test:::shop-web",
        "containerName": "nginx",
        "containerPort": 8080,
    }
    # AWS refuses a service whose target group no balancer leads to.
    rules = {one.urn for one in made.of_type("aws:lb/listenerRule:ListenerRule") if one.name.startswith("shop-")}
    assert rules and rules <= made.find(SERVICE, "shop-service").dependencies


def test_a_task_that_goes_ends_its_longest_request_first(made: Recorder) -> None:
    group = made.find(GROUP, "shop-web").inputs
    # The longest of any site is 50 s.
    assert group["deregistrationDelay"] == 60
    assert (group["targetType"], group["protocol"], group["port"]) == ("ip", "HTTP", 8080)
    assert group["vpcId"] == "fleet-network-network-id"


def test_the_balancer_asks_a_port_of_its_own_whether_a_task_is_ready(made: Recorder) -> None:
    check = made.find(GROUP, "shop-web").inputs["healthCheck"]
    assert (check["port"], check["path"], check["matcher"]) == ("8082", "/ready", "200-299")
    assert check["timeout"] < check["interval"] and check["enabled"] is True
    assert (check["healthyThreshold"], check["unhealthyThreshold"]) == (2, 3)


def test_a_new_task_has_as_long_as_the_settings_say(root: Path) -> None:
    made = deploy(root, healthTimeout=90)
    assert made.find(SERVICE, "shop-service").inputs["healthCheckGracePeriodSeconds"] == 120


@pytest.mark.parametrize(
    ("balance", "algorithm"), [("round_robin", "round_robin"), ("least_conn", "least_outstanding_requests")]
)
def test_requests_are_spread_as_the_site_says(root: Path, balance: str, algorithm: str) -> None:
    made = deploy(root, make_site(balance=balance))
    assert made.find(GROUP, "shop-web").inputs["loadBalancingAlgorithmType"] == algorithm


def test_a_task_definition_says_what_fargate_wants_to_know(made: Recorder) -> None:
    task = made.find(TASK, "shop-task").inputs
    assert task["family"] == "portico-test-shop"
    assert (task["requiresCompatibilities"], task["networkMode"]) == (["FARGATE"], "awsvpc")
    assert task["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    assert task["cpu"] == "256" and int(task["memory"]) in (512, 1024, 2048)
    assert [one["name"] for one in task["volumes"]] == list(VOLUMES)
    # AWS goes back to the one before; so that must be there.
    assert task["skipDestroy"] is True


def test_nothing_is_said_of_a_task_that_its_releases_id_is_not_made_of(made: Recorder) -> None:
    """Which is made of the first five (config/targets/ecs/task.py); the others never change while a stack lives."""
    assert set(made.find(TASK, "shop-task").inputs) == {
        *("cpu", "memory", "runtimePlatform", "volumes", "containerDefinitions"),
        *("family", "requiresCompatibilities", "networkMode", "executionRoleArn", "taskRoleArn"),
        *("skipDestroy", "tags"),
    }


def test_another_processor_and_size(root: Path) -> None:
    task = deploy(root, section={"architecture": "x86_64", "cpu": 1024}).find(TASK, "shop-task").inputs
    assert task["runtimePlatform"]["cpuArchitecture"] == "X86_64" and task["cpu"] == "1024"
    assert int(task["memory"]) >= 2048


def test_every_container_logs_into_a_group_that_forgets(made: Recorder, root: Path) -> None:
    for site in ("shop", "blog"):
        text = made.find(TASK, f"{site}-task").inputs["containerDefinitions"]
        for box in json.loads(text):
            assert box["logConfiguration"]["options"]["awslogs-group"] == f"{site}-logs-0123456"
            assert box["logConfiguration"]["options"]["awslogs-region"] == REGION
        assert made.find(LOGS, f"{site}-logs").inputs["retentionInDays"] == 90
    other = deploy(root, section={"retention": 30})
    assert {one.inputs["retentionInDays"] for one in other.of_type(LOGS)} == {30}


def test_every_container_is_without_powers(made: Recorder) -> None:
    for task in made.of_type(TASK):
        for box in json.loads(task.inputs["containerDefinitions"]):
            assert box["readonlyRootFilesystem"] is True and box["user"].split(":")[0] not in ("0", "root")
            assert box["linuxParameters"]["capabilities"]["drop"] == ["ALL"]
            assert "@sha256:" in box["image"]


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("a" * 20, "a" * 20 + "-web"),
        ("b" * 32, None),
        ("b" * 31 + "c", None),
        (f"{'b' * 12}-{'c' * 9}", None),
        ("a--b", None),
    ],
)
def test_a_target_group_has_a_name_that_aws_takes(root: Path, name: str, group: str | None) -> None:
    (found,) = deploy(root, make_site(name=name)).of_type(GROUP)
    # Pulumi adds eight characters, and AWS takes 32.
    assert len(found.name) <= 24
    # Nor two hyphens beside one another.
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", found.name)
    assert group is None or found.name == group


def test_long_names_that_look_alike_have_target_groups_of_their_own(root: Path) -> None:
    sites = [make_site(name="b" * 31 + letter, hosts=[f"{letter}.example"]) for letter in "cd"]
    assert len({one.name for one in deploy(root, *sites).of_type(GROUP)}) == 2
