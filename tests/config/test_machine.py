"""What makes another VM, and what is said before."""

from typing import Any

import pytest

from portico.config.messages.vm_changes import Machine, announce_machine
from tests.config.aws_sample import AMI, KEY, read_aws

MACHINE = Machine.of(read_aws(), "eu-central-1a")
OTHER = "ami-0fedcba9876543210"
MOVE = (
    "a new one is made ready and filled with all containers, which takes minutes; then the address moves, and the old "
    "one is removed. Connections that are open then are cut; images of earlier releases stay behind."
)


def test_a_machine_is_what_the_settings_ask_for() -> None:
    assert (MACHINE.ami, MACHINE.kind, MACHINE.disk, MACHINE.zone) == (AMI, "t4g.small", 20, "eu-central-1a")
    assert len(MACHINE.user_data) == 12


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        ({"ami": OTHER}, f"its image ({AMI} → {OTHER}) changes"),
        ({"instanceType": "t4g.medium"}, "its instance type (t4g.small → t4g.medium) changes"),
        ({"disk": "30G"}, "its disk (20 GiB → 30 GiB) changes"),
        ({"zone": "eu-central-1b"}, "its availability zone (eu-central-1a → eu-central-1b) changes"),
        ({"keys": [KEY, KEY.replace("you", "ann")]}, "how it is set up on its first boot changes"),
        ({"swap": "2G"}, "how it is set up on its first boot changes"),
        (
            {"ami": OTHER, "instanceType": "t3.small"},
            f"its image ({AMI} → {OTHER}) and its instance type (t4g.small → t3.small) change",
        ),
    ],
)
def test_another_machine_is_announced_with_its_reason(changes: dict[str, Any], reported: str) -> None:
    after = Machine.of(read_aws(**changes), changes.get("zone", "eu-central-1a"))
    assert announce_machine(MACHINE, after) == f"VM: replaced, since {reported}: {MOVE}"


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "~/.ssh/other"},
        {"retention": 30},
        {"alarmTopic": "arn:aws:sns:eu-central-1:123456789012:alarms"},
        {"access": "ssh", "sshFrom": ["198.51.100.0/24"]},
        {"egress": [{"name": "database", "port": 5432, "network": "10.0.0.0/8"}]},
        {"dns": {"zone": "Z0123456789ABCDEFGHIJ", "name": "shop.example"}},
        {"tags": {"Owner": "ann"}},
        {"readyTimeout": 900},
    ],
)
def test_what_is_around_the_machine_never_touches_it(changes: dict[str, Any]) -> None:
    after = Machine.of(read_aws(**changes), changes.get("zone", "eu-central-1a"))
    assert after == MACHINE and announce_machine(MACHINE, after) is None


def test_the_first_one_is_announced() -> None:
    assert announce_machine(None, MACHINE) == (
        "VM: made, which takes minutes; then its containers start, and the address leads to it."
    )


def test_a_lost_one_is_announced() -> None:
    assert announce_machine(MACHINE, MACHINE, lost="i-0123") == (
        "VM: i-0123 is gone, and not by Portico: a new one is made and filled, then the address leads to it."
    )


def test_one_that_an_update_left_unfilled_is_announced() -> None:
    reported = announce_machine(MACHINE, MACHINE, filled=False)
    assert reported and reported.startswith("VM: the new one is there, but not filled yet: its containers start, then")
