"""What `portico recover` says of release commands on ECS that an interrupted run has left at work."""

import json
from typing import Any

import pytest

from portico.cli.engine import Export
from portico.cli.unended_commands import tell_unended
from portico.config.task_names import RELEASE
from tests.components.fake_aws import FakeAws

ARN = "arn:aws:ecs:eu-central-1:1:cluster/c"


def make(*sites: str, cluster: bool = True) -> Export:
    """The state of a stack in which these sites have a release command."""
    resources: list[dict[str, Any]] = []
    for site in sites:
        for name in ("gunicorn", RELEASE):
            log = {"options": {"awslogs-group": f"{site}-logs", "awslogs-stream-prefix": site}}
            family = f"portico-test-{site}{f'_{name}' if name == RELEASE else ''}"
            outputs = {
                "family": family,
                "containerDefinitions": json.dumps([{"name": name, "logConfiguration": log}]),
            }
            resources.append({"type": "aws:ecs/taskDefinition:TaskDefinition", "urn": "u", "outputs": outputs})
    if cluster:
        resources.append({"type": "aws:ecs/cluster:Cluster", "urn": "u", "outputs": {"arn": ARN}})
    return {"deployment": {"resources": resources}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    found = FakeAws()
    monkeypatch.setattr("portico.components.aws_command.run", found.run)
    return found


def test_each_that_runs_is_named_and_no_other_one(aws: FakeAws) -> None:
    aws.add("k0", looks=-1)
    aws.add("k1", looks=10)
    aws.add("k1", family="portico-test-shop", looks=10)
    assert [*tell_unended(make("shop", "blog"))] == [
        "The release command of shop still runs (task 1).",
        "It may finish; this command waits for it.",
    ]


def test_where_there_is_no_cluster_nobody_is_asked(aws: FakeAws) -> None:
    assert [*tell_unended(make("shop", cluster=False))] == [*tell_unended({})] == [] == aws.calls


def test_an_aws_that_does_not_answer_holds_nothing_up(aws: FakeAws) -> None:
    aws.refuses["list-tasks"] = "AccessDeniedException"
    first, second = tell_unended(make("shop", "blog"))
    assert first.startswith("Whether the release command of shop still runs cannot be seen: AWS does not answer")
    assert second.startswith("Whether the release command of blog")
