"""Of databases and caches that AWS runs: for each rule, graphs that it refuses, and the words with which it does."""

from dataclasses import replace

from portico.policies.graph import Resource
from tests.policies.bad import Bad
from tests.policies.fleet import FLEET, amend
from tests.policies.sample import unlink


def confess(name: str) -> tuple[Resource, ...]:
    """The fleet with a password that Pulumi does not know for a secret."""
    return tuple(replace(one, secrets=frozenset()) if one.name == name else one for one in FLEET)


CLEAR = [{"name": "rds.force_ssl", "value": "0"}]
BAD_SERVICES: dict[str, Bad] = {
    "database in clear": Bad("encrypt_databases", amend("database", storageEncrypted=None), "it is not encrypted"),
    "cache in clear": Bad("encrypt_databases", amend("cache", atRestEncryptionEnabled=False), "it is not encrypted"),
    "connections in clear": Bad(
        "require_encrypted_connections", amend("parameters", parameters=CLEAR), "it takes connections in plain text"
    ),
    "another's parameters": Bad(
        "require_encrypted_connections",
        unlink("database", "parameterGroupName", FLEET),
        "it takes connections in plain text",
    ),
    "cache by telnet": Bad(
        "require_encrypted_connections",
        amend("cache", transitEncryptionEnabled=None),
        "it takes connections in plain text",
    ),
    "cache of everybody": Bad("require_encrypted_connections", amend("cache", authToken=None), "reads all of it"),
    "database of everybody": Bad("hide_databases", amend("database", publiclyAccessible=True), "a public address"),
    "database without copies": Bad("back_up_databases", amend("database", backupRetentionPeriod=0), "backs it up"),
    "cache without copies": Bad("back_up_databases", amend("cache", snapshotRetentionLimit=None), "backs it up"),
    "database gone": Bad("keep_last_state", amend("database", skipFinalSnapshot=True), "nothing is left of it"),
    "cache gone": Bad("keep_last_state", amend("cache", finalSnapshotIdentifier=None), "its last state has no name"),
    "database at anybody's mercy": Bad(
        "protect_databases", amend("database", deletionProtection=False), "whoever is in the console may delete it"
    ),
    "old releases": Bad("patch_databases", amend("cache", autoMinorVersionUpgrade=False), "known holes stay open"),
    "converted data": Bad("patch_databases", amend("database", allowMajorVersionUpgrade=True), "converted by a slip"),
    "no log": Bad("log_databases", amend("database", enabledCloudwatchLogsExports=None), "gone when it is needed"),
    "no insight": Bad("log_databases", amend("database", performanceInsightsEnabled=None), "what it waits for"),
    "password in clear": Bad("hide_passwords", confess("database"), "password is in plain text"),
    "token in clear": Bad("hide_passwords", confess("cache"), "authToken is in plain text"),
}
