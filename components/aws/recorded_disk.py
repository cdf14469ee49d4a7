"""The disk of data that is there, as Pulumi's record of the stack knows it, or AWS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VOLUME = "aws:ebs/volume:Volume"
ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment"


@dataclass(frozen=True, kw_only=True)
class RecordedDisk:
    """A disk with its availability zone, its size in GiB and its tags; `vm` is the id of who has it, "" for nobody.

    `recorded` is what Pulumi's record knows. AWS may have another one, which an earlier `down` has left.
    """

    id: str
    zone: str
    size: int
    tags: Mapping[str, str] = field(default_factory=dict)
    vm: str = ""
    recorded: bool = True


def find_disk(resources: Mapping[str, Any]) -> RecordedDisk | None:
    """The disk among the resources of a stack (components/previous_outputs.py); None where there is none."""
    outputs = [one["outputs"] for one in resources.values() if one["type"] == VOLUME]
    if not outputs:
        return None
    # The outputs name the id in the ARN alone.
    id = str(outputs[0].get("arn")).rpartition("/")[2]
    attached = [one["outputs"] for one in resources.values() if one["type"] == ATTACHMENT]
    return RecordedDisk(
        id=id,
        zone=str(outputs[0].get("availabilityZone")),
        size=int(outputs[0].get("size") or 0),
        tags={str(key): str(value) for key, value in (outputs[0].get("tags") or {}).items()},
        vm=next((str(one.get("instanceId")) for one in attached if one.get("volumeId") == id), ""),
    )
