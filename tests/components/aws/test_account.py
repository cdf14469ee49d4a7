"""Whose account it is: no stack is made again in another one, and no role is for the services of another one."""

import json
from pathlib import Path

import pulumi
import pytest

from tests.components.aws.sample import OLD, leave, make_host
from tests.components.ecs.sample import BUSY, deploy
from tests.components.fleet_answers import ACCOUNT
from tests.components.recorder import Recorder, Resource

VPC = "aws:ec2/vpc:Vpc"
ROLE = "aws:iam/role:Role"
OTHER = "999999999999"
SAID = (
    f"This stack is in the AWS account {ACCOUNT}, and these credentials are of {OTHER}; nothing was changed. Name the "
    "other account's profile in AWS_PROFILE, and log in: aws sso login"
)


def recall(made: Recorder) -> dict[str, object]:
    """What the record says of the network."""
    return {
        one.urn: {"type": VPC, "outputs": {"ownerId": ACCOUNT, "cidrBlock": one.inputs["cidrBlock"]}}
        for one in made.of_type(VPC)
    }


def test_a_vm_of_another_account_is_not_taken_for_lost(root: Path) -> None:
    known = leave(3) | recall(make_host(root))
    assert make_host(root, resources=known, alive=[OLD])
    for section in ({}, {"region": "eu-west-1"}):
        seen: list[Resource] = []
        with pytest.raises(pulumi.RunError) as caught:
            make_host(root, section, resources=known, answers={"account": OTHER}, seen=seen)
        assert str(caught.value) == SAID
        assert {one.type for one in seen} <= {"pulumi:providers:aws", "portico:index:AwsHost"}


def test_a_fleet_is_not_made_again_in_another_account(root: Path) -> None:
    known = recall(deploy(root))
    assert deploy(root, answers={"known": known})
    with pytest.raises(pulumi.RunError) as caught:
        deploy(root, answers={"known": known, "account": OTHER})
    assert str(caught.value) == SAID


def test_services_take_roles_on_for_this_account_alone(root: Path) -> None:
    data = {"sites": [{**BUSY, "schedule": [], "workers": []}]}
    made = [*deploy(root, BUSY).of_type(ROLE), *make_host(root, None, **data).of_type(ROLE)]  # type: ignore[arg-type]
    found = [statement for one in made for statement in json.loads(one.inputs["assumeRolePolicy"])["Statement"]]
    services = {statement["Principal"]["Service"].partition(".")[0] for statement in found}
    assert services == {"ec2", "ecs-tasks", "scheduler", "vpc-flow-logs", "dlm"}
    for statement in found:
        # The machine itself is no service that somebody else could send here.
        if statement["Principal"] != {"Service": "ec2.amazonaws.com"}:
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
