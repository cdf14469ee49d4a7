"""A file system that tasks share, the ways there, and its backups."""

from botocore.stub import Stubber

from tests.cloud.replay.given import Given, list_tags
from tests.cloud.replay.made import Made


def make_files(given: Given) -> Made:
    made = given.client("efs").create_file_system(
        **given.send("creationToken", "encrypted", "throughputMode"), Tags=list_tags(given.take("tags", {}))
    )
    return Made(id=made["FileSystemId"], arn=made["FileSystemArn"])


def back_up(given: Given) -> Made:
    """Moto does not know this call: botocore alone looks at what is sent."""
    id, client = given.peek("fileSystemId"), given.client("efs")
    with Stubber(client) as stub:
        stub.add_response("put_backup_policy", {})
        client.put_backup_policy(**given.send("fileSystemId", "backupPolicy"))
    return Made(id=id)


def write_policy(given: Given) -> Made:
    id = given.peek("fileSystemId")
    given.client("efs").put_file_system_policy(**given.send("fileSystemId", "policy"))
    return Made(id=id)


def mount(given: Given) -> Made:
    made = given.client("efs").create_mount_target(**given.send("fileSystemId", "subnetId", "securityGroups"))
    return Made(id=made["MountTargetId"])


def open_point(given: Given) -> Made:
    made = given.client("efs").create_access_point(
        **given.send("fileSystemId", "posixUser", "rootDirectory"), Tags=list_tags(given.take("tags", {}))
    )
    return Made(id=made["AccessPointId"], arn=made["AccessPointArn"])
