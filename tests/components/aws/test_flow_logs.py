"""FlowLogs: who has talked with the VM."""

import json
from pathlib import Path

from tests.components.aws.sample import make_host
from tests.components.recorder import Recorder

NAME = "host-eu-central-1-flows"
GROUP = "aws:cloudwatch/logGroup:LogGroup"


def test_every_flow_is_logged_into_a_group_that_forgets(root: Path, made: Recorder) -> None:
    group = made.find(GROUP, f"{NAME}-group")
    assert group.inputs["retentionInDays"] == 90
    assert make_host(root, {"retention": 365}).find(GROUP, f"{NAME}-group").inputs["retentionInDays"] == 365
    log = made.find("aws:ec2/flowLog:FlowLog", f"{NAME}-log").inputs
    assert (log["trafficType"], log["vpcId"]) == ("ALL", "host-eu-central-1-vpc-network-id")
    assert log["logDestination"] == f"arn:aws:test:::{NAME}-group"
    assert log["iamRoleArn"] == f"arn:aws:test:::{NAME}-role"


def test_its_role_may_write_into_that_group_and_nowhere_else(made: Recorder) -> None:
    policy = json.loads(made.find("aws:iam/rolePolicy:RolePolicy", f"{NAME}-write").inputs["policy"])
    (statement,) = policy["Statement"]
    group = f"arn:aws:test:::{NAME}-group"
    assert statement["Resource"] == [group, f"{group}:*"]
    assert all(action.startswith("logs:") and "*" not in action for action in statement["Action"])
    trust = json.loads(made.find("aws:iam/role:Role", f"{NAME}-role").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}


def test_it_begins_once_the_role_may_write(made: Recorder) -> None:
    log = made.find("aws:ec2/flowLog:FlowLog", f"{NAME}-log")
    assert made.find("aws:iam/rolePolicy:RolePolicy", f"{NAME}-write").urn in log.dependencies
