"""The policies of those who deploy allow all that a deployment does, and what they name exists.

What is done is what the planned resources are: each of their kinds, and each call with which moto makes them.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.session import Session
from moto import mock_aws

from portico.config.deploy_policy import LARGEST, write_policies
from portico.config.permissions import KINDS, Target, list_actions
from portico.policies.graph import Graph
from tests.cloud.replay import Replay
from tests.cloud.replay.given import CALLED
from tests.policies.recorded import read_graph
from tests.program.test_replay import plan_rich
from tests.program.test_replay_fleet import lead, plan

TARGETS: tuple[Target, ...] = ("aws", "ecs")
# Actions that are no call of their own, or are of services that AWS's SDK names otherwise.
NO_CALLS = {"iam:PassRole", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:ListBucketVersions"}
NO_CALLS |= {"s3:DeleteObjectVersion", "s3:ListBucket", "s3:PutBucketPublicAccessBlock", "s3:Get*"}
NO_CALLS |= {"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "ec2:DescribeAccountAttributes"}
SERVICES = {
    "application-autoscaling": "application-autoscaling",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "servicequotas": "service-quotas",
    "tag": "resourcegroupstaggingapi",
}


def list_statements(target: Target) -> list[dict[str, Any]]:
    return [one for policy in write_policies(target).values() for one in policy["Statement"]]


def allows(target: Target, action: str, resource: str = "*") -> bool:
    """As IAM: some statement has the action and, where it names resources, this one."""
    return any(
        any(fnmatchcase(action, one) for one in statement["Action"])
        and (resource == "*" or any(fnmatchcase(resource, one) for one in statement["Resource"]))
        for statement in list_statements(target)
    )


@pytest.fixture(scope="module")
def planned(programs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[Target, list[Graph]]:
    """What is planned for each target with all that can be set: nobody changes it."""
    root = tmp_path_factory.mktemp("planned")
    (home := root / "rich").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILDX_CONFIG", str(root / "buildx"))
        return {
            "aws": [read_graph(programs["prod"]), plan_rich(home)],
            "ecs": [plan(root, network=network) for network in ("public", "nat", "endpoints")],
        }


@pytest.mark.parametrize("target", TARGETS)
def test_each_kind_that_is_planned_is_allowed_and_no_other_one(
    target: Target, planned: dict[Target, list[Graph]]
) -> None:
    kinds = {one.type for graph in planned[target] for one in graph if one.type.startswith("aws:")}
    assert kinds == set(KINDS[target])


@pytest.mark.parametrize("target", TARGETS)
def test_each_call_that_makes_them_is_allowed(target: Target, planned: dict[Target, list[Graph]]) -> None:
    CALLED.clear()
    for graph in planned[target]:
        # An account of moto's for each: names are the settings'.
        with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
            Replay(lead(graph))
    assert len(CALLED) > 20
    # The zone is there already.
    called = CALLED - {"route53:CreateHostedZone"}
    assert [one for one in sorted(called) if not allows(target, one)] == []


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_named_exists(target: Target) -> None:
    session = Session()
    known = {}
    for action in sorted({one for statement in list_statements(target) for one in statement["Action"]}):
        service, _, name = action.partition(":")
        if action in NO_CALLS or service == "ssm":
            continue
        if service not in known:
            known[service] = set(session.get_service_model(SERVICES.get(service, service)).operation_names)
        assert any(fnmatchcase(one, name) for one in known[service]), action


@pytest.mark.parametrize("target", TARGETS)
def test_iam_takes_each_part(target: Target) -> None:
    for policy in write_policies(target).values():
        assert len(json.dumps(policy, separators=(",", ":"))) <= LARGEST
    assert all(allows(target, action) for action in list_actions(target))


@pytest.mark.parametrize("target", TARGETS)
def test_roles_are_made_and_handed_over_by_their_names_alone(
    target: Target, planned: dict[Target, list[Graph]]
) -> None:
    for graph in planned[target]:
        for one in graph:
            if one.type == "aws:iam/role:Role":
                # Pulumi adds seven digits to a name.
                role = f"arn:aws:iam::ACCOUNT:role/{one.name}-0a1b2c3"
                assert allows(target, "iam:CreateRole", role) and allows(target, "iam:PassRole", role)
                service = json.loads(one.inputs["assumeRolePolicy"])["Statement"][0]["Principal"]["Service"]
                (handed,) = [
                    statement["Condition"]["StringEquals"]["iam:PassedToService"]
                    for statement in list_statements(target)
                    if statement["Action"] == ["iam:PassRole"]
                    and any(fnmatchcase(role, pattern) for pattern in statement["Resource"])
                ]
                assert handed == service
    for somebody in ("Admin", "OrganizationAccountAccessRole", "my-role"):
        assert not allows(target, "iam:PassRole", f"arn:aws:iam::ACCOUNT:role/{somebody}")


def test_sessions_are_for_ssh_alone() -> None:
    documents = [one for one in list_statements("aws") if "ssm:StartSession" in one["Action"]]
    assert {resource.rpartition("/")[2] for one in documents for resource in one["Resource"]} == {
        "*",
        "AWS-StartSSHSession",
    }
    (machine,) = [one for one in documents if "Condition" in one]
    assert machine["Condition"]["BoolIfExists"] == {"ssm:SessionDocumentAccessCheck": "true"}
    assert not allows("aws", "ssm:SendCommand")
