"""Databases and caches that AWS runs: encrypted where they lie and on the way, for nobody else, and copied."""

from collections.abc import Iterator
from typing import Final

from portico.policies.graph import UNKNOWN, Graph, look, may_be, members, of_type, points_at
from portico.policies.kinds import CACHE, DATABASE, DATABASE_PARAMETERS
from portico.policies.rule import Finding, rule

_FORCED: Final = "rds.force_ssl"


@rule("CKV_AWS_16", "CKV_AWS_29", "RDS.3", "ElastiCache.4")
def encrypt_databases(graph: Graph) -> Iterator[Finding]:
    """A database and a cache are encrypted, which they can only be from their beginning on."""
    for kind, name in ((DATABASE, "storageEncrypted"), (CACHE, "atRestEncryptionEnabled")):
        for one in of_type(graph, kind):
            if not may_be(look(one.inputs, name), True):
                yield Finding(one, "it is not encrypted", f"write {name}: true")


@rule("CKV_AWS_30", "CKV_AWS_31", "CKV2_AWS_69", "ElastiCache.5", whole=True)
def require_encrypted_connections(graph: Graph) -> Iterator[Finding]:
    """Nobody connects to a database or a cache in plain text, and nobody to a cache without a password."""
    groups = list(of_type(graph, DATABASE_PARAMETERS))
    for one in of_type(graph, DATABASE):
        forced = [group for group in groups if points_at(one, "parameterGroupName", group) and _forces(group.inputs)]
        if may_be(look(one.inputs, "engine"), "postgres") and not forced:
            yield Finding(one, "it takes connections in plain text", f'add aws.rds.ParameterGroup with {_FORCED}: "1"')
    for one in of_type(graph, CACHE):
        if not may_be(look(one.inputs, "transitEncryptionEnabled"), True):
            yield Finding(one, "it takes connections in plain text", "write transitEncryptionEnabled: true")
        if look(one.inputs, "authToken") is None and not look(one.inputs, "userGroupIds"):
            yield Finding(one, "whoever gets to it reads all of it", "write authToken")


@rule("CKV_AWS_17", "RDS.2")
def hide_databases(graph: Graph) -> Iterator[Finding]:
    """A database has no public address."""
    for one in of_type(graph, DATABASE):
        if not may_be(look(one.inputs, "publiclyAccessible"), False, None):
            yield Finding(one, "it has a public address", "write publiclyAccessible: false")


@rule("CKV_AWS_133", "CKV_AWS_134", "RDS.11", "ElastiCache.1")
def back_up_databases(graph: Graph) -> Iterator[Finding]:
    """AWS copies a database and a cache each day, and keeps the copies for some."""
    for kind, name in ((DATABASE, "backupRetentionPeriod"), (CACHE, "snapshotRetentionLimit")):
        for one in of_type(graph, kind):
            days = look(one.inputs, name)
            if days != UNKNOWN and not days:
                yield Finding(one, "nobody backs it up", f"write {name}: 7, the days that copies are kept")


@rule()
def keep_last_state(graph: Graph) -> Iterator[Finding]:
    """What is removed leaves its last state behind."""
    for one in of_type(graph, DATABASE):
        if may_be(look(one.inputs, "skipFinalSnapshot"), True) and look(one.inputs, "skipFinalSnapshot") != UNKNOWN:
            yield Finding(one, "nothing is left of it when it goes", "write skipFinalSnapshot: false")
    for one in of_type(graph, DATABASE, CACHE):
        if look(one.inputs, "finalSnapshotIdentifier") is None:
            yield Finding(one, "its last state has no name", "write finalSnapshotIdentifier")


@rule("CKV_AWS_293", "RDS.8")
def protect_databases(graph: Graph) -> Iterator[Finding]:
    """A database that Pulumi protects is protected by AWS too, against everybody else."""
    for one in of_type(graph, DATABASE):
        if one.protected and not may_be(look(one.inputs, "deletionProtection"), True):
            yield Finding(one, "whoever is in the console may delete it", "write deletionProtection: true")


@rule("CKV_AWS_226", "RDS.13", "ElastiCache.2")
def patch_databases(graph: Graph) -> Iterator[Finding]:
    """Patch releases come by themselves, and another major version never does."""
    for one in of_type(graph, DATABASE, CACHE):
        if not may_be(look(one.inputs, "autoMinorVersionUpgrade"), True, None):
            yield Finding(one, "known holes stay open", "write autoMinorVersionUpgrade: true")
    for one in of_type(graph, DATABASE):
        if not may_be(look(one.inputs, "allowMajorVersionUpgrade"), False, None):
            yield Finding(one, "its data may be converted by a slip", "write allowMajorVersionUpgrade: false")


@rule("CKV_AWS_129", "CKV_AWS_353", "RDS.9")
def log_databases(graph: Graph) -> Iterator[Finding]:
    """What a database says is kept, and what it waits for is measured."""
    for one in of_type(graph, DATABASE):
        if look(one.inputs, "enabledCloudwatchLogsExports") is None:
            yield Finding(
                one, "its log is gone when it is needed", 'write enabledCloudwatchLogsExports: ["postgresql"]'
            )
        if not may_be(look(one.inputs, "performanceInsightsEnabled"), True):
            yield Finding(one, "nobody can tell what it waits for", "write performanceInsightsEnabled: true")


@rule()
def hide_passwords(graph: Graph) -> Iterator[Finding]:
    """The password of a database or a cache is a secret of Pulumi's: otherwise its state shows it."""
    for one in of_type(graph, DATABASE, CACHE):
        for name in ("password", "authToken"):
            if look(one.inputs, name) not in (None, UNKNOWN) and name not in one.secrets:
                yield Finding(one, f"{name} is in plain text in Pulumi's state", f"make {name} a secret of Pulumi's")


def _forces(inputs: object) -> bool:
    if look(inputs, "parameters") is UNKNOWN:
        return True
    return any(
        may_be(look(one, "name"), _FORCED) and may_be(look(one, "value"), "1") for one in members(inputs, "parameters")
    )
