"""A hosted zone has to answer for the names that are to lead here: what it does not is refused beforehand."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.mistake import Mistakes
from tests.components.aws.sample import make_host
from tests.components.ecs.sample import SHOP, deploy
from tests.components.recorder import Resource
from tests.config.ecs_sample import ZONE
from tests.config.sample import make_site

ABSENT = "reading Route 53 Hosted Zone (Z1): NoSuchHostedZone: No hosted zone found with ID: Z1"
SECTION = {"dns": {"zone": ZONE}}
NAMED = {"dns": {"zone": ZONE, "name": "shop.example"}}


def try_both(root: Path, zone: dict[str, Any], seen: list[Resource] | None = None) -> str:
    """What a stack on ECS, and then a VM, say of their names in this zone; nothing else is made before."""
    reported = []
    with pytest.raises(Mistakes) as caught:
        deploy(root, SHOP, section=SECTION, answers={"zone": zone}, seen=seen)
    reported.append(str(caught.value))
    with pytest.raises(Mistakes) as caught:
        make_host(root, NAMED, answers={"zone": zone}, seen=seen)
    reported.append(str(caught.value))
    assert seen is None or {one.type for one in seen} <= {
        "pulumi:providers:aws",
        "pulumi:providers:docker",
        "portico:index:AwsHost",
    }
    return "\n".join(reported)


def test_names_outside_of_the_zone_are_refused_all_at_once(root: Path) -> None:
    reported = try_both(root, {"name": "other.example."}, [])
    for place, name in (
        ("sites[0].hosts[0]", "shop.example"),
        ("sites[0].aliases[0]", "www.shop.example"),
        ("aws.dns.name", "shop.example"),
    ):
        assert f'{place}: "{name}" is not in the hosted zone other.example, which ' in reported
    assert "2 mistakes in the settings; nothing was changed." in reported


def test_a_name_that_only_ends_alike_is_outside(root: Path) -> None:
    assert '"shop.example" is not in the hosted zone op.example' in try_both(root, {"name": "op.example"})


def test_a_zone_that_answers_inside_of_networks_alone_is_refused(root: Path) -> None:
    reported = try_both(root, {"name": "example", "privateZone": True})
    assert (
        f"ecs.dns.zone: {ZONE} is a private zone, which answers only inside VPCs; write the id of the public zone of "
        "example" in reported
    )


def test_a_zone_that_is_not_there_is_refused(root: Path) -> None:
    assert f"ecs.dns.zone: there is no hosted zone {ZONE} in this account" in try_both(root, {"refused": ABSENT})


def test_the_zone_itself_and_what_is_below_it_is_inside(root: Path) -> None:
    for host in ("shop.example", "www.shop.example", "*.shop.example"):
        site = make_site(hosts=[host])
        assert deploy(root, site, section=SECTION, answers={"zone": {"name": "shop.example"}}).exports["urls"]


def test_who_may_not_look_at_the_zone_is_warned_and_goes_on(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    refused = {"refused": "AccessDenied: not authorized to perform: route53:GetHostedZone"}
    assert deploy(root, SHOP, section=SECTION, answers={"zone": refused}).exports["urls"]
    assert f"whether the hosted zone {ZONE} answers for the host names cannot be seen" in caplog.text
