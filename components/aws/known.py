"""The VM that is there, as Pulumi's record of the stack knows it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.machine import Machine

INSTANCE = "aws:ec2/instance:Instance"
ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"


@dataclass(frozen=True, kw_only=True)
class Known:
    """A VM of the stack: its number, its id, what it is made of.

    It is `filled` once the address has led to it: then all containers were there, and a release was live.
    """

    number: int
    id: str
    machine: Machine
    filled: bool


def find_known(resources: Mapping[str, Any]) -> Known | None:
    """The newest VM among the resources of a stack (components/past.py); None where there is none.

    There are two while one takes the place of the other, also after an update that failed on the way.
    """
    led = [one["outputs"].get("instanceId") for one in resources.values() if one["type"] == ASSOCIATION]
    found = []
    for urn, one in resources.items():
        name = re.search(r"-vm-(\d+)-instance$", urn)
        # The outputs name the id in the ARN alone.
        id = str(one["outputs"].get("arn")).rpartition("/")[2]
        if one["type"] == INSTANCE and name and id:
            machine = _read_machine(one["outputs"])
            found.append(Known(number=int(name[1]), id=id, machine=machine, filled=id in led))
    return max(found, key=lambda known: known.number, default=None)


def _read_machine(outputs: Mapping[str, Any]) -> Machine:
    return Machine(
        ami=str(outputs.get("ami")),
        kind=str(outputs.get("instanceType")),
        disk=int((outputs.get("rootBlockDevice") or {}).get("volumeSize") or 0),
        zone=str(outputs.get("availabilityZone")),
        user_data=str((outputs.get("tags") or {}).get("UserData")),
    )
