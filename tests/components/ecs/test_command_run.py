"""A release command on ECS: it runs once, nothing beside it, and what AWS shows decides how it ended."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from portico.components.aws_command import AwsError
from portico.components.ecs.command_run import Asked, CommandFailed, run_once
from portico.components.one_off_tasks import Cluster, Network
from portico.components.parameter_record import EMPTY, read_runs
from portico.config.task_names import RELEASE
from tests.components.fake_aws import FakeAws

RECORD = "/portico/portico/test/shop/release-command"
FAMILY = f"portico-test-shop_{RELEASE}"
ASKED = Asked(
    site="shop",
    release="1a2b3c",
    key="k1",
    command="flask db upgrade",
    timeout=600,
    pinned=False,
    cluster=Cluster(region="eu-central-1", arn="arn:aws:ecs:eu-central-1:1:cluster/c"),
    network=Network(subnets=("subnet-1", "subnet-2"), firewalls=("sg-1",), public=True),
    definition=f"arn:aws:ecs:eu-central-1:1:task-definition/{FAMILY}:3",
    family=FAMILY,
    logs="shop-logs",
    record=RECORD,
)


class Clock:
    """Seconds that pass only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    found, clock = FakeAws(parameters={RECORD: EMPTY}), Clock()
    monkeypatch.setattr("portico.components.aws_command.run", found.run)
    monkeypatch.setattr("portico.components.ecs.command_run.time", clock)
    monkeypatch.setattr("portico.components.one_off_tasks.time", clock)
    yield found


def run(asked: Asked = ASKED) -> list[str]:
    """Run it; what was said."""
    said: list[str] = []
    run_once(asked, said.append, said.append)
    return said


def fail(asked: Asked = ASKED) -> str:
    with pytest.raises(CommandFailed) as caught:
        run(asked)
    return str(caught.value)


def codes() -> list[tuple[str, int]]:
    return [(one.key, one.code) for one in read_runs("eu-central-1", RECORD)]


def test_it_runs_once_for_what_it_depends_on(aws: FakeAws) -> None:
    assert run() == [] and codes() == [("k1", 0)]
    # Neither another release of the same key nor an hour later, when AWS has forgotten the task.
    aws.tasks.clear()
    run(replace(ASKED, release="4d5e6f"))
    assert aws.count("run-task") == 1
    run(replace(ASKED, key="k2"))
    assert aws.count("run-task") == 2 and codes() == [("k1", 0), ("k2", 0)]
    (first, _) = read_runs("eu-central-1", RECORD)
    assert (first.release, first.command, first.seconds) == ("1a2b3c", "flask db upgrade", 7.5)


def test_it_is_a_task_of_the_release_in_the_network_of_the_others(aws: FakeAws) -> None:
    run()
    (call,) = [one for one in aws.calls if one[1] == "run-task"]
    assert aws.tasks[0].definition == ASKED.definition and aws.tasks[0].key == "k1" and not aws.tasks[0].command
    assert call[call.index("--network-configuration") + 1] == (
        '{"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], '
        '"assignPublicIp": "ENABLED"}}'
    )


def test_where_it_fails_its_code_and_its_last_lines_are_reported_and_it_is_tried_again(aws: FakeAws) -> None:
    aws.codes, aws.log = [3, 4], [f"line {number}" for number in range(30)]
    said = fail().splitlines()
    assert said[:3] == ["(`flask db upgrade`) failed with exit code 3", "Its last log lines:", "  line 10"]
    assert said[-1] == "  line 29" and codes() == [("k1", 3)]
    assert "exit code 4" in fail()
    run()
    assert [one.token for one in aws.tasks] == list(dict.fromkeys(one.token for one in aws.tasks))
    assert [code for _, code in codes()][-1] == 0


def test_one_that_is_given_back_is_no_failure_of_an_earlier_run(aws: FakeAws) -> None:
    """AWS knows a token for longer than it tells of its task: then another one is started."""
    aws.codes = [1]
    fail()
    token = aws.tasks[0].token
    aws.tasks[0].family = "forgotten"
    aws.parameters[RECORD] = EMPTY
    run()
    assert [one.token == token for one in aws.tasks] == [True, False] and codes()[-1] == ("k1", 0)


@pytest.mark.parametrize("code", [0, 3])
def test_one_that_ends_at_once_is_started_once(aws: FakeAws, code: int) -> None:
    aws.looks, aws.codes = 0, [code]
    if code:
        assert "exit code 3" in fail()
    else:
        run()
    assert aws.count("run-task") == 1 and codes() == [("k1", code)]


@pytest.mark.parametrize("key", ["k1", "k0"])
def test_one_that_still_runs_is_waited_for(aws: FakeAws, key: str) -> None:
    other = aws.add(key, looks=40)
    said = run()
    assert said[0].startswith("shop: the release command of a run before this one still runs; this update waits")
    assert "(30 s until now)" in said[1]
    # The same is not run again, and another one begins after it alone.
    assert aws.count("run-task") == (0 if key == "k1" else 1)
    assert codes() == ([("k1", 0)] if key == "k1" else [("k0", 0), ("k1", 0)])
    assert other.looks < 0 and not other.stopped


def test_one_that_was_reported_to_end_and_has_not_yet_is_waited_for_too(aws: FakeAws) -> None:
    aws.add("k0", looks=5, stopped=True, code=143)
    begun: list[bool] = []
    aws.before = lambda call: begun.append(aws.tasks[0].looks < 0) if call[1] == "run-task" else None
    run()
    assert begun == [True]


def test_what_ended_while_nobody_looked_is_not_run_again(aws: FakeAws) -> None:
    aws.add("k1", looks=-1)
    run()
    assert aws.count("run-task") == 0 and codes() == [("k1", 0)]
    # And is written down once.
    run()
    assert codes() == [("k1", 0)]


def test_two_machines_that_see_the_same_start_one_task(aws: FakeAws) -> None:
    def race(call: list[str]) -> None:
        if call[1] == "run-task":
            aws.before = lambda _: None
            run()

    aws.before = race
    run()
    assert len(aws.tasks) == 1 and codes() == [("k1", 0)]


def test_a_site_that_goes_back_runs_nothing_but_waits(aws: FakeAws) -> None:
    aws.add("k1", looks=5, code=1)
    run(replace(ASKED, pinned=True))
    assert aws.count("run-task") == 0 and codes() == [("k1", 1)]


def test_what_takes_too_long_is_stopped(aws: FakeAws) -> None:
    aws.looks = 10_000
    said = fail()
    assert aws.tasks[0].stopped and "failed with exit code 143" in said
    assert "AWS says: it took longer than release.timeout allows" in said
    looked = aws.count("describe-tasks")
    assert 600 / 2 < looked < 700 / 2


def test_a_task_that_never_begins_says_why(aws: FakeAws) -> None:
    aws.codes = [None]

    def explain(_: list[str]) -> None:
        for task in aws.tasks:
            task.reason = "CannotPullContainerError"

    aws.before = explain
    assert fail().splitlines()[:2] == [
        "(`flask db upgrade`) did not finish",
        "AWS says: CannotPullContainerError",
    ]
    run()


def test_what_aws_refuses_is_said_in_its_words(aws: FakeAws) -> None:
    aws.refuses["run-task"] = "AccessDeniedException"
    assert fail() == "AWS does not answer `aws ecs run-task`: An error occurred (AccessDeniedException)"
    # Without the record nothing is run: it could be once too often.
    aws.refuses = {"get-parameter": "AccessDeniedException"}
    assert "get-parameter" in fail() and not aws.tasks


@pytest.mark.parametrize("lost", [9, 10])
def test_answers_that_are_lost_are_asked_for_again_but_not_for_ever(aws: FakeAws, lost: int) -> None:
    aws.looks = 20

    def lose(words: list[str]) -> None:
        # Once it is started, which is looked at too.
        looks = aws.count("describe-tasks") - 1
        aws.refuses = {"describe-tasks": "ThrottlingException"} if 0 < looks <= lost else {}

    aws.before = lose
    if lost == 10:
        assert "ThrottlingException" in fail()
        aws.before = lambda _: None
        aws.refuses = {}
    run()
    # Which goes on meanwhile, and is no other one.
    assert len(aws.tasks) == 1 and codes() == [("k1", 0)]


def test_an_end_that_cannot_be_written_down_is_none_that_failed(aws: FakeAws) -> None:
    aws.refuses["put-parameter"] = "AccessDeniedException"
    (said,) = run()
    assert said.startswith("shop: how its release command ended cannot be written down, so it may be run once more")
    # AWS itself still tells of the task.
    run()
    assert aws.count("run-task") == 1


def test_the_record_fits_into_a_parameter(aws: FakeAws) -> None:
    for number in range(60):
        run(replace(ASKED, key=f"k{number}", command="flask " + "x" * 80))
    found = codes()
    assert found[-1] == ("k59", 0) and 20 < len(found) < 60


@pytest.mark.parametrize("command", ["sh -c 'echo {{x}}'", "echo " + "é" * 900])
def test_a_command_that_a_parameter_does_not_take_is_left_out(aws: FakeAws, command: str) -> None:
    run(replace(ASKED, command=command))
    assert codes() == [("k1", 0)] and read_runs("eu-central-1", RECORD)[0].command == ""


def test_logs_that_cannot_be_read_hide_no_failure(aws: FakeAws) -> None:
    aws.codes, aws.refuses = [3], {"get-log-events": "AccessDeniedException"}
    said: Any = fail()
    assert "failed with exit code 3" in said and "Its log cannot be read: " in said


@pytest.mark.parametrize("lasts", [20, 200])
def test_a_role_that_was_just_made_is_waited_for(aws: FakeAws, monkeypatch: pytest.MonkeyPatch, lasts: int) -> None:
    left = [lasts]

    def forget(words: list[str]) -> None:
        if words[1] == "run-task" and left[0]:
            left[0] -= 1
            raise AwsError(
                "An error occurred (ClientException): ECS was unable to assume the role 'arn:aws:iam::1:role/x'"
            )

    aws.before = forget
    if lasts == 200:
        assert "unable to assume the role" in fail()
        assert left[0] > 150
    else:
        run()
        assert codes() == [("k1", 0)]


def test_no_capacity_for_a_task_is_said(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    reported = {"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time."}]}
    monkeypatch.setattr("portico.components.one_off_tasks.ask", lambda *_: reported)
    with pytest.raises(AwsError, match=f"AWS starts no task of {FAMILY}:3: Capacity is unavailable"):
        ASKED.cluster.start(ASKED.definition, ASKED.network, key="k1")
