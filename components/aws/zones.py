"""Which availability zones a stack is in: what exists differs between regions, and between accounts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from portico.components.previous_outputs import list_outputs
from portico.config.mistake import Mistake, Mistakes
from portico.config.settings import Aws, Ecs

SUBNET: Final = "aws:ec2/subnet:Subnet"
# A load balancer wants two, and one may be lost.
_LEAST: Final = 2
# Zones by their ids, which are the same for every account. Fargate starts no tasks there, by AWS's page "Supported
# Regions for Amazon ECS on AWS Fargate".
_WITHOUT_FARGATE: Final = ("apne1-az3", "usw1-az2", "cnn1-az3", "cnn1-az4")


def choose_zones(ecs: Ecs, known: tuple[str, ...], account: pulumi.ProviderResource) -> tuple[str, ...]:
    """The zones of tasks and load balancer: those of the settings, those that the stack has, or the first two.

    `known` are those that it has. It stays there, whatever AWS adds. Raises Mistakes where a zone that is named is none
    of this account's.
    """
    if not ecs.zones and len(known) >= _LEAST:
        return known
    if ecs.zones and set(ecs.zones) <= set(known):
        return ecs.zones
    there = aws.get_availability_zones(
        state="available",
        exclude_zone_ids=list(_WITHOUT_FARGATE),
        filters=[aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])],
        opts=pulumi.InvokeOptions(provider=account),
    ).names
    choice = ", ".join(sorted(there))
    if wrong := [
        Mistake(f"ecs.zones[{place}]", f'"{zone}" has no Fargate for this account; write some of {choice}')
        for place, zone in enumerate(ecs.zones)
        if zone not in there and zone not in known
    ]:
        raise Mistakes(wrong)
    if not ecs.zones and len(there) < _LEAST:
        reported = f"{ecs.region} has fewer than two zones for this account ({choice or 'none'}); write another region"
        raise Mistakes([Mistake("ecs.region", reported)])
    return ecs.zones or tuple(sorted(there)[:_LEAST])


def choose_pair(region: str, known: tuple[str, ...], account: pulumi.ProviderResource) -> tuple[str, ...]:
    """The two zones of what AWS runs beside a VM: those that it is in by now (`known`), or the first two.

    Raises Mistakes where the region has fewer.
    """
    if len(known) >= _LEAST:
        return known
    there = aws.get_availability_zones(
        state="available",
        filters=[aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])],
        opts=pulumi.InvokeOptions(provider=account),
    ).names
    if len(there) < _LEAST:
        raise Mistakes(
            [Mistake("services", f"{region} has one zone, and AWS runs services in two; write no `managed`")]
        )
    return tuple(sorted(there)[:_LEAST])


def choose_zone(wanted: Aws, kind: str, zone: str, disk: str, account: pulumi.ProviderResource) -> str:
    """The zone of the VM: that of the settings, the one that it is in, or the first one that has such a VM.

    `kind` is the type of the VM that is there, `zone` where the stack is, `disk` where the disk of data is; each ""
    where there is none. Raises Mistakes where the zone that is named, or the whole region, has no such VM.
    """
    zone = disk or zone
    stays = zone[:-1] == wanted.region and (wanted.zone or zone) == zone
    if stays and kind == wanted.instance_type:
        return zone
    there: Sequence[str] = aws.ec2.get_instance_type_offerings(
        location_type="availability-zone",
        filters=[aws.ec2.GetInstanceTypeOfferingsFilterArgs(name="instance-type", values=[wanted.instance_type])],
        opts=pulumi.InvokeOptions(provider=account),
    ).locations
    choice = ", ".join(sorted(there))
    if not there:
        reported = (
            f"{wanted.region} has no {wanted.instance_type} for this account; write another kind, or another region"
        )
        raise Mistakes([Mistake("aws.instanceType", reported)])
    if wanted.zone and wanted.zone not in there:
        reported = f'"{wanted.zone}" has no {wanted.instance_type} for this account; write one of {choice}'
        raise Mistakes([Mistake("aws.zone", reported)])
    if stays and disk and disk not in there:
        # A disk stays in its zone, and the VM has to come to it.
        reported = f"{disk}, where the disk of data is, has no {wanted.instance_type}; write another kind of VM"
        raise Mistakes([Mistake("aws.instanceType", reported)])
    return wanted.zone or (zone if stays and zone in there else min(there))


def list_known(resources: Mapping[str, Any], region: str, network: str) -> tuple[str, ...]:
    """The zones in which the network of that name has subnets, in the order of their letters.

    `resources` are those of the last update (components/previous_outputs.py).
    """
    found = {str(one.get("availabilityZone")) for one in list_outputs(resources, SUBNET, f"{network}-")}
    return tuple(sorted(zone for zone in found if zone[:-1] == region))
