"""Which availability zones a stack is in: what exists differs between regions, and between accounts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from portico.config.mistake import Mistake, Mistakes
from portico.config.settings import Aws, Ecs

SUBNET: Final = "aws:ec2/subnet:Subnet"
# A load balancer wants two, and one may be lost.
_LEAST: Final = 2
# Zones by their ids, which are the same for every account. Fargate starts no tasks there, by AWS's page "Supported
# Regions for Amazon ECS on AWS Fargate".
_WITHOUT_FARGATE: Final = ("apne1-az3", "usw1-az2", "cnn1-az3", "cnn1-az4")


def choose_zones(ecs: Ecs, resources: Mapping[str, Any], account: pulumi.ProviderResource) -> tuple[str, ...]:
    """The zones of tasks and load balancer: those of the settings, those that the stack has, or the first two.

    `resources` are those of the last update. A stack stays in its zones, whatever AWS adds. Raises Mistakes where a
    zone that is named is none of this account's.
    """
    known = _list_known(resources, ecs.region)
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
        told = f"{ecs.region} has fewer than two zones for this account ({choice or 'none'}); write another region"
        raise Mistakes([Mistake("ecs.region", told)])
    return ecs.zones or tuple(sorted(there)[:_LEAST])


def choose_zone(
    wanted: Aws, kind: str, disk: str, resources: Mapping[str, Any], account: pulumi.ProviderResource
) -> str:
    """The zone of the VM: that of the settings, the one that it is in, or the first one that has such a VM.

    `kind` is the type of the VM that is there, `disk` the zone of the disk of data; both "" where there is none.
    `resources` are those of the last update. Raises Mistakes where the zone that is named, or the whole region, has no
    such VM.
    """
    zone = disk or next(iter(_list_known(resources, wanted.region)), "")
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
        told = f"{wanted.region} has no {wanted.instance_type} for this account; write another kind, or another region"
        raise Mistakes([Mistake("aws.instanceType", told)])
    if wanted.zone and wanted.zone not in there:
        told = f'"{wanted.zone}" has no {wanted.instance_type} for this account; write one of {choice}'
        raise Mistakes([Mistake("aws.zone", told)])
    if stays and disk and disk not in there:
        # A disk stays in its zone, and the VM has to come to it.
        told = f"{disk}, where the disk of data is, has no {wanted.instance_type}; write another kind of VM"
        raise Mistakes([Mistake("aws.instanceType", told)])
    return wanted.zone or (zone if stays and zone in there else min(there))


def _list_known(resources: Mapping[str, Any], region: str) -> tuple[str, ...]:
    """The zones in which the stack has subnets, in the order of their letters."""
    found = {str(one["outputs"].get("availabilityZone")) for one in resources.values() if one["type"] == SUBNET}
    return tuple(sorted(zone for zone in found if zone[:-1] == region))
