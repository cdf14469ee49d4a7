"""Address: it stays while VMs come and go."""

from pathlib import Path

from tests.components.aws.sample import ASSOCIATION, make_host
from tests.components.recorder import ADDRESS, Recorder

EIP = "aws:ec2/eip:Eip"
RECORD = "aws:route53/record:Record"
NAME = "host-address-eu-central-1"
DNS = {"zone": "Z0123456789ABCDEFGHIJ", "name": "shop.example"}


def test_it_is_an_address_of_the_vpc_which_is_exported(made: Recorder) -> None:
    assert made.find(EIP, f"{NAME}-ip").inputs["domain"] == "vpc"
    assert made.exports == {"address": ADDRESS}


def test_it_is_led_to_the_vm_in_one_step(made: Recorder) -> None:
    lead = made.find(ASSOCIATION, f"{NAME}-lead")
    assert lead.inputs["allocationId"] == f"{NAME}-ip-id"
    assert lead.inputs["instanceId"] == "host-eu-central-1-vm-1-instance-id"
    # The new one takes it over; to give it up first would lead visitors nowhere.
    assert lead.inputs["allowReassociation"] is True and lead.delete_before_replace is False


def test_a_name_only_where_one_is_written(root: Path, made: Recorder) -> None:
    assert not made.of_type(RECORD)
    record = make_host(root, {"dns": DNS}).find(RECORD, "host-address-name").inputs
    assert (record["zoneId"], record["name"], record["type"]) == ("Z0123456789ABCDEFGHIJ", "shop.example", "A")
    assert record["records"] == [ADDRESS] and record["ttl"] == 60


def test_the_name_is_the_same_record_in_every_region(root: Path) -> None:
    names = {make_host(root, {"dns": DNS, "region": one}).of_type(RECORD)[0].urn for one in ("eu-west-1", "us-east-1")}
    assert len(names) == 1
