"""Whether a release is what runs, after AWS has said that all is well."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.ecs.rollout_check import Watch, explain
from tests.components.ecs.sample import SECTION, SHOP, deploy
from tests.components.fleet_answers import ACCOUNT, REGION
from tests.components.recorder import SERVICE, Recorder, Resource, run

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
    assert said[-1] == f"Its log: aws logs tail shop-logs-0123456 --since 30m --region {REGION}"
    # No host name is led to what is not live.
    assert not [one.name for one in seen if one.name.startswith("fleet-host-")]


def test_a_preview_asks_for_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    answers: dict[str, Any] = {"running": {"shop-service-0123456": f"{TASK}:1"}}
    assert deploy(root, answers=answers).exports["releases"]


def test_the_last_of_what_aws_noted_is_reported() -> None:
    events = [{"message": f"event {number}"} for number in range(20)]
    said = explain("shop", f"{TASK}:2", f"{TASK}:1", events, "logs", REGION).splitlines()
    assert said[2:-1] == [f"  event {number}" for number in range(5)]
    assert len(explain("shop", f"{TASK}:2", f"{TASK}:1", [], "logs", REGION).splitlines()) == 2


def tell(error: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said beside the provider's own words."""
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.error", said.append)

    watches: list[Watch] = []
    run(lambda: watches.append(Watch("shop", pulumi.Output.from_input("shop-logs"), REGION)))
    (hook,) = watches[0].hooks.on_error or []
    args = pulumi.ErrorHookArgs(
        urn="urn",
        id="id",
        name="shop-service",
        type="aws:ecs/service:Service",
        failed_operation="update",
        errors=[error],
    )
    # Nothing is tried a second time.
    assert isinstance(hook, pulumi.ErrorHook) and hook.callback(args) is False
    return said


@pytest.mark.parametrize(
    "error",
    [
        "waiting for ECS Service update: Service deployment rolled back because the circuit breaker threshold was met.",
        "timeout while waiting for state to become 'tfSTABLE' (last state: 'tfPENDING', timeout: 20m0s)",
    ],
)
def test_a_provider_that_notices_itself_is_put_into_plain_words(error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = tell(error, monkeypatch)
    assert said.splitlines() == [
        "shop: the tasks of this release were not healthy and AWS has given it up; a release before it keeps serving.",
        f"Its log: aws logs tail shop-logs --since 30m --region {REGION}",
    ]


def test_other_failures_speak_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell("AccessDeniedException: not authorized to perform: ecs:UpdateService", monkeypatch) == []


def test_every_service_is_watched(made: Recorder) -> None:
    assert all(one.error_hooks for one in made.of_type(SERVICE))
