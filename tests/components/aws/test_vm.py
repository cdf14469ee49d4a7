"""Vm: one VM, hardened."""

from pathlib import Path

import pytest

from portico.config.render.cloud_init import render_user_data, unpack_user_data
from tests.components.aws.sample import INSTANCE, make_host
from tests.components.recorder import Recorder, Resource, list_texts
from tests.config.aws_sample import AMI, read_aws

NAME = "host-eu-central-1-vm-1-instance"


@pytest.fixture
def instance(made: Recorder) -> Resource:
    return made.find(INSTANCE, NAME)


def test_it_is_made_of_what_the_settings_say(root: Path, instance: Resource) -> None:
    assert (instance.inputs["ami"], instance.inputs["instanceType"]) == (AMI, "t4g.small")
    other = make_host(root, {"instanceType": "m7i.large", "disk": "8G"}).find(INSTANCE, NAME)
    assert other.inputs["instanceType"] == "m7i.large" and other.inputs["rootBlockDevice"]["volumeSize"] == 8


def test_its_user_data_is_the_rendered_one_packed(instance: Resource) -> None:
    assert unpack_user_data(instance.inputs["userDataBase64"]) == render_user_data(read_aws())
    assert instance.inputs["userDataReplaceOnChange"] is True


def test_credentials_want_a_token_and_do_not_reach_containers(instance: Resource) -> None:
    options = instance.inputs["metadataOptions"]
    assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)


def test_its_disk_is_encrypted_tagged_and_gone_with_it(instance: Resource) -> None:
    disk = instance.inputs["rootBlockDevice"]
    assert (disk["encrypted"], disk["volumeType"], disk["volumeSize"]) == (True, "gp3", 20)
    assert disk["deleteOnTermination"] is True and disk["tags"]["Stack"] == "test"


def test_it_is_watched_closely_and_recovers_by_itself(instance: Resource) -> None:
    assert instance.inputs["monitoring"] is True and instance.inputs["ebsOptimized"] is True
    assert instance.inputs["maintenanceOptions"] == {"autoRecovery": "default"}


def test_an_old_kind_is_asked_for_without_a_line_to_its_disks(root: Path) -> None:
    """AWS refuses t2 with one: "EBS-optimized instances are not supported for your requested configuration"."""
    assert make_host(root, {"instanceType": "t2.small"}).find(INSTANCE, NAME).inputs["ebsOptimized"] is False


def test_it_has_the_role_the_subnet_and_the_firewall(instance: Resource) -> None:
    assert instance.inputs["iamInstanceProfile"].startswith("host-eu-central-1-role-profile")
    assert instance.inputs["subnetId"] == "host-eu-central-1-vpc-subnet-id"
    assert instance.inputs["vpcSecurityGroupIds"] == ["host-eu-central-1-firewall-group-id"]


def test_it_is_not_started_before_there_is_a_way_out(made: Recorder, instance: Resource) -> None:
    route = made.find("aws:ec2/route:Route", "host-eu-central-1-vpc-way-out")
    leads = made.find("aws:ec2/routeTableAssociation:RouteTableAssociation", "host-eu-central-1-vpc-subnet-routes")
    assert {route.urn, leads.urn} <= {*instance.dependencies}


def test_it_has_a_way_out_before_the_address_leads_to_it(instance: Resource) -> None:
    assert instance.inputs["associatePublicIpAddress"] is True
    assert set(instance.ignore_changes) == {"userDataBase64", "associatePublicIpAddress"}


@pytest.mark.parametrize("protect", [True, False])
def test_hands_are_kept_off_it_where_the_stack_says_but_not_portico(root: Path, protect: bool) -> None:
    instance = make_host(root, protect=protect).find(INSTANCE, NAME)
    assert instance.inputs["disableApiTermination"] is protect
    assert instance.inputs["forceDestroy"] is True and not instance.protect


def test_nobody_has_a_key_of_aws_on_it(instance: Resource) -> None:
    assert "keyName" not in instance.inputs
    assert not [text for text, secret in list_texts(instance.raw) if secret]
