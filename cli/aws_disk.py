"""The disk or file system with a stack's data on AWS, also where nothing of the stack is deployed any more."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portico.cli.data import Folder
from portico.cli.project import read_config, read_name
from portico.cli.refused import Refused
from portico.components.aws_command import AwsError, run

# How the tags begin that say whose data is on it (components/aws/disk.py).
_STORED = "Data/"


@dataclass(frozen=True)
class Disk:
    """A disk of a VM, or a file system of tasks, by its id, with its data. `deletes` are AWS's words for its end."""

    id: str
    region: str
    folders: Sequence[Folder]
    deletes: tuple[str, ...]

    def require_all(self, doomed: Sequence[Folder]) -> None:
        """Raise Refused where only some of the data is to go: it goes with the disk."""
        if others := sorted({one.site for one in self.folders} - {one.site for one in doomed}):
            raise Refused(
                f"nothing was removed: on AWS all data of a stack lies together, on {self.id}, with that of "
                f"{' and '.join(others)}. To delete it all, leave out the option, and then: "
                f"aws {' '.join(self.deletes)} --region {self.region}"
            )

    def remove(self) -> None:
        """Delete it forever; its snapshots stay. Raises Refused where AWS does not."""
        _ask(self.region, *self.deletes)


def find_disk(stack: str, root: Path) -> Disk | None:
    """That of a stack on AWS, None where there is none, or the stack is elsewhere. Raises Refused."""
    config = read_config(root, stack)
    target = config.get("target")
    section = config.get(str(target))
    if target not in ("aws", "ecs") or not isinstance(section, dict) or not section.get("region"):
        return None
    find = _find_volume if target == "aws" else _find_files
    return find(read_name(root), stack, str(section["region"]))


def _find_volume(project: str, stack: str, region: str) -> Disk | None:
    tags = {"Project": project, "Stack": stack, "Name": f"{project}-{stack}-data"}
    filters = [f"Name=tag:{key},Values={value}" for key, value in tags.items()]
    reported = _read(region, "ec2", "describe-volumes", "--filters", *filters)
    for one in reported.get("Volumes") or []:
        id = str(one["VolumeId"])
        return Disk(id, region, _list_folders(id, one["Tags"]), ("ec2", "delete-volume", "--volume-id", id))
    return None


def _find_files(project: str, stack: str, region: str) -> Disk | None:
    # By the token that it was made with (components/ecs/files.py); AWS has no error for one that it does not know.
    reported = _read(region, "efs", "describe-file-systems", "--creation-token", f"{project}-{stack}-data")
    for one in reported.get("FileSystems") or []:
        id = str(one["FileSystemId"])
        return Disk(id, region, _list_folders(id, one["Tags"]), ("efs", "delete-file-system", "--file-system-id", id))
    return None


def _list_folders(id: str, tags: Sequence[Mapping[str, Any]]) -> Sequence[Folder]:
    stored = {one["Key"].removeprefix(_STORED): one["Value"] for one in tags if one["Key"].startswith(_STORED)}
    return [Folder(site, name, id) for site in sorted(stored) for name in stored[site].split()]


def _read(region: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_ask(region, *words, "--output", "json") or "{}")
    return found


def _ask(region: str, *words: str) -> str:
    try:
        return run(region, *words)
    except AwsError as error:
        raise Refused(str(error)) from None
