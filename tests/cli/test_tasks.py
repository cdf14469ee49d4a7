"""`portico logs`, `exec`, `shell` and `status` of a stack on ECS, with an AWS CLI that answers from memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portico.cli import task_exec, task_logs
from portico.cli.commands import exec as exec_
from portico.cli.commands import logs, shell, status
from portico.cli.deployed_tasks import DeployedTasks
from portico.cli.engine import Export
from portico.cli.refused import Refused
from portico.components.aws_command import AwsError
from portico.config.task_names import BY_HAND
from tests.components.fake_aws import FakeAws

CLUSTER = "arn:aws:ecs:eu-central-1:1:cluster/c"
RECORD = "/portico/portico/dev/shop/release-command"


def define(site: str, *names: str) -> dict[str, Any]:
    log = {"options": {"awslogs-group": f"{site}-logs", "awslogs-stream-prefix": site}}
    containers = [{"name": name, "logConfiguration": log} for name in names]
    family = f"portico-dev-{site}_{BY_HAND}" if BY_HAND in names else f"portico-dev-{site}"
    arn = f"arn:aws:ecs:eu-central-1:1:task-definition/{family}:4"
    return {
        "type": "aws:ecs/taskDefinition:TaskDefinition",
        "urn": f"urn::{site}-task",
        "outputs": {"arn": arn, "containerDefinitions": json.dumps(containers)},
    }


def make(*sites: str, exec: bool = True) -> Export:
    """The state of a stack on ECS with these sites."""
    network = {"subnets": ["subnet-1"], "assignPublicIp": False}
    parameter = {"name": RECORD, "arn": f"arn:aws:ssm:eu-central-1:1:parameter{RECORD}"}
    resources: list[dict[str, Any]] = [
        {"type": "pulumi:pulumi:Stack", "urn": "urn", "outputs": {"releases": dict.fromkeys(sites, "1a2b3c")}},
        {"type": "pulumi:providers:docker", "urn": "urn::fleet-docker", "inputs": {"host": "unix:///nowhere"}},
        {"type": "aws:ecs/cluster:Cluster", "urn": "urn::cluster", "outputs": {"arn": CLUSTER}},
        *(
            {
                "type": "aws:ecs/service:Service",
                "urn": f"urn::{site}-service",
                "outputs": {
                    "cluster": CLUSTER,
                    # What is there by now may be newer than what runs.
                    "taskDefinition": f"arn:aws:ecs:eu-central-1:1:task-definition/portico-dev-{site}:3",
                    "networkConfiguration": network | {"securityGroups": ["sg-1", f"sg-{site}"]},
                    "name": f"{site}-service-1",
                },
            }
            for site in sites
        ),
        {"type": "aws:ssm/parameter:Parameter", "urn": "urn::record", "outputs": parameter},
        *(define(site, "gunicorn", "nginx") for site in sites),
        *(define(site, "portico_secrets", BY_HAND) for site in sites if exec),
    ]
    return {"deployment": {"resources": resources}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    found = FakeAws()
    monkeypatch.setattr("portico.components.aws_command.run", found.run)
    monkeypatch.setattr(task_exec, "_PAUSE", 0)
    monkeypatch.setattr(task_exec, "signal", SimpleNamespace(SIGINT=2, SIGTERM=15, signal=lambda *_: None))
    yield found


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(command: Any, *words: str, export: Export | None = None) -> Result:
        for module in (exec_, logs, shell, status):
            monkeypatch.setattr(module, "prepare", lambda _: SimpleNamespace(root=None))
            monkeypatch.setattr(module, "read_export", lambda *_: make("shop") if export is None else export)
        monkeypatch.setattr(status, "describe", lambda *_: "")
        return CliRunner().invoke(command.command, ["-s", "dev", *words])

    return run


def test_exec_is_a_task_of_the_live_release_with_its_output_and_its_code(aws: FakeAws, call: Any) -> None:
    aws.codes, aws.log = [7], ["first", "second"]
    done = call(exec_, "--", "flask", "routes", "-x")
    assert (done.exit_code, done.stdout) == (7, "first\nsecond\n")
    (task,) = aws.tasks
    assert task.command == ["flask", "routes", "-x"] and task.definition.endswith(f"portico-dev-shop_{BY_HAND}:4")
    (run,) = [one for one in aws.calls if one[1] == "run-task"]
    assert json.loads(run[run.index("--network-configuration") + 1])["awsvpcConfiguration"] == {
        "subnets": ["subnet-1"],
        "securityGroups": ["sg-1", "sg-shop"],
        "assignPublicIp": "DISABLED",
    }
    assert run[run.index("--cluster") + 1] == CLUSTER
    # One text is a shell's.
    assert call(exec_, "echo $HOME").exit_code == 0 and aws.tasks[1].command == ["sh", "-c", "echo $HOME"]


def test_each_site_is_where_its_own_services_let_it_in() -> None:
    deployed = DeployedTasks.find("dev", make("shop", "blog"))
    assert deployed and deployed.find_network("blog").firewalls == ("sg-1", "sg-blog")
    with pytest.raises(Refused, match="news has no tasks yet"):
        deployed.find_network("news")


def test_one_that_ends_at_once_has_its_output_too(aws: FakeAws, call: Any) -> None:
    aws.looks, aws.brief, aws.codes, aws.log = 0, True, [4], ["first"]
    done = call(exec_, "--", "x")
    assert (done.exit_code, done.stdout) == (4, "first\n")


def test_its_output_comes_while_it_runs_and_each_line_once(
    aws: FakeAws, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.looks = 6

    def write(words: list[str]) -> None:
        if words[1] == "describe-tasks":
            aws.log.append(f"line {len(aws.log)}")

    aws.before = write
    assert call(exec_, "--", "flask", "x").stdout.splitlines() == [f"line {number}" for number in range(len(aws.log))]
    looks = [one[1] for one in aws.calls]
    assert looks.index("get-log-events") < len(looks) - looks[::-1].index("describe-tasks")


def test_one_that_is_interrupted_is_stopped(aws: FakeAws, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(task_exec, "signal", SimpleNamespace(SIGINT=2, SIGTERM=15, signal=handlers.__setitem__))
    aws.looks = 1000
    aws.before = lambda words: handlers[2](2, None) if aws.count("describe-tasks") == 3 else None
    done = call(exec_, "--", "sleep", "3600")
    assert done.exit_code == 143 and aws.count("stop-task") == 1


@pytest.mark.parametrize(
    ("words", "export", "said"),
    [
        (("--process", "queue", "--", "x"), None, "on ECS a command always runs as the web of a site, not as queue"),
        (("--release", "next", "--", "x"), None, "on ECS a command runs in the live release alone; leave out"),
        (("--site", "blog", "--", "x"), None, 'there is no site "blog" in the stack dev'),
        (("--", "x"), make("shop", "blog"), "which site?"),
        (("--", "x"), make("shop", exec=False), "shop was deployed before commands could be run on ECS; portico up"),
        ((), None, "which command?"),
    ],
)
def test_what_cannot_be_had_is_refused(
    aws: FakeAws, call: Any, words: tuple[str, ...], export: Export | None, said: str
) -> None:
    done = call(exec_, *words, export=export)
    assert done.exit_code == 1 and said in done.output and not aws.tasks


def test_a_command_that_never_begins_says_why(aws: FakeAws, call: Any) -> None:
    aws.codes = [None]

    def explain(_: list[str]) -> None:
        for task in aws.tasks:
            task.reason = "ResourceInitializationError: no secret"

    aws.before = explain
    done = call(exec_, "--", "x")
    assert done.exit_code == 1
    assert "the command did not finish; AWS says: ResourceInitializationError: no secret" in done.output
    aws.refuses["run-task"] = "AccessDeniedException"
    assert "AWS does not answer `aws ecs run-task`" in call(exec_, "--", "x").output


def test_shell_names_what_aws_itself_would_do(aws: FakeAws, call: Any) -> None:
    done = call(shell)
    (line,) = done.output.splitlines()
    assert done.exit_code == 1 and line.startswith("error: no shell can be opened in a task on ECS")
    assert "portico exec -s dev --site shop runs a command" in line and "session-manager-plugin" in line
    assert line.rstrip(".").endswith(
        f"aws ecs execute-command --region eu-central-1 --cluster {CLUSTER} --task TASK --container gunicorn "
        "--interactive --command sh"
    )
    assert aws.calls == []


class Streams:
    """Streams of logs of the site shop, {stream: lines}, the newest first; `running` are ids of tasks."""

    def __init__(self, streams: dict[str, list[str]], *running: str) -> None:
        self.streams, self.running, self.groups = streams, running, list[str]()

    def answer(self, region: str, service: str, command: str, *words: str) -> dict[str, Any]:
        given = {words[at][2:]: words[at + 1] for at in range(len(words) - 1) if words[at].startswith("--")}
        match command:
            case "list-tasks":
                return {"taskArns": [f"arn:aws:ecs:r:1:task/c/{one}" for one in self.running]}
            case "describe-log-streams":
                self.groups.append(given["log-group-name"])
                found = [one for one in self.streams if given["log-group-name"] == f"{one.partition('/')[0]}-logs"]
                return {"logStreams": [{"logStreamName": one} for one in found]}
            case "get-log-events":
                lines = self.streams[given["log-stream-name"]][-int(given["limit"]) :]
                return {"events": [{"timestamp": 5, "message": line} for line in lines]}
        raise AssertionError(command)


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Streams:
    found = Streams(
        {
            "shop/portico_release/r2": ["second upgrade"],
            "shop/gunicorn/w2": ["b1", "b2", "b3"],
            "shop/nginx/w2": ["GET /"],
            "shop/gunicorn/w1": ["old"],
            "shop/gunicorn/w0": ["c1"],
            "shop/queue/q1": ["at work"],
            "shop/portico_release/r1": ["first upgrade"],
            "blog/gunicorn/x1": ["blog"],
        },
        *("w2", "w0", "q1", "x1"),
    )
    monkeypatch.setattr(task_logs, "ask", found.answer)
    return found


def test_logs_are_those_of_tasks_that_run_and_the_last_of_what_ended(streams: Streams, call: Any) -> None:
    assert call(logs, "--tail", "2").output.splitlines() == [
        "shop/portico_release/r2 | second upgrade",
        "shop/gunicorn/w0 | c1",
        "shop/gunicorn/w2 | b2",
        "shop/gunicorn/w2 | b3",
        "shop/nginx/w2 | GET /",
        "shop/queue/q1 | at work",
    ]


@pytest.mark.parametrize(
    ("process", "shown"),
    [
        ("web", ["shop/gunicorn/w0 | c1", "shop/gunicorn/w2 | b3", "shop/nginx/w2 | GET /"]),
        ("release", ["shop/portico_release/r2 | second upgrade"]),
        ("queue", ["shop/queue/q1 | at work"]),
    ],
)
def test_of_one_process_alone(streams: Streams, call: Any, process: str, shown: list[str]) -> None:
    assert call(logs, "--process", process, "--tail", "1").output.splitlines() == shown


def test_of_each_site_from_its_own_group(streams: Streams, call: Any) -> None:
    two = make("shop", "blog")
    assert call(logs, export=two).output.splitlines()[-1] == "blog/gunicorn/x1 | blog"
    assert call(logs, "--site", "blog", export=two).output.splitlines() == ["blog/gunicorn/x1 | blog"]
    assert streams.groups == ["shop-logs", "blog-logs", "blog-logs"]


def test_a_first_release_that_failed_has_logs_too(streams: Streams, call: Any) -> None:
    begun = make("shop")
    kept = ("aws:ecs/cluster:Cluster", "aws:ecs/taskDefinition:TaskDefinition", "pulumi:providers:docker")
    begun["deployment"]["resources"] = [one for one in begun["deployment"]["resources"] if one["type"] in kept]
    assert call(logs, "--process", "release", export=begun).output == "shop/portico_release/r2 | second upgrade\n"
    assert "no release of the stack dev went live yet" in call(exec_, "--", "x", export=begun).output


def test_a_process_that_nobody_knows_is_refused_with_those_there_are(streams: Streams, call: Any) -> None:
    done = call(logs, "--process", "beat")
    assert done.exit_code == 1
    assert 'shop has no logs of a process "beat", write --process and one of: queue release web' in done.output


def test_who_follows_sees_what_is_new_once_also_where_it_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = DeployedTasks.find("dev", make("shop"))
    assert deployed
    now = [100.0]
    events = [{"logStreamName": "shop/gunicorn/w1", "timestamp": 99_000, "message": "shown before"}]
    answers = Streams({"shop/gunicorn/w1": ["shown before"]}, "w1")
    said: list[str] = []

    def answer(region: str, service: str, command: str, *words: str) -> dict[str, Any]:
        if command != "filter-log-events":
            reported = answers.answer(region, service, command, *words)
            for one in reported.get("events", []):
                one["timestamp"] = 99_000
            return reported
        since = int(words[words.index("--start-time") + 1])
        if now[0] > 120:
            raise KeyboardInterrupt
        return {"events": [one for one in events if int(str(one["timestamp"])) >= since]}

    def sleep(_: float) -> None:
        now[0] += 5
        # It is from before the last look, and arrives after it.
        late = {"logStreamName": "shop/gunicorn/w2", "timestamp": int(now[0] * 1000) - 7000, "message": f"at {now[0]}"}
        events.append(late)

    monkeypatch.setattr(task_logs, "ask", answer)
    monkeypatch.setattr(task_logs, "time", SimpleNamespace(time=lambda: now[0], sleep=sleep))
    monkeypatch.setattr(task_logs.Line, "show", lambda self: said.append(self.text))
    with pytest.raises(KeyboardInterrupt):
        task_logs.show_logs(deployed, ["shop"], "", "50", follow=True)
    assert said == ["shown before", "at 105.0", "at 110.0", "at 115.0", "at 120.0"]


def test_logs_that_aws_does_not_give_are_one_line(monkeypatch: pytest.MonkeyPatch, call: Any, streams: Streams) -> None:
    def refuse(*_: str) -> dict[str, Any]:
        raise AwsError("AWS does not answer `aws ecs list-tasks`: ExpiredToken")

    monkeypatch.setattr(task_logs, "ask", refuse)
    done = call(logs)
    assert (done.exit_code, done.output) == (1, "error: AWS does not answer `aws ecs list-tasks`: ExpiredToken.\n")


def test_status_tells_how_the_last_release_command_ended(aws: FakeAws, call: Any) -> None:
    aws.parameters[RECORD] = "-\nk1 0 1773113400 1.0 0ld x\nk2 3 1773113460 0.2 def flask db upgrade"
    lines = call(status).output.splitlines()
    assert lines[0] == "dev: 1 running: shop-service-1"
    assert lines[-1] == (
        "  release command of 2026-03-10T03:31:00Z: `flask db upgrade` ended with exit code 3 after 0.2 s (release def)"
    )
    # It never needed the engine that builds images, and without an answer it tells the rest.
    aws.refuses["get-parameter"] = "AccessDeniedException"
    assert call(status).output.splitlines()[0] == "dev: 1 running: shop-service-1"


def test_the_state_of_another_target_has_no_tasks(tmp_path: Path) -> None:
    assert DeployedTasks.find("dev", {"deployment": {"resources": []}}) is None
