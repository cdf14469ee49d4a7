"""The double of the `aws` command: a session that leads to an instance's machine, and what it says of an instance."""

import argparse
import json
import os
import re
import shutil
import socket
import sys
import threading

from tests.cloud.plugin import fleet_command
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.disk_effects import DiskEffects
from tests.cloud.plugin.fargate.shared_folders import find_root
from tests.cloud.plugin.fleet_kinds import FILES, MOUNT_TARGET
from tests.cloud.plugin.kinds import EIP, INSTANCE, VOLUME
from tests.cloud.plugin.machines import make_machines
from tests.cloud.plugin.network import find_obstacles, is_lost
from tests.cloud.plugin.refusal import refuse
from tests.cloud.plugin.registry import read_password

_PORT = re.compile(r'portNumber=(\d+)|\{"portNumber": ?\["(\d+)"\]\}')


def main(arguments: list[str]) -> int:
    """Run one command; its exit code, 255 for what AWS refuses."""
    parser = argparse.ArgumentParser("aws", description="A test double: it knows few commands.")
    services = parser.add_subparsers(required=True)
    ssm = services.add_parser("ssm").add_subparsers(required=True)
    session = ssm.add_parser("start-session")
    session.add_argument("--target", required=True)
    session.add_argument("--document-name", required=True, choices=["AWS-StartSSHSession"])
    session.add_argument("--parameters", required=True)
    session.set_defaults(run=start_session)
    ec2 = services.add_parser("ec2").add_subparsers(required=True)
    described = ec2.add_parser("describe-instances")
    described.add_argument("--instance-ids", required=True, dest="target")
    described.add_argument("--output", required=True, choices=["json"])
    described.set_defaults(run=describe_instance)
    disks = ec2.add_parser("describe-volumes")
    disks.add_argument("--filters", required=True, nargs="+")
    disks.add_argument("--output", required=True, choices=["json"])
    disks.set_defaults(run=describe_disks)
    deleted = ec2.add_parser("delete-volume")
    deleted.add_argument("--volume-id", required=True)
    deleted.set_defaults(run=delete_disk)
    efs = services.add_parser("efs").add_subparsers(required=True)
    files = efs.add_parser("describe-file-systems")
    files.add_argument("--creation-token", required=True)
    files.add_argument("--output", required=True, choices=["json"])
    files.set_defaults(run=describe_files)
    emptied = efs.add_parser("delete-file-system")
    emptied.add_argument("--file-system-id", required=True)
    emptied.set_defaults(run=delete_files)
    fleet_command.add(services, ssm)
    for command in (session, described, disks, deleted, files, emptied):
        command.add_argument("--region", required=True)
    # The address of the double's registry names no region.
    login = services.add_parser("ecr").add_subparsers(required=True).add_parser("get-login-password")
    login.set_defaults(run=tell_login)
    given = parser.parse_args(arguments)
    return int(given.run(Cloud.open(), given))


def describe_instance(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print one instance with its public address, as far as the program reads it."""
    instance = _find(cloud, given)
    if instance is None or (address := make_machines(cloud).find(instance.id)) is None:
        return refuse("DescribeInstances", "InvalidInstanceID.NotFound", f"{given.target} does not exist")
    public = next(
        (eip.outputs["publicIp"] for eip in cloud.things(EIP) if eip.outputs.get("instance") == instance.id), None
    )
    if public is None and instance.inputs.get("associatePublicIpAddress"):
        public = address
    reported = {"InstanceId": instance.id, "State": {"Name": "running"}, "PrivateIpAddress": address}
    reported |= {"PublicIpAddress": public} if public else {}
    print(json.dumps({"Reservations": [{"Instances": [reported]}]}))
    return 0


def describe_disks(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print the disks with all of these tags: Name=tag:Stack,Values=prod."""
    wanted = {}
    for one in given.filters:
        if (found := re.fullmatch(r"Name=tag:([^,]+),Values=(.+)", one)) is None:
            return refuse("DescribeVolumes", "InvalidParameterValue", f"the double knows filters by tags alone: {one}")
        wanted[found[1]] = found[2]
    reported = []
    for one in cloud.things(VOLUME):
        tags = one.outputs.get("tagsAll", {})
        if wanted.items() <= tags.items() and one.outputs.get("region") == given.region:
            reported.append(
                {
                    "VolumeId": one.id,
                    "Size": one.inputs["size"],
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                }
            )
    print(json.dumps({"Volumes": reported}))
    return 0


def delete_disk(cloud: Cloud, given: argparse.Namespace) -> int:
    """Delete one that no instance has."""
    if (volume := cloud.find(given.volume_id, VOLUME)) is None:
        return refuse("DeleteVolume", "InvalidVolume.NotFound", f"The volume '{given.volume_id}' does not exist.")
    try:
        DiskEffects(cloud, make_machines(cloud)).delete(volume)
    except ValueError as error:
        return refuse("DeleteVolume", "VolumeInUse", str(error))
    cloud.remove(volume)
    cloud.note("delete", volume)
    return 0


def describe_files(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print the file system that was made with this token, if there is one."""
    found = [one for one in cloud.things(FILES) if one.inputs.get("creationToken") == given.creation_token]
    reported = [
        {
            "FileSystemId": one.id,
            "Tags": [{"Key": key, "Value": value} for key, value in one.outputs.get("tagsAll", {}).items()],
        }
        for one in found
    ]
    print(json.dumps({"FileSystems": reported}))
    return 0


def delete_files(cloud: Cloud, given: argparse.Namespace) -> int:
    """Delete one to which no mount target leads."""
    if (files := cloud.find(given.file_system_id, FILES)) is None:
        return refuse("DeleteFileSystem", "FileSystemNotFound", f"{given.file_system_id} does not exist")
    if any(one.inputs["fileSystemId"] == files.id for one in cloud.things(MOUNT_TARGET)):
        return refuse("DeleteFileSystem", "FileSystemInUse", f"{files.id} has mount targets")
    shutil.rmtree(find_root(cloud, files.id), ignore_errors=True)
    cloud.remove(files)
    cloud.note("delete", files)
    return 0


def tell_login(cloud: Cloud, given: argparse.Namespace) -> int:
    """Print what logs in to the registry."""
    print(read_password(cloud))
    return 0


def start_session(cloud: Cloud, given: argparse.Namespace) -> int:
    """Carry input and output to a port of the machine."""
    if (port := _PORT.fullmatch(given.parameters)) is None:
        return refuse("StartSession", "ValidationException", f"Parameters: {given.parameters}")
    if (instance := _find(cloud, given)) is None:
        return refuse("StartSession", "TargetNotConnected", f"{given.target} is not connected.")
    address, obstacles = make_machines(cloud).find(instance.id), find_obstacles(cloud, instance)
    if is_lost(cloud, instance.id):
        obstacles = [*obstacles, "its address has just moved"]
    if obstacles or address is None:
        why = "; ".join(obstacles) or "it does not run"
        reported = f"{given.target} is not connected. (The double knows why: {why}.)"
        return refuse("StartSession", "TargetNotConnected", reported)
    try:
        _carry(socket.create_connection((address, int(port[1] or port[2])), timeout=10))
    except OSError as error:
        return refuse("StartSession", "ConnectionError", str(error))
    return 0


def _find(cloud: Cloud, given: argparse.Namespace) -> Thing | None:
    found = cloud.find(given.target)
    return found if found and found.type == INSTANCE and found.outputs.get("region") == given.region else None


def _carry(connection: socket.socket) -> None:
    connection.settimeout(None)

    def send() -> None:
        while data := os.read(0, 65536):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)

    threading.Thread(target=send, daemon=True).start()
    while data := connection.recv(65536):
        while data:
            data = data[os.write(1, data) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
