"""Databases and caches that AWS runs."""

from typing import Any

from botocore.stub import Stubber

from tests.cloud.replay.given import Given, list_tags
from tests.cloud.replay.made import Made

# What AWS's calls name otherwise than Pulumi's plugin, by that one's names.
_DATABASE = {
    "identifier": "DBInstanceIdentifier",
    "instanceClass": "DBInstanceClass",
    "dbName": "DBName",
    "username": "MasterUsername",
    "password": "MasterUserPassword",
    "dbSubnetGroupName": "DBSubnetGroupName",
    "parameterGroupName": "DBParameterGroupName",
    "multiAz": "MultiAZ",
    "backupWindow": "PreferredBackupWindow",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
    "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds",
}
_CACHE = {
    "description": "ReplicationGroupDescription",
    "nodeType": "CacheNodeType",
    "multiAzEnabled": "MultiAZEnabled",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "parameterGroupName": "CacheParameterGroupName",
    "subnetGroupName": "CacheSubnetGroupName",
}


def place_database(given: Given) -> Made:
    made = given.client("rds").create_db_subnet_group(
        DBSubnetGroupName=given.peek("name"),
        DBSubnetGroupDescription=given.take("description"),
        **given.send("subnetIds"),
        Tags=list_tags(given.take("tags", {})),
    )["DBSubnetGroup"]
    return Made(id=given.take("name"), arn=made["DBSubnetGroupArn"], name=made["DBSubnetGroupName"])


def set_database(given: Given) -> Made:
    client, name = given.client("rds"), given.take("name")
    made = client.create_db_parameter_group(
        DBParameterGroupName=name,
        DBParameterGroupFamily=given.take("family"),
        Description=given.take("description"),
        Tags=list_tags(given.take("tags", {})),
    )["DBParameterGroup"]
    client.modify_db_parameter_group(DBParameterGroupName=name, Parameters=_spell_parameters(given, "ApplyMethod"))
    return Made(id=name, arn=made["DBParameterGroupArn"], name=name)


def make_database(given: Given) -> Made:
    # Those are of calls that change or remove it. To begin with a snapshot is another call.
    final = given.take("skipFinalSnapshot"), given.take("finalSnapshotIdentifier")
    assert final == (False, given.peek("identifier"))
    for later in ("applyImmediately", "allowMajorVersionUpgrade", "deleteAutomatedBackups", "snapshotIdentifier"):
        given.take(later)
    made = given.client("rds").create_db_instance(
        **_rename(given, _DATABASE),
        **given.send(
            "engine",
            "engineVersion",
            "autoMinorVersionUpgrade",
            "storageType",
            "allocatedStorage",
            "maxAllocatedStorage",
            "storageEncrypted",
            "kmsKeyId",
            "port",
            "publiclyAccessible",
            "backupRetentionPeriod",
            "copyTagsToSnapshot",
            "deletionProtection",
            "performanceInsightsRetentionPeriod",
        ),
        Tags=list_tags(given.take("tags", {})),
    )["DBInstance"]
    id = str(made["DBInstanceIdentifier"])
    return Made(id=id, arn=made["DBInstanceArn"], reported={"address": made["Endpoint"]["Address"]})


def place_cache(given: Given) -> Made:
    name = given.take("name")
    made = given.client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=name,
        CacheSubnetGroupDescription=given.take("description"),
        **given.send("subnetIds"),
        Tags=list_tags(given.take("tags", {})),
    )["CacheSubnetGroup"]
    return Made(id=name, arn=made["ARN"], name=name)


def set_cache(given: Given) -> Made:
    """Moto does not know these calls: botocore alone looks at what is sent."""
    client, name = given.client("elasticache"), given.take("name")
    with Stubber(client) as stub:
        stub.add_response("create_cache_parameter_group", {})
        client.create_cache_parameter_group(
            CacheParameterGroupName=name,
            CacheParameterGroupFamily=given.take("family"),
            Description=given.take("description"),
            Tags=list_tags(given.take("tags", {})),
        )
        stub.add_response("modify_cache_parameter_group", {})
        client.modify_cache_parameter_group(
            CacheParameterGroupName=name, ParameterNameValues=_spell_parameters(given, "")
        )
    return Made(id=name, name=name)


def make_cache(given: Given) -> Made:
    assert given.take("finalSnapshotIdentifier") == given.peek("replicationGroupId")
    for later in ("applyImmediately", "snapshotName"):
        given.take(later)
    made = given.client("elasticache").create_replication_group(
        **_rename(given, _CACHE),
        **given.send(
            "replicationGroupId",
            "engine",
            "engineVersion",
            "autoMinorVersionUpgrade",
            "numCacheClusters",
            "automaticFailoverEnabled",
            "port",
            "atRestEncryptionEnabled",
            "kmsKeyId",
            "transitEncryptionEnabled",
            "authToken",
            "snapshotRetentionLimit",
            "snapshotWindow",
            "securityGroupIds",
        ),
        Tags=list_tags(given.take("tags", {})),
    )["ReplicationGroup"]
    endpoint = made["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
    return Made(id=made["ReplicationGroupId"], arn=made["ARN"], reported={"primaryEndpointAddress": endpoint})


def _rename(given: Given, names: dict[str, str]) -> dict[str, Any]:
    return {theirs: given.take(mine) for mine, theirs in names.items() if given.has(mine)}


def _spell_parameters(given: Given, method: str) -> list[dict[str, str]]:
    return [
        {
            "ParameterName": one["name"],
            "ParameterValue": one["value"],
            **({method: one["applyMethod"]} if method else {}),
        }
        for one in given.take("parameters")
    ]
