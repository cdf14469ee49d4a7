"""Tasks of ECS that run one command to its end: started, looked at and ended by the AWS CLI, and their log."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from portico.components.aws_command import AwsError, ask
from portico.config.task_names import BY_HAND, RELEASE

# AWS tells of at most so many at once.
_MOST = 100
# Logs arrive late: how often they are asked for again until they stay the same, and the seconds between.
_LOOKS, _PAUSE = 5, 1.0


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where a task is: ids of subnets and of security groups, and whether it has a public address."""

    subnets: Sequence[str]
    firewalls: Sequence[str]
    public: bool

    def spell(self) -> str:
        """As ECS takes it."""
        inner = {
            "subnets": [*self.subnets],
            "securityGroups": [*self.firewalls],
            "assignPublicIp": "ENABLED" if self.public else "DISABLED",
        }
        return json.dumps({"awsvpcConfiguration": inner})


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task as AWS describes it.

    `key` is what it was started for. `began` is when its containers began, in seconds since 1970, None before that.
    `code` is how its command ended, None where it did not, or never began. `reason` is AWS's for its end.
    """

    arn: str
    key: str = ""
    status: str = ""
    began: float | None = None
    ended: float | None = None
    code: int | None = None
    reason: str = ""

    @classmethod
    def read(cls, reported: dict[str, Any]) -> Self:
        """From AWS's answer."""
        containers = reported.get("containers") or []
        own = [one for one in containers if one.get("name") in (RELEASE, BY_HAND)]
        reasons = [str(one["reason"]) for one in containers if one.get("reason")]
        return cls(
            arn=str(reported["taskArn"]),
            key=str(reported.get("startedBy") or ""),
            status=str(reported.get("lastStatus") or ""),
            began=_read_time(reported.get("startedAt")),
            ended=_read_time(reported.get("stoppedAt")),
            code=next((int(one["exitCode"]) for one in own if one.get("exitCode") is not None), None),
            reason="; ".join(dict.fromkeys(filter(None, [str(reported.get("stoppedReason") or ""), *reasons]))),
        )

    @property
    def id(self) -> str:
        """What logs call it."""
        return self.arn.rpartition("/")[2]

    @property
    def over(self) -> bool:
        """Whether all of it has ended."""
        return self.status == "STOPPED"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The tasks of one cluster (ARN or name). Every method raises AwsError."""

    region: str
    arn: str

    def list_family(self, family: str) -> list[Task]:
        """Those that run or are to run, and those that have ended within the hour or so in which AWS tells of them.

        The oldest first.
        """
        found: dict[str, None] = {}
        # One that was asked to end is among the second, while it still runs.
        for status in ("RUNNING", "STOPPED"):
            words = ("--family", family, "--desired-status", status)
            found |= dict.fromkeys(self._ask("list-tasks", *words).get("taskArns") or [])
        return sorted(self.describe([*found]), key=lambda one: one.began or float("inf"))

    def describe(self, arns: Sequence[str]) -> list[Task]:
        """Those that AWS still knows."""
        if not arns:
            return []
        reported = self._ask("describe-tasks", "--tasks", *arns[:_MOST])
        return [Task.read(one) for one in reported.get("tasks") or []]

    def start(
        self,
        definition: str,
        network: Network,
        *,
        key: str,
        token: str = "",
        container: str = "",
        words: Sequence[str] = (),
    ) -> Task:
        """Start one. Who asks again with the same `token` gets the same task.

        `words` are the command of `container` in place of what the definition says.
        """
        more = ["--client-token", token] if token else []
        if words:
            overrides = {"containerOverrides": [{"name": container, "command": [*words]}]}
            more += ["--overrides", json.dumps(overrides)]
        reported = self._ask(
            "run-task",
            *("--task-definition", definition, "--launch-type", "FARGATE", "--platform-version", "1.4.0"),
            *("--count", "1", "--started-by", key, "--network-configuration", network.spell()),
            *("--enable-ecs-managed-tags", "--propagate-tags", "TASK_DEFINITION"),
            *more,
        )
        for one in reported.get("tasks") or []:
            return Task.read(one)
        # No capacity, say: AWS tells that in an answer of its own.
        why = (
            "; ".join(str(one.get("reason") or one) for one in reported.get("failures") or []) or "AWS does not say why"
        )
        raise AwsError(f"AWS starts no task of {definition.rpartition('/')[2]}: {why}")

    def stop(self, task: Task, reason: str) -> None:
        """Ask it to end; it is killed after its time."""
        self._ask("stop-task", "--task", task.arn, "--reason", reason)

    def _ask(self, command: str, *words: str) -> dict[str, Any]:
        return ask(self.region, "ecs", command, "--cluster", self.arn, *words)


def read_log(region: str, group: str, stream: str, lines: int) -> list[str]:
    """The last lines of a stream of a group of logs; none where nothing was written. Raises AwsError."""
    try:
        reported = ask(
            region, "logs", "get-log-events", "--log-group-name", group, "--log-stream-name", stream,
            "--limit", str(lines),
        )  # fmt: skip
    except AwsError as error:
        if error.code == "ResourceNotFoundException":
            return []
        raise
    return [str(one["message"]) for one in reported.get("events") or []]


def read_whole_log(region: str, group: str, stream: str, lines: int) -> list[str]:
    """The same of a stream that has just ended, once no more of it arrives."""
    before: list[str] = []
    for _ in range(_LOOKS):
        found = read_log(region, group, stream, lines)
        if found and found == before:
            break
        before = found
        time.sleep(_PAUSE)
    return before


def name_stream(site: str, container: str, task: Task) -> str:
    """How AWS calls what a container of a task has written."""
    return f"{site}/{container}/{task.id}"


def _read_time(reported: Any) -> float | None:
    """Older versions of the AWS CLI tell seconds, newer ones a time as ISO 8601 writes it."""
    if reported is None:
        return None
    return datetime.fromisoformat(reported).timestamp() if isinstance(reported, str) else float(reported)
