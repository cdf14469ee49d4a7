"""How the double of ECS rolls a definition out, looked at step by step, with tasks that do as they are reported."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.fargate import service as service_module
from tests.cloud.plugin.fargate import status
from tests.cloud.plugin.fargate.quota import REASON, limit
from tests.cloud.plugin.fargate.service import Service
from tests.cloud.plugin.fleet_kinds import DEFINITION, SERVICE

pytestmark = pytest.mark.extended

ARN = "arn:aws:ecs:eu-central-1:123456789012:service/cluster/web"


class Task:
    """Stands for a running task: tests set its status and health."""

    made: list["Task"]

    def __init__(self, engine: object, plan: Any, detach: Callable[..., None]) -> None:
        self.id, self.definition = f"task-{len(Task.made)}", plan.inputs["family"]
        self.status, self.health, self.reason, self.address = "PENDING", "HEALTHY", "", ""
        self.ran, self.reported, self.pulled = 0.0, False, set[str]()
        Task.made.append(self)

    @property
    def stopping(self) -> bool:
        return self.reported or self.status in ("DEACTIVATING", "STOPPING", "STOPPED")

    def start(self) -> None:
        pass

    def stop(self, reason: str) -> None:
        self.reported, self.reason = True, reason

    def join(self) -> None:
        pass


class Rollout:
    """A service with a circuit breaker; `family` names what runs."""

    def __init__(self, cloud: Cloud, **inputs: Any) -> None:
        self.cloud = cloud
        network = {"subnets": ["subnet-a", "subnet-b"]}
        self.inputs = {
            "name": "web",
            "desiredCount": 2,
            "networkConfiguration": network,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            **inputs,
        }
        self.service = Service(cloud, None, ARN, "image")  # type: ignore[arg-type]
        self.service._places.open = lambda subnet: subnet  # type: ignore[method-assign]

    def deploy(self, family: str, **more: str) -> str:
        id = f"definition-{family}"
        self.cloud.put(Thing(id=id, type=DEFINITION, urn=f"a::{id}", inputs={"family": family, **more}, outputs={}))
        self.inputs = {**self.inputs, "taskDefinition": id}
        self.cloud.put(Thing(id=ARN, type=SERVICE, urn="a::web", inputs=self.inputs, outputs={}))
        return self.service.deploy()

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            for deployment in self.service._deployments:
                deployment.rests_until = 0.0
            self.service.look()

    def live(self) -> list[str]:
        """What runs or begins, by its definition, in order."""
        return sorted(task.definition for task in Task.made if not task.stopping)

    def settle(self) -> None:
        """All that begin run, all that are asked to end have ended; until nothing more happens."""
        for _ in range(10):
            for task in Task.made:
                task.status = "STOPPED" if task.reported else "RUNNING" if task.status == "PENDING" else task.status
            self.look()

    def outcome(self, id: str) -> str:
        return str(status.read(self.cloud, ARN)["outcomes"].get(id, [""])[0])


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    Task.made = []
    monkeypatch.setattr(service_module, "RunningTask", Task)
    return Cloud(tmp_path)


@pytest.fixture
def rollout(cloud: Cloud) -> Rollout:
    rollout = Rollout(cloud)
    rollout.deploy("old")
    rollout.settle()
    return rollout


def run(*tasks: Task) -> None:
    for task in tasks:
        task.status = "RUNNING"


def test_the_new_ones_begin_before_an_old_one_ends(rollout: Rollout) -> None:
    id = rollout.deploy("new")
    rollout.look()
    assert rollout.live() == ["new", "new", "old", "old"]
    run(Task.made[2])
    rollout.look()
    assert rollout.live() == ["new", "new", "old"]
    assert rollout.outcome(id) == ""
    run(Task.made[3])
    rollout.look(2)
    assert rollout.live() == ["new", "new"]
    # Steady only when the old ones are gone.
    assert rollout.outcome(id) == ""
    rollout.settle()
    assert rollout.outcome(id) == "SUCCESSFUL"
    assert [one["status"] for one in status.read(rollout.cloud, ARN)["deployments"]] == ["PRIMARY"]


def test_no_more_run_than_the_percentage_allows(cloud: Cloud) -> None:
    rollout = Rollout(cloud, deploymentMaximumPercent=150, deploymentMinimumHealthyPercent=50)
    rollout.deploy("old")
    rollout.settle()
    rollout.deploy("new")
    rollout.look()
    assert rollout.live() == ["new", "old"]


def test_three_that_fail_open_the_breaker_and_the_old_ones_never_end(rollout: Rollout) -> None:
    id = rollout.deploy("bad")
    for _ in range(4):
        rollout.look()
        for task in Task.made:
            if task.definition == "bad" and not task.stopping:
                task.status, task.reason = "STOPPED", "Essential container in task exited"
    rollout.look(2)
    assert [task.stopping for task in Task.made if task.definition == "old"] == [False, False]
    assert rollout.live() == ["old", "old"]
    assert len([task for task in Task.made if task.definition == "bad"]) == 4
    assert rollout.outcome(id) == "ROLLBACK_SUCCESSFUL"
    (only,) = status.read(rollout.cloud, ARN)["deployments"]
    assert only["taskDefinition"] == "definition-old"
    # What comes next begins from there.
    rollout.deploy("good")
    rollout.settle()
    assert rollout.live() == ["good", "good"]


def test_without_a_way_back_nothing_more_is_begun(cloud: Cloud) -> None:
    rollout = Rollout(cloud)
    id = rollout.deploy("bad")
    for _ in range(5):
        rollout.look()
        for task in Task.made:
            task.status = "STOPPED"
    assert rollout.outcome(id) == "FAILED"
    assert len(Task.made) == 4


def test_without_a_breaker_it_is_tried_again_and_again(cloud: Cloud) -> None:
    rollout = Rollout(cloud, deploymentCircuitBreaker={"enable": False, "rollback": False})
    rollout.deploy("bad")
    for _ in range(20):
        rollout.look()
        for task in Task.made:
            task.status = "STOPPED"
    assert len(Task.made) == 20  # after a failure, not at once


@pytest.mark.parametrize(("grace", "ends"), [(0, True), (3600, False)])
def test_an_unhealthy_task_is_replaced_when_its_grace_is_over(cloud: Cloud, grace: int, ends: bool) -> None:
    rollout = Rollout(cloud, healthCheckGracePeriodSeconds=grace)
    rollout.deploy("old")
    rollout.settle()
    Task.made[0].health = "UNHEALTHY"
    Task.made[0].ran = time.monotonic()
    rollout.look()
    assert Task.made[0].reported == ends


def test_tasks_above_the_quota_wait_and_are_no_failure(cloud: Cloud) -> None:
    rollout = Rollout(cloud)
    rollout.deploy("old", cpu="1024")
    rollout.settle()
    # A release needs twice as many while it is rolled out; here is capacity for one more task.
    limit(cloud, 3)
    id = rollout.deploy("new", cpu="1024")
    rollout.look(5)
    assert rollout.live() == ["new", "old", "old"]
    reported = status.read(cloud, ARN)
    assert [REASON in one["message"] for one in reported["events"][:2]] == [True, False]
    assert reported["deployments"][0]["failedTasks"] == 0
    # One of the old ones goes for the new one that is healthy, and leaves its capacity.
    rollout.settle()
    assert rollout.live() == ["new", "new"] and rollout.outcome(id) == "SUCCESSFUL"
    # What another service runs counts, too.
    status.write(cloud, f"{ARN}-queue", tasks=[{"definition": "definition-new"}])
    rollout.deploy("newer", cpu="1024")
    rollout.look(5)
    assert rollout.live() == ["new", "new"] and rollout.outcome(id) == "SUCCESSFUL"


def test_fewer_are_wanted(rollout: Rollout) -> None:
    rollout.inputs = {**rollout.inputs, "desiredCount": 1}
    rollout.cloud.put(Thing(id=ARN, type=SERVICE, urn="a::web", inputs=rollout.inputs, outputs={}))
    rollout.look()
    assert rollout.live() == ["old"]
