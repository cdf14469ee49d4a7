"""File systems that tasks share: encrypted where they lie and on the way, and backed up."""

from collections.abc import Iterator

from portico.policies.graph import Graph, look, may_be, members, of_type, points_at
from portico.policies.kinds import FILES, FILES_BACKUP, TASK
from portico.policies.rule import Finding, rule


@rule("CKV_AWS_42", "EFS.1")
def encrypt_files(graph: Graph) -> Iterator[Finding]:
    """A file system is encrypted, which it can only be from its beginning on."""
    for one in of_type(graph, FILES):
        if not may_be(look(one.inputs, "encrypted"), True):
            yield Finding(one, "it is not encrypted", "write encrypted: true")


@rule("EFS.2", whole=True)
def back_up_files(graph: Graph) -> Iterator[Finding]:
    """AWS Backup copies a file system each day."""
    policies = list(of_type(graph, FILES_BACKUP))
    for one in of_type(graph, FILES):
        kept = [policy for policy in policies if points_at(policy, "fileSystemId", one)]
        if not any(may_be(look(policy.inputs, "backupPolicy.status"), "ENABLED") for policy in kept):
            wrong = "nobody backs it up, so a slip of the application takes all data with it"
            yield Finding(one, wrong, 'add aws.efs.BackupPolicy with status: "ENABLED" for it')


@rule("CKV_AWS_97")
def shield_files(graph: Graph) -> Iterator[Finding]:
    """A task reads and writes shared files over TLS, by its own role and an access point: no other site's files."""
    for one in of_type(graph, TASK):
        for volume in members(one.inputs, "volumes"):
            shared = look(volume, "efsVolumeConfiguration")
            if shared is None:
                continue
            way = look(shared, "authorizationConfig")
            if not may_be(look(shared, "transitEncryption"), "ENABLED"):
                yield Finding(one, "its files are read in plain text", 'write transitEncryption: "ENABLED"')
            if not may_be(look(way, "iam"), "ENABLED") or look(way, "accessPointId") is None:
                wrong = "it may read and write all files of the file system"
                yield Finding(one, wrong, 'write authorizationConfig with an accessPointId and iam: "ENABLED"')
