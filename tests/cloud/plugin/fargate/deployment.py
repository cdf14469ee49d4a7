"""Deployments of a service: which definition runs, how far it is, and when it has failed."""

import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.cloud.plugin.fargate.task import RunningTask


@dataclass(kw_only=True)
class Deployment:
    """One try to have a definition run. `rollout` is IN_PROGRESS, COMPLETED or FAILED; `failed` counts its tasks.

    `ran`: whether a task of it has come as far as to run.
    """

    definition: str
    inputs: Mapping[str, Any]
    id: str = field(default_factory=lambda: f"ecs-svc/{secrets.randbelow(10**19):019}")
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    tasks: list[RunningTask] = field(default_factory=list)
    failed: int = 0
    ran: bool = False
    rollout: str = "IN_PROGRESS"
    reason: str = ""
    rests_until: float = 0.0

    @property
    def live(self) -> list[RunningTask]:
        """Its tasks that nobody has asked to end."""
        return [task for task in self.tasks if not task.stopping]

    def count(self, task_status: str) -> int:
        return sum(task.status == task_status for task in self.live)

    def note_failure(self) -> None:
        """A task did not become healthy, or did not stay so: the next one comes a little later."""
        self.failed += 1
        self.rests_until = time.monotonic() + min(10.0, 0.5 * 2**self.failed)

    def describe(self, status: str, desired: int) -> dict[str, Any]:
        """As AWS describes it; `status` is PRIMARY or ACTIVE."""
        return {
            "id": self.id,
            "status": status,
            "taskDefinition": self.definition,
            "desiredCount": desired,
            "pendingCount": self.count("PENDING") + self.count("PROVISIONING"),
            "runningCount": self.count("RUNNING"),
            "failedTasks": self.failed,
            "rolloutState": self.rollout,
            "rolloutStateReason": self.reason,
            "createdAt": self.created,
            "updatedAt": self.created,
        }


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How a service is rolled out: how many tasks it wants, and how many there may and must be meanwhile."""

    desired: int
    minimum: int
    maximum: int
    breaks: bool
    rolls_back: bool
    grace: float

    @classmethod
    def read(cls, inputs: Mapping[str, Any]) -> "Limits":
        """From a service's inputs, with what AWS takes where they say nothing."""
        desired = int(inputs.get("desiredCount") or 0)
        low, high = inputs.get("deploymentMinimumHealthyPercent"), inputs.get("deploymentMaximumPercent")
        breaker = inputs.get("deploymentCircuitBreaker") or {}
        return cls(
            desired=desired,
            minimum=math.ceil(desired * (100 if low is None else low) / 100),
            maximum=math.floor(desired * (200 if high is None else high) / 100),
            breaks=bool(breaker.get("enable")),
            rolls_back=bool(breaker.get("rollback")),
            grace=float(inputs.get("healthCheckGracePeriodSeconds") or 0),
        )

    @property
    def threshold(self) -> int:
        """As many tasks may fail before the circuit breaker opens: half of those wanted, but 3 to 200."""
        return min(200, max(3, math.ceil(self.desired * 0.5)))
