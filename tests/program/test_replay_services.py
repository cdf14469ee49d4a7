"""Planned services on moto: botocore knows every parameter, and moto's AWS takes every value."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from portico.policies import check
from portico.policies.graph import Graph
from tests.cloud.replay import Replay
from tests.cloud.replay.texts import Refused
from tests.components.ecs.sample import SERVICES, deploy
from tests.config.sample import SHOP as FILES
from tests.config.sample import make_site, write_files
from tests.policies.recorded import read_graph
from tests.program.replaying import alter, ask, list_needed
from tests.program.test_replay import plan_rich

LEAST = [{key: one[key] for key in ("name", "kind", "managed")} for one in SERVICES]


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def plan(root: Path, services: list[dict[str, Any]]) -> Graph:
    write_files(root / "shop", FILES)
    return read_graph(deploy(root, make_site(uses=["db", "cache"]), services=services))


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return plan(tmp_path_factory.mktemp("least"), LEAST)


def test_three_lines_are_a_database_that_keeps_its_promises(least: Graph) -> None:
    replay = Replay(least)
    (database,) = ask("rds", "describe_db_instances")["DBInstances"]
    assert database["StorageEncrypted"] and not database["PubliclyAccessible"] and not database["MultiAZ"]
    assert database["BackupRetentionPeriod"] == 7 and database["AutoMinorVersionUpgrade"]
    assert database["PreferredMaintenanceWindow"] == "sun:03:30-sun:04:30"
    assert database["PreferredBackupWindow"] == "02:00-03:00" and database["DBName"] == "app"
    group = replay.find("db-managed-server").id
    assert [one["VpcSecurityGroupId"] for one in database["VpcSecurityGroups"]] == [group]
    (subnets,) = ask("rds", "describe_db_subnet_groups")["DBSubnetGroups"]
    assert len({one["SubnetAvailabilityZone"]["Name"] for one in subnets["Subnets"]}) == 2
    name = database["DBParameterGroups"][0]["DBParameterGroupName"]
    parameters = ask("rds", "describe_db_parameters", DBParameterGroupName=name)["Parameters"]
    assert [(one["ParameterName"], one["ParameterValue"]) for one in parameters] == [("rds.force_ssl", "1")]
    value = ask("secretsmanager", "get_secret_value", SecretId=replay.find("shop-secrets-secret").id)["SecretString"]
    assert f"@{database['Endpoint']['Address']}:5432/app?sslmode=require" in json.loads(value)["DATABASE_URL"]


def test_three_lines_are_a_cache_that_keeps_its_promises(least: Graph) -> None:
    replay = Replay(least)
    (cache,) = ask("elasticache", "describe_replication_groups")["ReplicationGroups"]
    assert cache["AtRestEncryptionEnabled"] and cache["TransitEncryptionEnabled"] and cache["AuthTokenEnabled"]
    assert cache["SnapshotRetentionLimit"] == 7 and cache["SnapshotWindow"] == "02:00-03:00"
    assert cache["CacheNodeType"] == "cache.t4g.micro" and len(cache["MemberClusters"]) == 1
    value = ask("secretsmanager", "get_secret_value", SecretId=replay.find("shop-secrets-secret").id)["SecretString"]
    endpoint = cache["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
    assert f"@{endpoint}:6379/0?ssl_cert_reqs=required" in json.loads(value)["REDIS_URL"]


@pytest.mark.parametrize("services", [LEAST, SERVICES], ids=["least", "all"])
def test_they_keep_the_rules(tmp_path: Path, services: list[dict[str, Any]]) -> None:
    assert [str(violation) for violation in check(plan(tmp_path, services))] == []


@pytest.mark.parametrize(
    ("part", "inputs", "refused", "said"),
    [
        ("db-managed-instance", {"allocatedStorage": "20G"}, ParamValidationError, "Invalid type"),
        ("db-managed-instance", {"multiAz": "yes"}, ParamValidationError, "Invalid type"),
        ("db-managed-instance", {"dbSubnetGroupName": "nobody"}, ClientError, "DBSubnetGroupNotFound"),
        ("db-managed-instance", {"backupWindow": "03:00-04:00"}, ClientError, "must not overlap"),
        ("db-managed-subnets", {"subnetIds": ["subnet-00000000"]}, ClientError, "subnet-00000000"),
        (
            "db-managed-parameters",
            {"parameters": [{"name": "x", "value": "1", "applyMethod": "soon"}]},
            Refused,
            "soon",
        ),
        ("cache-managed-group", {"numCacheClusters": "2"}, ParamValidationError, "Invalid type"),
        ("cache-managed-parameters", {"family": 8}, ParamValidationError, "Invalid type"),
    ],
)
def test_a_wrong_value_is_refused(
    least: Graph, part: str, inputs: dict[str, Any], refused: type[Exception], said: str
) -> None:
    with pytest.raises(refused, match=said):
        Replay(list_needed(alter(least, part, **inputs), part))


def test_on_a_vm_the_site_has_urls_as_secrets_and_nobody_else_reads_them(tmp_path: Path) -> None:
    graph = plan_rich(tmp_path)
    (database,) = (one for one in graph if one.type == "aws:rds/instance:Instance")
    address = f"@{database.inputs['identifier']}.example.eu-central-1.rds.amazonaws.com:5432/app?sslmode=require"
    holders = [one for one in graph if address in str(one.inputs)]
    assert holders and all("uploads" in one.secrets for one in holders), [one.name for one in holders]
    password = database.inputs["password"]
    having = {one.urn for one in graph if password in str(one.inputs)}
    assert having == {database.urn, *(one.urn for one in holders)}
    # No container of the machine is made for what AWS runs.
    assert not [one for one in graph if one.type.startswith("docker:") and "db-service" in one.name]
