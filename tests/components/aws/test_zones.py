"""Zones are those that the account has: no letter is taken for granted, and what is there stays where it is."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.mistake import Mistakes
from tests.components.aws.sample import INSTANCE, OLD, leave, make_host
from tests.components.ecs.sample import SHOP, deploy
from tests.components.fleet_answers import REGION
from tests.components.recorder import Recorder

SUBNET = "aws:ec2/subnet:Subnet"


def zones(made: Recorder) -> list[str]:
    return sorted({one.inputs["availabilityZone"].removeprefix(REGION) for one in made.of_type(SUBNET)})


def recall(*letters: str) -> dict[str, Any]:
    """What the record says of subnets in these zones."""
    names = (*(f"fleet-network-public-{one}" for one in letters), f"host-{REGION}-vpc-subnet")
    places = [f"{REGION}{one}" for one in letters]
    return {
        f"urn:pulumi:test::portico::{SUBNET}::{name}": {"type": SUBNET, "outputs": {"availabilityZone": place}}
        for name, place in zip(names, (*places, places[0]), strict=True)
    }


def fleet(root: Path, known: dict[str, Any] | None = None, zones: str = "abc", **section: Any) -> Recorder:
    return deploy(root, SHOP, section=section, answers={"zones": zones, "known": known or {}})


@pytest.mark.parametrize(("there", "chosen"), [("abc", "ab"), ("acd", "ac"), ("fcb", "bc")])
def test_tasks_are_in_the_first_two_zones_that_the_account_has(root: Path, there: str, chosen: str) -> None:
    assert zones(fleet(root, zones=there)) == list(chosen)


def test_the_vm_is_in_the_first_zone_that_has_its_kind(root: Path) -> None:
    made = make_host(root, answers={"zones": "dc"})
    assert zones(made) == ["c"]


def test_a_fleet_stays_in_the_zones_that_it_has(root: Path) -> None:
    assert zones(fleet(root, recall("c", "d"), zones="abcd")) == ["c", "d"]
    # Also where one of them is in trouble just now.
    assert zones(fleet(root, recall("c", "d"), zones="abc")) == ["c", "d"]


def test_zones_that_are_named_are_asked_for_only_where_they_are_new(root: Path) -> None:
    named = [f"{REGION}c", f"{REGION}d"]
    made = deploy(root, SHOP, section={"zones": named}, answers={"zones": "ab", "known": recall("c", "d")})
    assert zones(made) == ["c", "d"]
    with pytest.raises(Mistakes) as caught:
        deploy(root, SHOP, section={"zones": named}, answers={"zones": "abd", "known": recall("a", "d")})
    assert f'ecs.zones[0]: "{REGION}c" has no Fargate for this account; write some of ' in str(caught.value)


def test_a_region_with_one_zone_is_refused(root: Path) -> None:
    with pytest.raises(Mistakes, match=r"ecs\.region: eu-central-1 has fewer than two zones for this account"):
        fleet(root, zones="a")


def test_a_vm_stays_in_its_zone(root: Path) -> None:
    resources = leave(3, zone=f"{REGION}b") | recall("b")
    made = make_host(root, resources=resources, alive=[OLD], answers={"zones": "abc"})
    assert made.of_type(INSTANCE)[0].name.endswith("vm-3-instance") and zones(made) == ["b"]
    # Another kind is another VM, in the same zone if that has it.
    larger = {"instanceType": "t4g.large"}
    assert zones(make_host(root, larger, resources=resources, alive=[OLD], answers={"zones": "abc"})) == ["b"]
    assert zones(make_host(root, larger, resources=resources, alive=[OLD], answers={"zones": "ac"})) == ["a"]


@pytest.mark.parametrize(
    ("section", "there", "said"),
    [
        ({}, "", "aws.instanceType: eu-central-1 has no t4g.small for this account; write another kind"),
        ({"zone": f"{REGION}e"}, "ab", f'aws.zone: "{REGION}e" has no t4g.small for this account; write one of '),
    ],
)
def test_a_kind_that_is_not_sold_there_is_refused(root: Path, section: dict[str, Any], there: str, said: str) -> None:
    with pytest.raises(Mistakes) as caught:
        make_host(root, section, answers={"zones": there})
    assert said in str(caught.value)


def test_a_kind_that_the_zone_of_the_disk_has_not_is_refused(root: Path) -> None:
    disks = [{"id": "vol-1", "availabilityZone": f"{REGION}b", "size": 10, "tags": {}}]
    data: dict[str, Any] = {"sites": [{**SHOP_ON_A_VM, "data": [{"name": "media", "path": "/app/media"}]}]}
    with pytest.raises(Mistakes, match=r"aws\.instanceType: eu-central-1b, where the disk of data is, has no"):
        make_host(root, answers={"zones": "ac", "disks": disks}, **data)
    assert zones(make_host(root, answers={"zones": "abc", "disks": disks}, **data)) == ["b"]


SHOP_ON_A_VM = {key: value for key, value in SHOP.items() if key != "users"}
