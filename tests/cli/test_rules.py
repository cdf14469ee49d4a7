"""make rules: what it says of a plan, and how it ends."""

import json
from typing import Any

import pytest

from portico.cli.commands.rules import judge

VPC = "aws:ec2/vpc:Vpc"


def plan(*inputs: dict[str, Any], **more: Any) -> str:
    states = [
        {"urn": f"urn:pulumi:test::portico::{VPC}::vpc-{index}", "type": VPC, "inputs": one}
        for index, one in enumerate(inputs)
    ]
    return json.dumps({"steps": [{"op": "create", "urn": one["urn"], "newState": one} for one in states], **more})


def test_nothing_of_aws_has_nothing_to_fix(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(plan()) == 0
    assert capsys.readouterr().out == "75 rules, 0 resources of AWS: nothing to fix.\n"


def test_each_violation_has_a_line_and_the_command_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(plan({"tags": {"a": "b"}}, {})) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        *("Vpc vpc-0", "Vpc vpc-1", "Vpc vpc-0", "Vpc vpc-1", "Vpc vpc-1"),
        "75 rules, 2 resources of AWS",
    ]
    assert lines[-1].endswith(": 5 to fix.")


def test_without_a_plan_the_reason_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {"severity": "error", "message": "error: port: 0 does not fit\n"}
    assert judge(plan(diagnostics=[{"severity": "warning", "message": "old\n"}, wrong])) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error: port: 0 does not fit\n")


@pytest.mark.parametrize("text", ["", "error: no stack named prod found"])
def test_what_is_no_plan_is_no_success(text: str) -> None:
    assert judge(text) == 1


def test_steps_without_a_new_state_are_what_goes() -> None:
    gone = {"op": "delete", "urn": "urn:pulumi:test::portico::aws:ec2/vpc:Vpc::old", "oldState": {"type": VPC}}
    assert judge(json.dumps({"steps": [gone]})) == 0
