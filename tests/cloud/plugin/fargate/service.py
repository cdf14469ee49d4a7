"""A service: as many tasks as it wants, a new definition started before the old one stops, and the way back."""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import docker.errors
from docker import DockerClient

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.admission import Admission
from tests.cloud.plugin.fargate.deployment import Deployment, Limits
from tests.cloud.plugin.fargate.places import Places
from tests.cloud.plugin.fargate.quota import REASON, has_capacity
from tests.cloud.plugin.fargate.status import write
from tests.cloud.plugin.fargate.targets import Targets
from tests.cloud.plugin.fargate.task import Plan, RunningTask
from tests.cloud.plugin.fleet_kinds import DEFINITION, SERVICE
from tests.cloud.plugin.owner import LABEL, name_owner
from tests.cloud.plugin.registry import USER, read_password


class Service:
    """One service of ECS. Its methods are called from one thread at a time."""

    def __init__(self, cloud: Cloud, engine: DockerClient, arn: str, keeper: str) -> None:
        self._cloud, self._engine, self._arn, self._keeper = cloud, engine, arn, keeper
        self._places, self._targets = Places(cloud, engine), Targets(cloud)
        self._logs = cloud.folder / "logs"
        self._logs.mkdir(exist_ok=True)
        self._deployments: list[Deployment] = []  # the first one is primary
        self._good: Deployment | None = None  # the last one that was completed
        self._given_up: list[Deployment] = []  # what a way back leads away from
        self._outcomes: dict[str, tuple[str, str]] = {}
        self._events: list[dict[str, str]] = []  # the newest first
        self._pulled: set[str] = set()
        self._started = 0

    # --- what it is given

    def deploy(self) -> str:
        """Roll out what the books say now; the id of the deployment."""
        inputs = self._inputs
        definition = self._cloud.find(inputs["taskDefinition"], DEFINITION)
        assert definition is not None  # the plugin takes no reference to what is not there
        new = Deployment(definition=definition.id, inputs=definition.inputs)
        for one in self._deployments:
            if one.rollout == "IN_PROGRESS":
                self._outcomes[one.id] = ("STOPPED", "another deployment has begun")
        self._deployments.insert(0, new)
        self._tell()
        return new.id

    def end(self) -> None:
        """Drain and stop all tasks, and take away what they needed."""
        tasks = [task for one in self._deployments for task in one.tasks]
        for task in tasks:
            task.stop("the service is deleted")
        for task in tasks:
            task.join()
            self._pulled |= task.pulled
        for image in self._pulled:
            with suppress(docker.errors.APIError):
                self._engine.images.remove(image)
        with suppress(docker.errors.APIError, OSError):
            self._places.close()

    @property
    def calm(self) -> bool:
        """Whether nothing is under way."""
        return [one.rollout for one in self._deployments] == ["COMPLETED"]

    # --- what it does again and again

    def look(self) -> None:
        """One look at everything, and what follows from it."""
        limits = Limits.read(self._inputs)
        self._targets.refresh(self._inputs)
        self._bury()
        for deployment in self._deployments:
            for task in deployment.live:
                if task.status == "RUNNING":
                    deployment.ran = True
                    self._targets.attach(task)
                    if self._is_bad(task, limits):
                        self._fail(deployment, task, "failed its health checks")
        if self._deployments:
            self._break(limits)
            self._scale(limits)
            self._complete(limits)
        self._tell()

    def _bury(self) -> None:
        """Tasks that have ended. Who was not asked to has failed."""
        for deployment in self._deployments:
            for task in [one for one in deployment.tasks if one.status == "STOPPED"]:
                task.join()
                self._pulled |= task.pulled
                deployment.tasks.remove(task)
                self._say(f"task {task.id[:8]} of {deployment.definition} stopped: {task.reason}")
                if not task.reported:
                    deployment.note_failure()
        self._deployments = [
            one for number, one in enumerate(self._deployments) if number == 0 or one.tasks or one.rollout != "FAILED"
        ]

    def _fail(self, deployment: Deployment, task: RunningTask, why: str) -> None:
        task.stop(f"Task {why}")
        deployment.note_failure()

    def _break(self, limits: Limits) -> None:
        """The circuit breaker: enough has failed, so back to what was good."""
        primary = self._deployments[0]
        if not (limits.breaks and primary.rollout == "IN_PROGRESS" and primary.failed >= limits.threshold):
            return
        why = "tasks failed health checks" if primary.ran else "tasks failed to start"
        primary.rollout, primary.reason = "FAILED", f"ECS deployment circuit breaker: {why}."
        self._say(f"deployment {primary.id}: {primary.reason}")
        for task in primary.live:
            task.stop("the deployment has failed")
        if not (limits.rolls_back and self._good):
            self._outcomes[primary.id] = ("FAILED", primary.reason)
            return
        self._given_up.append(primary)
        back = self._good
        if back in self._deployments:
            self._deployments.remove(back)
        else:
            back = Deployment(definition=back.definition, inputs=back.inputs)
        back.rollout = "IN_PROGRESS"
        back.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {back.id}."
        self._deployments.insert(0, back)

    def _scale(self, limits: Limits) -> None:
        """Start what is missing as far as there is capacity, then stop what is too much as far as enough is healthy."""
        primary, *others = self._deployments
        live = sum(len(one.live) for one in self._deployments)
        if primary.rollout != "FAILED" and time.monotonic() >= primary.rests_until:
            for _ in range(min(limits.desired - len(primary.live), limits.maximum - live)):
                running = [one.definition for one in self._deployments for _ in one.tasks]
                if not has_capacity(self._cloud, primary.definition, self._arn, running):
                    # No failure: it is tried again, and the circuit breaker counts nothing.
                    self._say_once(f"unable to place a task. Reason: {REASON}.")
                    break
                primary.tasks.append(self._start(primary))
        good = sum(self._is_good(task) for one in self._deployments for task in one.live)
        extra = primary.live[limits.desired :] if primary.rollout != "FAILED" else []
        for task in [*(task for one in others for task in one.live), *extra]:
            if not self._is_good(task):
                task.stop("another deployment runs")
            elif good > limits.minimum:
                good -= 1
                task.stop("another deployment runs")

    def _complete(self, limits: Limits) -> None:
        primary, *others = self._deployments
        good = sum(self._is_good(task) for task in primary.live)
        if primary.rollout != "IN_PROGRESS" or good < limits.desired or len(primary.tasks) > limits.desired:
            return
        if any(one.tasks for one in others):
            return
        for one in self._given_up:
            self._outcomes[one.id] = ("ROLLBACK_SUCCESSFUL", f"{one.reason[:-1]}, and it was rolled back.")
        self._given_up.clear()
        primary.rollout = "COMPLETED"
        primary.reason = f"ECS deployment {primary.id} completed."
        self._outcomes.setdefault(primary.id, ("SUCCESSFUL", primary.reason))
        self._say(f"{primary.definition} has reached a steady state")
        self._good, self._deployments = primary, [primary]

    def _start(self, deployment: Deployment) -> RunningTask:
        inputs = self._inputs
        network = inputs["networkConfiguration"]
        # Spread over the zones, one after the other.
        subnet = network["subnets"][self._started % len(network["subnets"])]
        self._started += 1
        admission = Admission(self._cloud, deployment.inputs, network)
        plan = Plan(
            inputs=deployment.inputs,
            network=self._places.open(subnet),
            labels={LABEL: name_owner(self._cloud.folder), f"{LABEL}.service": self._arn.rpartition("/")[2]},
            logs=self._logs,
            keeper=self._keeper,
            credentials={"username": USER, "password": read_password(self._cloud)},
            admit=admission.admit,
            open_folders=admission.open_folders,
            list_ways=admission.list_ways,
            resolve=admission.resolve,
        )
        task = RunningTask(self._engine, plan, self._targets.detach)
        task.start()
        self._say(f"task {task.id[:8]} of {deployment.definition} begins")
        return task

    def _is_good(self, task: RunningTask) -> bool:
        return task.status == "RUNNING" and task.health == "HEALTHY" and self._targets.states(task) <= {"healthy"}

    def _is_bad(self, task: RunningTask, limits: Limits) -> bool:
        if time.monotonic() - task.ran < limits.grace:
            return False
        return task.health == "UNHEALTHY" or "unhealthy" in self._targets.states(task)

    # --- what it tells

    @property
    def _inputs(self) -> Mapping[str, Any]:
        thing = self._cloud.find(self._arn, SERVICE)
        assert thing is not None
        return thing.inputs

    def _say_once(self, what: str) -> None:
        if not self._events or self._events[0]["message"] != what:
            self._say(what)

    def _say(self, what: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._events.insert(0, {"id": str(len(self._events)), "createdAt": at, "message": what})
        print(f"{time.time():.3f} {what}", flush=True)

    def _tell(self) -> None:
        desired = Limits.read(self._inputs).desired
        reported = [one.describe("PRIMARY" if i == 0 else "ACTIVE", desired) for i, one in enumerate(self._deployments)]
        tasks = [
            {"id": task.id, "definition": one.definition, "status": task.status, "address": task.address}
            for one in self._deployments
            for task in one.tasks
        ]
        write(self._cloud, self._arn, deployments=reported, tasks=tasks, outcomes=self._outcomes, events=self._events)
