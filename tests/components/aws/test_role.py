"""Role: what the VM may do on AWS."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.components.aws.sample import make_host
from tests.components.recorder import Recorder

NAME = "host-eu-central-1-role"
ATTACHED = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY = "aws:iam/rolePolicy:RolePolicy"


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-central-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("us-gov-east-1", "aws-us-gov")]
)
def test_it_may_be_reached_by_systems_manager(root: Path, region: str, partition: str) -> None:
    made = make_host(root, {"region": region})
    (attached,) = made.of_type(ATTACHED)
    assert attached.inputs["policyArn"] == f"arn:{partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"


def test_it_may_not_read_the_parameters_that_this_opens_besides(made: Recorder) -> None:
    policy: dict[str, Any] = json.loads(made.find(POLICY, f"{NAME}-closed").inputs["policy"])
    assert policy["Statement"] == [
        {"Effect": "Deny", "Action": ["ssm:GetParameter", "ssm:GetParameters"], "Resource": "*"}
    ]


def test_nothing_else_is_allowed(made: Recorder) -> None:
    assert [one.name for one in made.of_type(ATTACHED)] == [f"{NAME}-managed"]
    of_the_vm = [one for one in made.of_type(POLICY) if one.inputs["role"].startswith(f"{NAME}-role")]
    assert [one.name for one in of_the_vm] == [f"{NAME}-closed"]
    role = made.find("aws:iam/role:Role", f"{NAME}-role").inputs
    assert not {"inlinePolicies", "managedPolicyArns"} & set(role)
    trust = json.loads(role["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}


def test_the_vm_starts_once_it_has_its_rights(made: Recorder) -> None:
    instance = made.find("aws:ec2/instance:Instance", "host-eu-central-1-vm-1-instance")
    for kind, name in ((ATTACHED, f"{NAME}-managed"), (POLICY, f"{NAME}-closed")):
        assert made.find(kind, name).urn in instance.dependencies
