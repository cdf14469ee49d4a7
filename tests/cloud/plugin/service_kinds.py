"""The types of databases and caches that AWS runs, and what it adds to them. On paper alone: nobody answers."""

from collections.abc import Mapping
from typing import Any, Final

from tests.cloud.plugin.kind import Kind, kind

DATABASE: Final = "aws:rds/instance:Instance"
DATABASE_PARAMETERS: Final = "aws:rds/parameterGroup:ParameterGroup"
DATABASE_SUBNETS: Final = "aws:rds/subnetGroup:SubnetGroup"
CACHE: Final = "aws:elasticache/replicationGroup:ReplicationGroup"
CACHE_PARAMETERS: Final = "aws:elasticache/parameterGroup:ParameterGroup"
CACHE_SUBNETS: Final = "aws:elasticache/subnetGroup:SubnetGroup"

SERVICE_KINDS: Final[Mapping[str, Kind]] = {
    DATABASE: kind(
        "availabilityZone backupTarget characterSetName customIamInstanceProfile dbName engine kmsKeyId "
        "ncharCharacterSetName snapshotIdentifier storageEncrypted timezone username",
        identity="identifier",
        longest=63,
    ),
    DATABASE_PARAMETERS: kind("description family name namePrefix", named="name"),
    DATABASE_SUBNETS: kind("name namePrefix", named="name"),
    CACHE: kind(
        "atRestEncryptionEnabled dataTieringEnabled globalReplicationGroupId kmsKeyId networkType port "
        "replicationGroupId securityGroupNames snapshotArns snapshotName subnetGroupName",
        identity="replicationGroupId",
        longest=40,
    ),
    CACHE_PARAMETERS: kind("description family name", named="name"),
    CACHE_SUBNETS: kind("name", named="name"),
}


def make_service(type: str, id: str, region: str) -> dict[str, Any]:
    """The outputs of a new thing that its inputs do not say."""
    if type == DATABASE:
        return {"address": f"{id}.double.{region}.rds.amazonaws.com", "engineVersionActual": "18.1"}
    if type == CACHE:
        return {"primaryEndpointAddress": f"master.{id}.double.cache.amazonaws.com"}
    return {}


def check_end(type: str, inputs: Mapping[str, Any]) -> None:
    """Raises ValueError where AWS removes nothing: a protected database, and one that would leave nothing behind."""
    if type == DATABASE and inputs.get("deletionProtection"):
        raise ValueError("InvalidParameterCombination: Cannot delete protected DB Instance")
    if type == DATABASE and not inputs.get("skipFinalSnapshot") and not inputs.get("finalSnapshotIdentifier"):
        raise ValueError("final_snapshot_identifier is required when skip_final_snapshot is false")
