"""A host on AWS for the tests: what it registers, and a VM that an earlier update has left."""

from collections.abc import Collection, Mapping
from typing import Any

import pulumi

from portico.components.hosts.aws import AwsHost
from portico.config.checks import check_settings
from portico.config.messages.vm_changes import Machine
from portico.config.settings import Settings
from tests.components.fleet_answers import REGION
from tests.components.recorder import PROVIDER, Recorder, Resource, run
from tests.config.aws_sample import make_aws_values, make_section, read_aws

INSTANCE = "aws:ec2/instance:Instance"
ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
URN = "urn:pulumi:test::portico::portico:index:AwsHost$portico:index:Vm$"
OLD = "i-0123456789abcdef0"


def read(root: Any, section: Mapping[str, Any] | None = None, **stack: Any) -> Settings:
    """Checked settings of a stack on AWS; `section` is what differs in `aws`."""
    return check_settings(make_aws_values(make_section(**(section or {})), **stack), root)


def make_host(
    root: Any,
    section: Mapping[str, Any] | None = None,
    *,
    resources: Mapping[str, Any] | None = None,
    alive: Collection[str] = (),
    stopped: Collection[str] = (),
    seen: list[Resource] | None = None,
    hosts: list[AwsHost] | None = None,
    answers: Mapping[str, Any] | None = None,
    **stack: Any,
) -> Recorder:
    """All that the host registers, its address included. `resources` are those of the update before.

    `alive` and `stopped` are the VMs that AWS knows; `hosts` gets the host. `answers` are the recorder's own.
    """
    settings = read(root, section, **stack)

    def build() -> None:
        host = AwsHost("host", settings, resources or {})
        pulumi.export("address", host.publish("tree"))
        if hosts is not None:
            hosts.append(host)

    return run(build, seen=seen, alive=alive, stopped=stopped, **(answers or {}))


def leave(
    number: int = 1, id: str = OLD, *, filled: bool = True, refreshed: bool = False, **section: Any
) -> dict[str, Any]:
    """What an update with these settings leaves of a VM in Pulumi's state; `refreshed` has found it gone."""
    provider = {"type": PROVIDER, "outputs": {"host": f"ssh://portico@{id}:22"}}
    place = {f"urn:pulumi:test::portico::portico:index:AwsHost${PROVIDER}::host-docker-{number}": provider}
    if refreshed:
        return place
    machine = Machine.of(read_aws(**section), section.get("zone") or f"{section.get('region', REGION)}a")
    outputs = {
        "arn": f"arn:aws:ec2:{machine.zone[:-1]}:123456789012:instance/{id}",
        "ami": machine.ami,
        "instanceType": machine.kind,
        "availabilityZone": machine.zone,
        "rootBlockDevice": {"volumeSize": machine.disk},
        "tags": {"UserData": machine.user_data},
    }
    region = machine.zone[:-1]
    found: dict[str, Any] = {
        f"{URN}{INSTANCE}::host-{region}-vm-{number}-instance": {"type": INSTANCE, "outputs": outputs}
    }
    if filled:
        found |= place
        lead = {"type": ASSOCIATION, "outputs": {"instanceId": id}}
        found[f"{URN}{ASSOCIATION}::host-address-{region}-lead"] = lead
    return found
