"""The VM that is there, as Pulumi's record of the stack knows it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pulumi

from portico.config.messages.vm_changes import Machine, announce_machine

INSTANCE = "aws:ec2/instance:Instance"
ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
PROVIDER = "pulumi:providers:docker"


@dataclass(frozen=True, kw_only=True)
class RecordedVm:
    """A VM of the stack: its number, its id, what it is made of; None where a refresh has found it gone.

    It is `filled` once the address has led to it: then all containers were there, and a release was live.
    """

    number: int
    id: str
    machine: Machine | None
    filled: bool


def find_recorded_vm(resources: Mapping[str, Any]) -> RecordedVm | None:
    """The newest VM among the resources of a stack (components/previous_outputs.py); None where there is none.

    There are two while one takes the place of the other, also after an update that failed on the way.
    """
    led = [one["outputs"].get("instanceId") for one in resources.values() if one["type"] == ASSOCIATION]
    found: list[RecordedVm] = []
    for urn, one in resources.items():
        name = re.search(r"-vm-(\d+)-instance$", urn)
        # The outputs name the id in the ARN alone.
        id = str(one["outputs"].get("arn")).rpartition("/")[2]
        if one["type"] == INSTANCE and name and id:
            machine = _read_machine(one["outputs"])
            found.append(RecordedVm(number=int(name[1]), id=id, machine=machine, filled=id in led))
    newest = max(found, key=lambda known: known.number, default=None)
    gone = max(_list_places(resources), default=None)
    # What makes containers stays in the record when a refresh has taken the VM itself out of it.
    if gone and (newest is None or newest.number < gone[0]):
        return RecordedVm(number=gone[0], id=gone[1], machine=None, filled=False)
    return newest


def find_serving_vm(resources: Mapping[str, Any]) -> str:
    """The id of the VM that the address leads to; "" where it leads to none."""
    led = [one["outputs"].get("instanceId") for one in resources.values() if one["type"] == ASSOCIATION]
    return next((str(one) for one in led if one), "")


def _list_places(resources: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """The numbers and ids of the VMs that containers were made on."""
    for urn, one in resources.items():
        name = re.search(r"-docker-(\d+)$", urn)
        if one["type"] == PROVIDER and name:
            yield int(name[1]), str(urlsplit(str(one["outputs"].get("host"))).hostname)


def _read_machine(outputs: Mapping[str, Any]) -> Machine:
    return Machine(
        ami=str(outputs.get("ami")),
        kind=str(outputs.get("instanceType")),
        disk=int((outputs.get("rootBlockDevice") or {}).get("volumeSize") or 0),
        zone=str(outputs.get("availabilityZone")),
        user_data=str((outputs.get("tags") or {}).get("UserData")),
    )


def announce_vm(recorded: RecordedVm | None, machine: Machine, *, lost: bool) -> None:
    """Announce the changes of the VM, once: in the preview."""
    before, filled = (recorded.machine, recorded.filled) if recorded else (None, False)
    reported = announce_machine(before, machine, lost=recorded.id if recorded and lost else "", filled=filled)
    if reported and pulumi.runtime.is_dry_run():
        pulumi.log.info(reported)
