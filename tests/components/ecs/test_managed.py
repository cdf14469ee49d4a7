"""Services that AWS runs: where they are, who gets to them, and who knows their passwords."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.managed.service import TYPE
from tests.components.ecs.sample import BUSY, SECTION, deploy
from tests.components.recorder import Recorder, Resource, list_texts
from tests.components.sample import BLOG
from tests.config.ecs_sample import CERTIFICATE
from tests.config.sample import SHOP as FILES
from tests.config.sample import make_site, write_files

DB = {"name": "db", "kind": "postgres", "managed": True}
CACHE = {"name": "cache", "kind": "valkey", "managed": True}
INSTANCE = "aws:rds/instance:Instance"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
TASKS = "fleet-firewall-tasks-id"
USERS = ["db-managed-users-id", "cache-managed-users-id"]


def start(root: Path, *sites: Any, services: Any = (DB, CACHE), **more: Any) -> Recorder:
    write_files(root / "shop", FILES)
    return deploy(root, *sites, services=[*services], **more)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    return start(tmp_path_factory.mktemp("root"), BUSY | {"uses": ["db", "cache"]}, BLOG, section=SECTION)


def recall(made: Recorder) -> dict[str, Any]:
    """The services of a run, as Pulumi's record of the stack tells them to the next one."""
    return {one.urn: {"type": one.type, "outputs": made.outputs[one.urn]} for one in made.of_type(TYPE)}


def read_secrets(made: Recorder) -> dict[str, str]:
    found: dict[str, str] = json.loads(made.find(VERSION, "shop-secrets-version").inputs["secretString"])
    return found


def test_a_site_has_its_urls_with_password_and_address(both: Recorder) -> None:
    (database,), (cache,) = both.of_type(INSTANCE), both.of_type(GROUP)
    password, token = database.inputs["password"], cache.inputs["authToken"]
    assert len(password) == len(token) == 64 and password != token
    assert set(password + token) <= set("0123456789abcdef")
    name, other = database.inputs["identifier"], cache.inputs["replicationGroupId"]
    assert read_secrets(both) | {"PORTICO_USERS": ""} == {
        "PORTICO_USERS": "",
        "DATABASE_URL": f"postgresql://app:{password}@{name}.example.eu-central-1.rds.amazonaws.com:5432/app"
        "?sslmode=require",
        "REDIS_URL": f"rediss://:{token}@master.{other}.example.cache.amazonaws.com:6379/0?ssl_cert_reqs=required",
    }
    assert name.startswith("portico-test-db-") and other.startswith("portico-test-cache-")


def test_passwords_stand_in_clear_nowhere(both: Recorder) -> None:
    for kind, key in ((INSTANCE, "password"), (GROUP, "authToken")):
        (one,) = both.of_type(kind)
        found = [(two.type, secret) for two in both.resources for text, secret in list_texts(two.raw)
                 if one.inputs[key] in text]  # fmt: skip
        assert {(kind, True), (VERSION, True)} == set(found)
        assert one.inputs[key] not in str(both.exports)
    for one in both.of_type(TYPE):
        assert [secret for text, secret in list_texts(both.sent[one.urn]) if len(text) == 64] == [True]


def test_they_are_in_subnets_without_a_way_out(both: Recorder) -> None:
    subnets = [one for one in both.of_type("aws:ec2/subnet:Subnet") if "-data-" in one.name]
    assert [one.inputs["cidrBlock"] for one in subnets] == ["10.0.64.0/24", "10.0.65.0/24"]
    routes = [one for one in both.of_type("aws:ec2/route:Route") if "-data-" in one.name]
    (table,) = [one for one in both.of_type("aws:ec2/routeTable:RouteTable") if "-data-" in one.name]
    assert routes == [] and table.inputs.keys() == {"vpcId", "tags"}
    led = {
        one.inputs["subnetId"]: one.inputs["routeTableId"]
        for one in both.of_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
    }
    assert {led[f"{one.name}-id"] for one in subnets} == {f"{table.name}-id"}
    for kind in ("aws:rds/subnetGroup:SubnetGroup", "aws:elasticache/subnetGroup:SubnetGroup"):
        (group,) = both.of_type(kind)
        assert group.inputs["subnetIds"] == [f"{one.name}-id" for one in subnets]


def test_the_tasks_of_its_site_alone_get_to_it(both: Recorder) -> None:
    ways = {
        one.inputs["securityGroupId"]: one.inputs["referencedSecurityGroupId"]
        for one in both.of_type(INGRESS)
        if one.inputs["fromPort"] in (5432, 6379)
    }
    assert ways == {"db-managed-server-id": USERS[0], "cache-managed-server-id": USERS[1]}
    (database,), (cache,) = both.of_type(INSTANCE), both.of_type(GROUP)
    assert database.inputs["vpcSecurityGroupIds"] == ["db-managed-server-id"]
    assert cache.inputs["securityGroupIds"] == ["cache-managed-server-id"]
    groups = {
        one.name: one.inputs["networkConfiguration"]["securityGroups"]
        for one in both.of_type("aws:ecs/service:Service")
    }
    assert groups == {
        "shop-service": [TASKS, *USERS],
        "shop-worker-queue-service": [TASKS, *USERS],
        "shop-worker-beat-service": [TASKS, *USERS],
        "blog-service": [TASKS],
    }
    (job,) = both.of_type("aws:scheduler/schedule:Schedule")
    assert job.inputs["target"]["ecsParameters"]["networkConfiguration"]["securityGroups"] == [TASKS, *USERS]


def test_nobody_connects_in_clear_and_a_log_ends(both: Recorder) -> None:
    (parameters,) = both.of_type("aws:rds/parameterGroup:ParameterGroup")
    assert parameters.inputs["family"] == "postgres18"
    assert parameters.inputs["parameters"] == [{"name": "rds.force_ssl", "value": "1", "applyMethod": "immediate"}]
    (database,) = both.of_type(INSTANCE)
    assert database.inputs["parameterGroupName"] == parameters.inputs["name"]
    log = both.find("aws:cloudwatch/logGroup:LogGroup", "db-managed-logs")
    assert log.inputs["name"] == f"/aws/rds/instance/{database.inputs['identifier']}/postgresql"
    assert log.inputs["retentionInDays"] == 90 and log.urn in database.dependencies


def test_the_next_update_keeps_password_and_name_and_says_nothing(root: Path, both: Recorder) -> None:
    site = BUSY | {"uses": ["db", "cache"]}
    again = start(root, site, BLOG, section=SECTION, answers={"known": recall(both)})
    for kind in (INSTANCE, GROUP):
        assert again.of_type(kind)[0].inputs == both.of_type(kind)[0].inputs
    assert read_secrets(again) == read_secrets(both)


def test_a_service_without_a_site_keeps_its_password_and_another_site_gets_another(root: Path, both: Recorder) -> None:
    known = recall(both)
    kept = start(root, BUSY, BLOG, answers={"known": known})
    before, (after,) = both.of_type(INSTANCE)[0].inputs, kept.of_type(INSTANCE)
    assert after.inputs["password"] == before["password"]
    moved = start(root, BUSY, BLOG | {"uses": ["db"]}, answers={"known": known}).of_type(INSTANCE)[0].inputs
    assert moved["password"] != before["password"] and moved["identifier"] == before["identifier"]


@pytest.mark.parametrize("changes", [{"version": "17"}, {"key": "arn:aws:kms:eu-central-1:123456789012:key/0a1b"}])
def test_what_would_be_another_one_is_refused_before_anything_is_made(
    root: Path, both: Recorder, changes: dict[str, str]
) -> None:
    seen: list[Resource] = []
    site = BUSY | {"uses": ["db"]}
    with pytest.raises(pulumi.RunError, match=rf"services\[0\]\.{next(iter(changes))}: "):
        start(root, site, services=[DB | changes], answers={"known": recall(both)}, seen=seen)
    assert [one.name for one in seen if one.type.startswith("aws:")] == []


def test_a_preview_says_what_begins_and_what_is_removed(
    root: Path, both: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda text, *_: said.append(text))
    site = make_site(uses=["cache"])
    known = {urn: one for urn, one in recall(both).items() if one["outputs"]["service"] == "db"}
    start(root, site, services=[CACHE], answers={"known": known, "preview": True})
    name = both.of_type(INSTANCE)[0].inputs["identifier"]
    assert [line for line in said if line.startswith(("cache:", "db:"))] == [
        "cache: Valkey 8.1 on ElastiCache, cache.t4g.micro, begins empty; shop alone reaches it. AWS takes 5 to 10 "
        "minutes to make it, and shop waits for it.",
        f"db: PostgreSQL on RDS is removed; AWS keeps its last state as the snapshot {name}, which is paid for until "
        f"you delete it. `snapshot: {name}` begins with it.",
    ]


@pytest.mark.parametrize("protect", [True, False])
def test_a_protected_stack_protects_its_data(root: Path, protect: bool) -> None:
    made = start(root, make_site(uses=["db", "cache"]), section={"certificate": CERTIFICATE}, protect=protect)
    (database,), (cache,) = made.of_type(INSTANCE), made.of_type(GROUP)
    assert database.protect is cache.protect is database.inputs["deletionProtection"] is protect
    assert "snapshotIdentifier" in database.ignore_changes and "snapshotName" in cache.ignore_changes


def test_no_service_means_no_subnet_for_it(made: Recorder) -> None:
    assert not made.of_type(TYPE) and not [one for one in made.resources if "-data-" in one.name]
