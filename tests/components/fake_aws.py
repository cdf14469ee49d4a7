"""An AWS CLI that answers from memory: tasks that run one command, their logs, and parameters.

Each word that it is called with must be one of AWS's own description of that call (botocore).
"""

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import botocore.session

from portico.components.aws_command import AwsError
from portico.config.task_names import BY_HAND, RELEASE


@dataclass
class FakeTask:
    """`looks` is how often it is looked at until it has ended, with `code`; None for a task that never begins.

    Of a `brief` one AWS does not tell when it began.
    """

    arn: str
    family: str
    definition: str
    key: str
    token: str
    code: int | None = 0
    looks: int = 2
    command: list[str] = field(default_factory=list)
    reason: str = "Essential container in task exited"
    stopped: bool = False
    brief: bool = False
    began: float = 1773113460.25

    def describe(self) -> dict[str, Any]:
        """As AWS would; it comes nearer to its end by that."""
        self.looks -= 1
        over = self.looks < 0
        name = RELEASE if self.family.endswith(RELEASE) else BY_HAND
        containers: list[dict[str, Any]] = [{"name": "portico_secrets", "exitCode": 0}, {"name": name}]
        reported: dict[str, Any] = {"taskArn": self.arn, "startedBy": self.key, "lastStatus": "RUNNING"}
        if self.code is not None and not self.brief:
            reported["startedAt"] = self.began
        if over:
            reported |= {"lastStatus": "STOPPED", "stoppedAt": self.began + 7.5, "stoppedReason": self.reason}
            containers[1] |= {"exitCode": self.code} if self.code is not None else {}
        return reported | {"containers": containers}


@dataclass
class FakeAws:
    """`codes` are how the next tasks end, 0 where none is left. `before` is called with each call's words first."""

    codes: list[int | None] = field(default_factory=list)
    tasks: list[FakeTask] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    looks: int = 2
    brief: bool = False
    calls: list[list[str]] = field(default_factory=list)
    before: Callable[[list[str]], None] = lambda _: None

    def run(self, region: str, service: str, command: str, *words: str) -> str:
        """In place of components/aws_command.py's."""
        options = dict(_read(words))
        check(service, command, options)
        call = [service, command, *words]
        self.calls.append(call)
        self.before(call)
        if code := self.refuses.get(command):
            raise AwsError(f"AWS does not answer `aws {service} {command}`: An error occurred ({code})")
        answer: dict[str, Any] = getattr(self, f"_{command.replace('-', '_')}")(options)
        return json.dumps(answer)

    def count(self, command: str) -> int:
        """How often AWS was asked so."""
        return sum(call[1] == command for call in self.calls)

    def add(self, key: str, family: str = f"portico-test-shop_{RELEASE}", **more: Any) -> FakeTask:
        """A task that somebody else has started."""
        number = len(self.tasks)
        task = FakeTask(f"arn:aws:ecs:r:1:task/c/{number}", family, f"{family}:1", key, "", **more)
        task.began += 60 * number
        self.tasks.append(task)
        return task

    def _run_task(self, options: dict[str, list[str]]) -> dict[str, Any]:
        definition, token = options["task-definition"][0], "".join(options.get("client-token", []))
        if same := [one for one in self.tasks if token and one.token == token]:
            return {"tasks": [same[0].describe()]}
        family = definition.rpartition("/")[2].partition(":")[0]
        task = self.add(options["started-by"][0], family, code=self.codes.pop(0) if self.codes else 0)
        task.definition, task.token, task.looks, task.brief = definition, token, self.looks, self.brief
        for one in json.loads(options.get("overrides", ["{}"])[0]).get("containerOverrides", []):
            task.command = one["command"]
        return {"tasks": [{"taskArn": task.arn, "startedBy": task.key, "lastStatus": "PROVISIONING"}]}

    def _list_tasks(self, options: dict[str, list[str]]) -> dict[str, Any]:
        wanted = options.get("desired-status", ["RUNNING"]) == ["STOPPED"]
        family = options.get("family")
        found = [one for one in self.tasks if (one.looks < 0 or one.stopped) == wanted]
        return {"taskArns": [one.arn for one in found if family in (None, [one.family])]}

    def _describe_tasks(self, options: dict[str, list[str]]) -> dict[str, Any]:
        known = [one for one in self.tasks if one.arn in options["tasks"] and one.family != "forgotten"]
        return {"tasks": [one.describe() for one in known]}

    def _stop_task(self, options: dict[str, list[str]]) -> dict[str, Any]:
        (task,) = [one for one in self.tasks if [one.arn] == options["task"]]
        task.stopped, task.code, task.reason, task.looks = True, 143, options["reason"][0], 1
        return {}

    def _get_log_events(self, options: dict[str, list[str]]) -> dict[str, Any]:
        first = int("".join(options.get("next-token", [])) or 0)
        last = -int(options["limit"][0]) if "limit" in options else first
        events = [{"timestamp": 1, "message": line} for line in self.log[last:]]
        return {"events": events, "nextForwardToken": str(len(self.log))}

    def _get_parameter(self, options: dict[str, list[str]]) -> dict[str, Any]:
        (name,) = options["name"]
        if name not in self.parameters:
            raise AwsError("An error occurred (ParameterNotFound)")
        assert "with-decryption" in options
        return {"Parameter": {"Value": self.parameters[name]}}

    def _put_parameter(self, options: dict[str, list[str]]) -> dict[str, Any]:
        (value,) = options["value"]
        assert len(value.encode()) <= 4096 and "{{" not in value
        self.parameters[options["name"][0]] = value
        return {}


def check(service: str, command: str, options: dict[str, list[str]]) -> None:
    """That AWS knows a call and each of its options."""
    model = _load(service)
    # Some have words in capitals: DescribeDBInstances.
    (name,) = (one for one in model.operation_names if one.lower() == command.replace("-", ""))
    members = {one.lower() for one in model.operation_model(name).input_shape.members}
    known = {one.replace("-", "").lower() for one in options} - {"output", "maxitems"}
    assert known <= members, known - members


@functools.cache
def _load(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _read(words: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    name: str = ""
    values: list[str] = []
    for word in words:
        if word.startswith("--"):
            if name:
                yield name, values
            name, values = word[2:], []
        else:
            values.append(word)
    yield name, values
