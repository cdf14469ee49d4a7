"""Folders of EFS as tasks find them: folders of this machine, one for each place that an access point leads to."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.permission import find_denied
from tests.cloud.plugin.fleet_kinds import ACCESS_POINT, FILES, MOUNT_TARGET
from tests.cloud.plugin.network import list_openings_between

_NFS = 2049


def open_folders(cloud: Cloud, definition: Mapping[str, Any], network: Mapping[str, Any]) -> dict[str, str]:
    """The folders of this machine by the names of a definition's volumes.

    Raises ValueError where the task could not mount one: no way to a mount target, or no right to an access point.
    Everybody may read there, as an access point makes of everybody the one user that it is for.
    """
    found = {}
    for volume in definition.get("volumes") or []:
        if shared := volume.get("efsVolumeConfiguration"):
            _require_way(cloud, str(shared["fileSystemId"]), network)
            found[str(volume["name"])] = str(_open(cloud, shared, str(definition.get("taskRoleArn"))))
    return found


def find_root(cloud: Cloud, system: str) -> Path:
    """The folder that stands for a file system."""
    return cloud.folder / "files" / system


def _open(cloud: Cloud, shared: Mapping[str, Any], role: str) -> Path:
    system = cloud.find(str(shared["fileSystemId"]), FILES)
    point = cloud.find(str((shared.get("authorizationConfig") or {}).get("accessPointId")), ACCESS_POINT)
    if system is None or point is None or point.inputs["fileSystemId"] != system.id:
        raise ValueError(f"ResourceInitializationError: failed to invoke EFS utils: no access point of {system}")
    actions = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")
    wanted = {action: [str(system.outputs["arn"])] for action in actions}
    if denied := list(find_denied(cloud, role, wanted, AccessPointArn=str(point.outputs["arn"]))):
        raise ValueError(f"ResourceInitializationError: mount.nfs4: access denied: {'; '.join(denied)}")
    place = point.inputs["rootDirectory"]
    folder = find_root(cloud, system.id) / str(place["path"]).lstrip("/")
    if not folder.is_dir():
        folder.mkdir(parents=True)
        owner = place["creationInfo"]
        os.chown(folder, owner["ownerUid"], owner["ownerGid"])
        folder.chmod(0o755)
    return folder


def _require_way(cloud: Cloud, system: str, network: Mapping[str, Any]) -> None:
    targets = [one for one in cloud.things(MOUNT_TARGET) if one.inputs["fileSystemId"] == system]
    for subnet in network["subnets"]:
        here = [one for one in targets if one.inputs["subnetId"] == subnet]
        groups = [group for one in here for group in one.inputs.get("securityGroups") or []]
        if not here:
            raise ValueError(f"ResourceInitializationError: no mount target of {system} in the zone of {subnet}")
        if _NFS not in list_openings_between(cloud, network.get("securityGroups") or [], groups):
            raise ValueError(f"ResourceInitializationError: connection to {system} timed out: port {_NFS} is closed")
