"""Workers and jobs on ECS: services without a balancer, and schedules that may start their tasks and no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.components.ecs.sample import deploy
from tests.components.recorder import SERVICE, Recorder
from tests.components.sample import SECRET
from tests.config.sample import SHOP, make_site, write_files

TASK = "aws:ecs/taskDefinition:TaskDefinition"
SCHEDULE = "aws:scheduler/schedule:Schedule"
QUEUE = {"name": "queue", "command": "celery --app shop worker", "replicas": 3}
BEAT = {"name": "beat", "command": "celery --app shop beat", "single": True}
JOB = {
    "name": "nightly",
    "cron": "30 3 * * 1",
    "timeZone": "Europe/Berlin",
    "command": "flask tidy",
    "overlap": "allow",
}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)
    return deploy(root, make_site(workers=[QUEUE, BEAT], schedule=[JOB]), secrets={"shop": {"KEY": SECRET}})


def service(made: Recorder, name: str) -> dict[str, Any]:
    return made.find(SERVICE, f"shop-worker-{name}-service").inputs


def test_a_worker_is_a_service_that_nobody_is_led_to(busy: Recorder) -> None:
    found = service(busy, "queue")
    assert "loadBalancers" not in found and found["desiredCount"] == 3
    assert found["launchType"] == "FARGATE" and found["waitForSteadyState"] is True
    assert found["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    web = busy.find(SERVICE, "shop-service").inputs
    for same in ("cluster", "networkConfiguration", "platformVersion"):
        assert found[same] == web[same]


def test_a_queues_workers_start_first_and_a_single_one_stops_first(busy: Recorder) -> None:
    percents = ("deploymentMinimumHealthyPercent", "deploymentMaximumPercent", "availabilityZoneRebalancing")
    assert [service(busy, "queue")[one] for one in percents] == [100, 200, "ENABLED"]
    assert [service(busy, "beat")[one] for one in percents] == [0, 100, "DISABLED"]


def test_what_runs_is_of_a_family_of_its_own_and_has_the_sites_secrets(busy: Recorder) -> None:
    families = {one.name: one.inputs["family"] for one in busy.of_type(TASK)}
    assert families == {
        "shop-task": "portico-test-shop",
        "shop-worker-queue-task": "portico-test-shop_queue",
        "shop-worker-beat-task": "portico-test-shop_beat",
        "shop-jobs-nightly-task": "portico-test-shop_nightly",
        "shop-exec-task": "portico-test-shop_portico_exec",
    }
    for name in ("shop-worker-queue-task", "shop-jobs-nightly-task"):
        made = busy.find(TASK, name).inputs
        init, one = json.loads(made["containerDefinitions"])
        assert init["secrets"][0]["name"] == "PORTICO_SECRET_KEY" and "@sha256:" in one["image"]
        assert [volume["name"] for volume in made["volumes"]] == ["gunicorn-tmp", "gunicorn-secrets"]
        assert (made["cpu"], made["memory"]) == ("256", "1024")


def test_nothing_of_them_goes_live_before_the_web(root: Path) -> None:
    """Where AWS goes back to the release before, its workers and jobs stay too."""
    seen: list[Any] = []
    old = {"shop-service-0123456": "arn:aws:ecs:eu-central-1:123456789012:task-definition/portico-test-shop:1"}
    with pytest.raises(Exception, match="AWS went back to"):
        deploy(root, make_site(workers=[QUEUE], schedule=[JOB]), seen=seen, answers={"running": old})
    names = [one.name for one in seen]
    assert "shop-service" in names
    assert "shop-worker-queue-service" not in names and "shop-jobs-nightly-schedule" not in names


def test_a_schedule_starts_a_task_of_the_release_at_its_time(busy: Recorder) -> None:
    found = busy.find(SCHEDULE, "shop-jobs-nightly-schedule").inputs
    assert found["scheduleExpression"] == "cron(30 3 ? * MON *)"
    assert found["scheduleExpressionTimezone"] == "Europe/Berlin"
    assert found["flexibleTimeWindow"] == {"mode": "OFF"}
    target = found["target"]
    assert target["arn"] == "arn:aws:test:::fleet-cluster"
    assert target["retryPolicy"] == {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 300}
    task = target["ecsParameters"]
    assert task["taskDefinitionArn"].endswith(":task-definition/portico-test-shop_nightly:2")
    assert (task["launchType"], task["taskCount"]) == ("FARGATE", 1)
    web = busy.find(SERVICE, "shop-service").inputs["networkConfiguration"]
    assert task["networkConfiguration"] == web


def test_its_role_may_start_these_tasks_and_nothing_else(busy: Recorder) -> None:
    role = busy.find("aws:iam/role:Role", "shop-jobs-role")
    trust = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert [one["Principal"] for one in trust] == [{"Service": "scheduler.amazonaws.com"}]
    policy = json.loads(busy.find("aws:iam/rolePolicy:RolePolicy", "shop-jobs-allowed").inputs["policy"])
    allowed = {tuple(one["Action"]): one for one in policy["Statement"]}
    run = allowed[("ecs:RunTask",)]
    assert run["Resource"] == ["arn:aws:ecs:eu-central-1:123456789012:task-definition/portico-test-shop_nightly:*"]
    assert run["Condition"] == {"ArnEquals": {"ecs:cluster": "arn:aws:test:::fleet-cluster"}}
    given = allowed[("iam:PassRole",)]
    assert given["Resource"] == ["arn:aws:test:::shop-roles-execution", "arn:aws:test:::shop-roles-task"]
    assert given["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
