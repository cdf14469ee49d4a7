"""`portico doctor` on AWS: each piece of the account is a line; what may not be looked at is said, and no failure.

botocore knows every call and every answer: what is asked and answered here is what AWS would take and say.
"""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from portico.cli import aws_client
from portico.cli.aws_health import examine_account
from portico.cli.aws_needs import Needs
from portico.cli.finding import Finding
from portico.components.aws_command import AwsError
from tests.config.aws_sample import make_section as make_aws
from tests.config.ecs_sample import ZONE
from tests.config.ecs_sample import make_section as make_ecs

ACCOUNT = "123456789012"
REGION = "eu-central-1"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
SITE = {"name": "shop", "hosts": ["shop.example"], "replicas": 3}
# What an account answers in which all is there; of quotas by their code, of roles by their name.
GOOD: Mapping[str, Any] = {
    "get_caller_identity": {"Account": ACCOUNT, "Arn": USER, "UserId": "ANN"},
    "describe_regions": {"Regions": [{"RegionName": REGION, "OptInStatus": "opt-in-not-required"}]},
    "describe_availability_zones": {"AvailabilityZones": [{"ZoneName": f"{REGION}{one}"} for one in "ab"]},
    "describe_instance_type_offerings": {"InstanceTypeOfferings": [{"Location": f"{REGION}{one}"} for one in "ab"]},
    "get_hosted_zone": {"HostedZone": {"Id": ZONE, "Name": "example.", "CallerReference": "1"}},
    "list_resource_record_sets": {"ResourceRecordSets": [], "IsTruncated": False, "MaxItems": "10"},
    "get_service_quota": {"Quota": {"Value": 50.0}},
    "get_role": {
        "Role": {
            "Path": "/",
            "RoleName": "deployers",
            "RoleId": "A" * 16,
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/deployers",
            "CreateDate": 0,
        }
    },
    "simulate_principal_policy": {"EvaluationResults": []},
}


class Account:
    """Answers as botocore would let AWS answer; `asked` are the parameters of each call, by its name."""

    def __init__(self, changes: Mapping[str, Any]) -> None:
        self.answers = {**GOOD, **changes}
        self.asked: dict[str, list[dict[str, Any]]] = {}

    def ask(self, service: str, call: str, region: str = "", **parameters: Any) -> dict[str, Any]:
        self.asked.setdefault(call, []).append(parameters)
        answer = self.answers[call]
        client = boto3.client(
            service,
            region_name=region or "us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        if isinstance(answer, str):
            raise AwsError(f"An error occurred ({answer}) when calling the {call} operation: no")
        with Stubber(client) as stub:
            stub.add_response(call, answer, parameters)
            return dict(getattr(client, call)(**parameters))


def examine(
    monkeypatch: pytest.MonkeyPatch,
    changes: Mapping[str, Any] | None = None,
    target: str = "ecs",
    section: Mapping[str, Any] | None = None,
    export: Mapping[str, Any] | None = None,
    **config: Any,
) -> tuple[dict[str, Finding], Account]:
    account = Account(changes or {})
    monkeypatch.setattr(aws_client, "ask", account.ask)
    values: dict[str, Any] = {"target": target, "sites": [SITE], **config}
    values[target] = dict(section or (make_ecs(dns={"zone": ZONE}) if target == "ecs" else make_aws()))
    needs = Needs.of(values, dict(export or {}))
    assert needs
    found = list(examine_account(needs))
    assert all(one.reported.isprintable() and (one.remedy or one.state != "missing") for one in found)
    return {one.what: one for one in found}, account


def test_all_that_is_there_is_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    found, account = examine(monkeypatch)
    assert {one.state for one in found.values()} == {"ok"}
    assert list(found) == [
        *("credentials", "region", "zones", "hosted zone", "host name"),
        *("quota: vCPUs of tasks", "quota: networks", "linked role", "permissions"),
    ]
    assert found["credentials"].reported == f"account {ACCOUNT}, {USER}"
    # IAM's own limit of names at once is not reached, and all are asked about.
    pages = account.asked["simulate_principal_policy"]
    actions = [one for page in pages for one in page["ActionNames"]]
    assert len(actions) == len(set(actions)) > 80 and "ecs:CreateService" in actions
    assert max(len(page["ActionNames"]) for page in pages) <= 100
    found, _ = examine(monkeypatch, target="aws")
    assert {one.state for what, one in found.items() if what != "host names"} == {"ok"}
    assert found["zones"].reported == f"t4g.small in {REGION}a, {REGION}b"


@pytest.mark.parametrize(
    ("changes", "what", "reported", "remedy"),
    [
        ({"get_caller_identity": "ExpiredToken"}, "credentials", "ExpiredToken", "aws sso login"),
        (
            {"describe_regions": {"Regions": [{"RegionName": REGION, "OptInStatus": "not-opted-in"}]}},
            *("region", "is not enabled for this account", f"enable-region --region-name {REGION}"),
        ),
        (
            {"describe_availability_zones": {"AvailabilityZones": [{"ZoneName": f"{REGION}a"}]}},
            *("zones", f"{REGION}a; more is wanted", "another region"),
        ),
        ({"get_hosted_zone": "NoSuchHostedZone"}, "hosted zone", f"{ZONE} is not in this account", "list-hosted-zones"),
        (
            {"get_hosted_zone": {"HostedZone": {"Id": ZONE, "Name": "other.example.", "CallerReference": "1"}}},
            *("host name", "shop.example is not in other.example", "one such as other.example"),
        ),
        (
            {
                "get_hosted_zone": {
                    "HostedZone": {
                        "Id": ZONE,
                        "Name": "example.",
                        "CallerReference": "1",
                        "Config": {"PrivateZone": True},
                    }
                }
            },
            *("hosted zone", "example is a private zone, which answers only inside VPCs", "public zone"),
        ),
        (
            {
                "list_resource_record_sets": {
                    "ResourceRecordSets": [{"Name": "shop.example.", "Type": "A"}],
                    "IsTruncated": False,
                    "MaxItems": "10",
                }
            },
            *("host name", "shop.example has a record already (A)", "remove that record"),
        ),
        (
            {"get_service_quota": {"Quota": {"Value": 1.0}}},
            *("quota: vCPUs of tasks", "1 for the account, and a release of this stack needs 1.5", "--desired-value 4"),
        ),
        (
            {
                "simulate_principal_policy": {
                    "EvaluationResults": [{"EvalActionName": "ecs:CreateService", "EvalDecision": "implicitDeny"}]
                }
            },
            *("permissions", "not allowed: ecs:CreateService", "docs/hosts/permissions.md"),
        ),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(
    changes: dict[str, Any], what: str, reported: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = examine(monkeypatch, changes)
    assert found[what].state == "missing" and reported in found[what].reported and remedy in found[what].remedy


@pytest.mark.parametrize("call", sorted(set(GOOD) - {"get_caller_identity"}))
def test_what_may_not_be_looked_at_is_said_and_no_failure(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, dict[str, Finding]] = {}
    for target in ("ecs", "aws"):
        section = None if target == "ecs" else make_aws(dns={"zone": ZONE, "name": "shop.example"})
        # A role that is assumed is looked up by its name.
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployers/ann"
        known = {"get_caller_identity": {"Account": ACCOUNT, "Arn": arn, "UserId": "ANN"}}
        seen, account = examine(monkeypatch, {call: "AccessDeniedException", **known}, target, section)
        assert not [one for one in seen.values() if one.state == "missing"]
        found |= {target: seen} if call in account.asked else {}
    assert found
    for seen in found.values():
        assert [
            one
            for one in seen.values()
            if one.state == "note" and "these credentials may not read it: " in one.reported
        ]


def test_a_role_of_aws_that_is_not_there_yet_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = examine(monkeypatch, {"get_role": "NoSuchEntity"})
    assert found["linked role"].state == "note"
    assert "create-service-linked-role --aws-service-name " in found["linked role"].remedy


def test_services_have_quotas_and_roles_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    services: list[dict[str, Any]] = [
        {"name": "db", "kind": "postgres"},
        {"name": "cache", "kind": "valkey", "standby": True},
    ]
    services = [one | {"managed": True} for one in services]
    found, account = examine(monkeypatch, {"get_service_quota": {"Quota": {"Value": 1.0}}}, services=services)
    assert found["quota: databases"].state == "ok"
    assert "a release of this stack needs 2" in found["quota: nodes of caches"].reported
    roles = {one["RoleName"] for one in account.asked["get_role"]}
    assert {"AWSServiceRoleForRDS", "AWSServiceRoleForElastiCache"} <= roles
    _, other = examine(monkeypatch)
    assert "AWSServiceRoleForRDS" not in {one["RoleName"] for one in other.asked["get_role"]}


def test_another_account_than_the_stacks_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    vpc = {"type": "aws:ec2/vpc:Vpc", "outputs": {"ownerId": "999999999999"}}
    found, account = examine(monkeypatch, export={"deployment": {"resources": [vpc]}})
    assert found["credentials"].reported == f"account {ACCOUNT}, and the stack is in 999999999999"
    assert list(found) == ["credentials"] and list(account.asked) == ["get_caller_identity"]


def test_a_stack_that_is_up_has_records_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    vpc = {"type": "aws:ec2/vpc:Vpc", "outputs": {"ownerId": ACCOUNT}}
    found, account = examine(monkeypatch, export={"deployment": {"resources": [vpc]}})
    assert found["host name"].state == "ok" and "list_resource_record_sets" not in account.asked


def test_many_names_are_reported_of(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [f"s{number}.example" for number in range(11)]
    found, _ = examine(monkeypatch, sites=[{"name": "shop", "hosts": hosts}])
    assert "for 11 names" in found["quota: names"].reported


def test_a_section_with_mistakes_is_left_to_the_program() -> None:
    assert Needs.of({"target": "ecs", "ecs": {"region": 1}, "sites": []}, {}) is None


def test_the_aws_command_is_asked(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "aws"
    file.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$0.words"\necho "{\\"Pager\\": \\"$AWS_PAGER\\"}"\n')
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert aws_client.ask("ec2", "describe_vpcs", REGION, VpcIds=["vpc-1"]) == {"Pager": ""}
    words = (tmp_path / "aws.words").read_text().splitlines()
    assert words == [
        *("ec2", "describe-vpcs", "--output", "json", "--region", REGION),
        *("--cli-input-json", json.dumps({"VpcIds": ["vpc-1"]})),
    ]
    said = "An error occurred (UnauthorizedOperation) when calling the DescribeVpcs operation: not you"
    file.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 254\n")
    with pytest.raises(AwsError) as caught:
        aws_client.ask("ec2", "describe_vpcs")
    assert (caught.value.code, caught.value.denied, str(caught.value)) == ("UnauthorizedOperation", True, said)
