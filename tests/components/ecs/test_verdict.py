"""Whether a release is what runs, after AWS has said that all is well."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.ecs.verdict import explain
from tests.components.ecs.sample import SECTION, SHOP, deploy
from tests.components.fleet_answers import ACCOUNT, REGION
from tests.components.recorder import Recorder, Resource

TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/portico-test-shop"


def test_a_release_that_runs_is_live(made: Recorder) -> None:
    (outputs,) = [made.outputs[one.urn] for one in made.of_type("portico:ecs:Service") if one.name == "shop"]
    assert outputs["live"] == f"{TASK}:2"


def test_a_release_that_aws_took_back_fails_the_update(root: Path) -> None:
    seen: list[Resource] = []
    with pytest.raises(pulumi.RunError) as caught:
        deploy(root, SHOP, section=SECTION, seen=seen, answers={"running": {"shop-service-0123456": f"{TASK}:1"}})
    said = str(caught.value).splitlines()
    assert said[0] == (
        "shop: portico-test-shop:2 was not healthy and AWS went back to portico-test-shop:1; "
        "the release before keeps serving."
    )
    assert "has reached a steady state" in said[2]
    assert said[-1] == f"Its own words: aws logs tail shop-logs-0123456 --since 30m --region {REGION}"
    # No host name is led to what is not live.
    assert not [one.name for one in seen if one.name.startswith("fleet-host-")]


def test_a_preview_asks_for_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    answers: dict[str, Any] = {"running": {"shop-service-0123456": f"{TASK}:1"}}
    assert deploy(root, answers=answers).exports["releases"]


def test_the_last_of_what_aws_noted_is_told() -> None:
    events = [{"message": f"event {number}"} for number in range(20)]
    said = explain("shop", f"{TASK}:2", f"{TASK}:1", events, "logs", REGION).splitlines()
    assert said[2:-1] == [f"  event {number}" for number in range(5)]
    assert len(explain("shop", f"{TASK}:2", f"{TASK}:1", [], "logs", REGION).splitlines()) == 2
