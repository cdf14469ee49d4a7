"""The disk of data of a stack on AWS: it is there also where nothing of the stack is deployed any more."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portico.cli.data import Folder
from portico.cli.project import read_config, read_name
from portico.cli.refused import Refused

# How the tags begin that say whose data is on it (components/aws/disk.py).
_HELD = "Data/"


@dataclass(frozen=True)
class Disk:
    """A disk by its id, and the data on it."""

    id: str
    region: str
    folders: Sequence[Folder]

    def require_all(self, doomed: Sequence[Folder]) -> None:
        """Raise Refused where only some of the data is to go: it goes with the disk."""
        if others := sorted({one.site for one in self.folders} - {one.site for one in doomed}):
            raise Refused(
                f"nothing was removed: on aws all data lies on one disk, {self.id}, which has that of "
                f"{' and '.join(others)} too. To delete it all, leave out the option, and then: "
                f"aws ec2 delete-volume --region {self.region} --volume-id {self.id}"
            )

    def remove(self) -> None:
        """Delete it for ever; its snapshots stay. Raises Refused where AWS does not."""
        _ask("delete-volume", self.region, "--volume-id", self.id)


def find_disk(stack: str, root: Path) -> Disk | None:
    """The disk of a stack on AWS, None where there is none, or the stack is elsewhere. Raises Refused."""
    config = read_config(root, stack)
    section = config.get("aws")
    if config.get("target") != "aws" or not isinstance(section, dict) or not section.get("region"):
        return None
    project, region = read_name(root), str(section["region"])
    tags = {"Project": project, "Stack": stack, "Name": f"{project}-{stack}-data"}
    filters = [f"Name=tag:{key},Values={value}" for key, value in tags.items()]
    told = json.loads(_ask("describe-volumes", region, "--filters", *filters, "--output", "json") or "{}")
    for volume in told.get("Volumes") or []:
        return Disk(str(volume["VolumeId"]), region, list(_list_folders(volume)))
    return None


def _list_folders(volume: Mapping[str, Any]) -> Sequence[Folder]:
    held = {one["Key"].removeprefix(_HELD): one["Value"] for one in volume["Tags"] if one["Key"].startswith(_HELD)}
    return [Folder(site, name, str(volume["VolumeId"])) for site in sorted(held) for name in held[site].split()]


def _ask(command: str, region: str, *words: str) -> str:
    try:
        done = subprocess.run(
            ["aws", "ec2", command, "--region", region, *words], capture_output=True, text=True, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"AWS cannot be asked for the disk of data: {error}") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise Refused(f"AWS does not answer `aws ec2 {command}`: {said}")
    return done.stdout
