"""A planned database and a planned cache that break no rule."""

from dataclasses import replace

from portico.policies import kinds
from portico.policies.graph import Resource
from tests.policies.sample import TAGS, make

SERVICES: tuple[Resource, ...] = (
    make(
        kinds.DATABASE_PARAMETERS,
        "parameters",
        family="postgres18",
        parameters=[{"name": "rds.force_ssl", "value": "1", "applyMethod": "immediate"}],
        tags=TAGS,
    ),
    replace(
        make(
            kinds.DATABASE,
            "database",
            {"parameterGroupName": "parameters"},
            engine="postgres",
            instanceClass="db.t4g.micro",
            storageEncrypted=True,
            publiclyAccessible=False,
            backupRetentionPeriod=7,
            skipFinalSnapshot=False,
            finalSnapshotIdentifier="x",
            deletionProtection=True,
            autoMinorVersionUpgrade=True,
            allowMajorVersionUpgrade=False,
            enabledCloudwatchLogsExports=["postgresql"],
            performanceInsightsEnabled=True,
            password="0a1b",
            tags=TAGS,
        ),
        protected=True,
        secrets=frozenset({"password"}),
    ),
    replace(
        make(
            kinds.CACHE,
            "cache",
            engine="valkey",
            description="The cache",
            atRestEncryptionEnabled=True,
            transitEncryptionEnabled=True,
            authToken="0a1b",
            snapshotRetentionLimit=7,
            finalSnapshotIdentifier="x",
            autoMinorVersionUpgrade=True,
            tags=TAGS,
        ),
        secrets=frozenset({"authToken"}),
    ),
)
