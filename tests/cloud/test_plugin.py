"""The double refuses what AWS or its provider would refuse, and tells what a change means."""

import base64
import gzip
import random

import pytest

from tests.cloud.caller import Caller, Refused
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.disk_effects import find_file
from tests.cloud.plugin.fleet_kinds import FILES, MOUNT_TARGET
from tests.cloud.plugin.kinds import (
    ASSOCIATION,
    DEFAULT_GROUP,
    EIP,
    INSTANCE,
    KINDS,
    ROLE,
    ROLE_POLICY,
    SUBNET,
    VOLUME,
    VOLUME_ATTACHMENT,
    VPC,
)
from tests.cloud.plugin.machines import read_user_data
from tests.cloud.plugin.shape import Shape

pytestmark = pytest.mark.extended

GROUP = "aws:ec2/securityGroup:SecurityGroup"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


@pytest.mark.parametrize("type", sorted(KINDS))
def test_every_kind_is_one_of_pulumi_aws_and_so_are_the_properties_named_there(type: str) -> None:
    kind, shape = KINDS[type], Shape.find(type)
    wanted = {name.partition(".")[0] for name in kind.replaces} | ({kind.named} if kind.named else set())
    assert wanted <= shape.inputs.keys()


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        ({"cidrBlok": "10.0.0.0/16"}, "cidrBlok is no such property of this type"),
        ({"enableDnsSupport": "yes"}, "enableDnsSupport must be bool, and is 'yes'"),
        ({"tags": {"Name": 4}}, "tags"),
    ],
)
def test_a_property_that_aws_does_not_know_is_refused(caller: Caller, inputs: dict[str, object], wrong: str) -> None:
    found = caller.check(VPC, "vpc", **inputs).wrong
    assert len(found) == 1
    assert found[0].startswith(wrong)


def test_all_mistakes_of_a_nested_object_are_reported_with_their_path(caller: Caller) -> None:
    disk = {"encrypted": "true", "volumeSise": 8}
    wrong = caller.check(
        INSTANCE, "instance", rootBlockDevice=disk, vpcSecurityGroupIds=[4], metadataOptions="on"
    ).wrong
    assert sorted(wrong) == [
        "ami is required and missing",
        "instanceType is required and missing",
        "metadataOptions must be an object, and is 'on'",
        "rootBlockDevice.encrypted must be bool, and is 'true'",
        "rootBlockDevice.volumeSise is no such property of this type",
        "vpcSecurityGroupIds[0] must be str, and is 4",
    ]


def test_a_required_property_that_is_missing_is_refused(caller: Caller) -> None:
    assert caller.check(SUBNET, "subnet", cidrBlock="10.0.0.0/24").wrong == ["vpcId is required and missing"]


def test_a_type_nobody_thought_about_is_refused(caller: Caller) -> None:
    with pytest.raises(Refused, match="does not know aws:sqs/queue:Queue"):
        caller.check("aws:sqs/queue:Queue", "queue")


def test_a_provider_without_a_region_is_refused(caller: Caller) -> None:
    with pytest.raises(Refused, match="no region"):
        caller.configure()


def test_a_reference_to_nothing_is_refused(caller: Caller, vpc: Thing) -> None:
    with pytest.raises(Refused, match=r"subnet: vpcId: vpc-0{17} does not exist"):
        caller.create(SUBNET, "subnet", vpcId=f"vpc-{'0' * 17}")
    with pytest.raises(Refused, match=r"role: nobody does not exist"):
        caller.create(ROLE_POLICY, "policy", role="nobody", policyArn="arn:aws:iam::aws:policy/Some")
    with pytest.raises(Refused, match=r"logDestination: arn:aws:logs:.*:none does not exist"):
        arn = "arn:aws:logs:eu-central-1:123456789012:log-group:none"
        caller.create("aws:ec2/flowLog:FlowLog", "flow", vpcId=vpc.id, logDestination=arn)
    assert [thing.name for thing in caller.cloud.things()] == ["vpc"]


def test_what_is_in_use_is_not_deleted(caller: Caller, vpc: Thing, subnet: Thing) -> None:
    with pytest.raises(Refused, match="DependencyViolation: vpc is in use by subnet"):
        caller.delete(vpc)
    caller.delete(subnet)
    caller.delete(vpc)
    assert caller.cloud.things() == []
    assert [line["what"] for line in caller.cloud.journal()] == ["create", "create", "delete", "delete"]


def test_a_name_is_given_once_and_two_things_cannot_have_one(caller: Caller) -> None:
    policy = '{"Version": "2012-10-17"}'
    role = caller.create(ROLE, "role", assumeRolePolicy=policy)
    assert role.inputs["name"].startswith("role-")
    again = caller.check(ROLE, "role", role.inputs, assumeRolePolicy=policy)
    assert again.inputs["name"] == role.inputs["name"]
    caller.create(LOG_GROUP, "log", name="/portico")
    with pytest.raises(Refused, match="EntityAlreadyExists: there is a LogGroup /portico already"):
        caller.create(LOG_GROUP, "other", name="/portico")


def test_a_given_name_is_free_only_when_the_old_one_is_gone(caller: Caller, vpc: Thing) -> None:
    named = caller.create(GROUP, "group", vpcId=vpc.id, name="web", description="one")
    auto = caller.create(GROUP, "other", vpcId=vpc.id, description="one")
    assert caller.diff(named, description="two").deleteBeforeReplace
    assert not caller.diff(auto, description="two").deleteBeforeReplace
    assert not caller.diff(named, tags={"a": "b"}).deleteBeforeReplace


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"ami": "ami-2"}, ["ami"]),
        ({"rootBlockDevice": {"encrypted": True, "volumeSize": 8}}, ["rootBlockDevice"]),
        ({"instanceType": "t4g.medium"}, []),
        ({"userData": "#cloud-config\n"}, []),
        ({"userData": "#cloud-config\n", "userDataReplaceOnChange": True}, ["userData"]),
        ({"tags": {"Name": "two"}}, []),
    ],
)
def test_what_replaces_an_instance(
    caller: Caller, instance: Thing, change: dict[str, object], replaces: list[str]
) -> None:
    before = caller.update(instance, rootBlockDevice={"encrypted": False, "volumeSize": 8})
    answer = caller.diff(before, **change)
    assert answer.changes == answer.DIFF_SOME
    assert list(answer.replaces) == replaces
    assert caller.diff(before).changes == answer.DIFF_NONE


def test_a_larger_disk_is_no_other_instance(caller: Caller, instance: Thing) -> None:
    before = caller.update(instance, rootBlockDevice={"encrypted": True, "volumeSize": 8})
    assert not caller.diff(before, rootBlockDevice={"encrypted": True, "volumeSize": 16}).replaces


def test_user_data_is_read_as_cloud_init_reads_it() -> None:
    text = "#cloud-config\nhostname: one\n"
    packed = base64.b64encode(gzip.compress(text.encode())).decode()
    assert read_user_data({"userDataBase64": packed}) == read_user_data({"userData": text}) == text


@pytest.mark.parametrize("name", ["userData", "userDataBase64"])
def test_too_much_user_data_is_refused(caller: Caller, subnet: Thing, name: str) -> None:
    text = random.Random(1).randbytes(16_385)
    value = base64.b64encode(text).decode() if name == "userDataBase64" else "a" * 16_385
    with pytest.raises(Refused, match="User data is limited to 16384 bytes, and this has 16385"):
        caller.create(INSTANCE, "instance", ami="ami-1", instanceType="t4g.small", subnetId=subnet.id, **{name: value})
    assert [thing.name for thing in caller.cloud.things(INSTANCE)] == []


def test_its_id_is_one_of_its_outputs(caller: Caller, instance: Thing) -> None:
    assert caller.update(instance, tags={}).outputs["id"] == instance.outputs["id"] == instance.id


def test_tags_of_the_provider_are_on_everything(caller: Caller) -> None:
    caller.configure(region="eu-central-1", defaultTags='{"tags": {"stack": "prod"}}')
    vpc = caller.create(VPC, "vpc", cidrBlock="10.0.0.0/16", tags={"Name": "one"})
    assert vpc.outputs["tagsAll"] == {"stack": "prod", "Name": "one"}
    assert caller.update(vpc, tags={"Name": "two"}).outputs["tagsAll"] == {"stack": "prod", "Name": "two"}


def test_the_default_security_group_is_the_vpcs(caller: Caller, vpc: Thing) -> None:
    group = caller.create(DEFAULT_GROUP, "default", vpcId=vpc.id)
    assert group.id == vpc.outputs["defaultSecurityGroupId"]


def test_a_machine_that_is_gone_is_gone_for_whoever_asks(caller: Caller, instance: Thing) -> None:
    found = "aws:ec2/getInstances:getInstances"
    assert caller.read(instance) == instance.id
    assert caller.invoke(found, instanceTags={"Name": "one"})["ids"] == [instance.id]
    assert caller.invoke(found, instanceTags={"Name": "two"})["ids"] == []
    caller.provider._effects.machines.remove(instance.id)
    assert caller.read(instance) == ""
    assert caller.invoke(found, instanceTags={"Name": "one"})["ids"] == []


def test_an_instance_with_a_guard_is_not_deleted(caller: Caller, instance: Thing) -> None:
    guarded = caller.update(instance, disableApiTermination=True)
    with pytest.raises(Refused, match="OperationNotPermitted"):
        caller.delete(guarded)
    caller.delete(caller.update(guarded, forceDestroy=True))
    assert caller.cloud.things(INSTANCE) == []


@pytest.fixture
def disk(caller: Caller) -> Thing:
    return caller.create(
        VOLUME, "disk", availabilityZone="eu-central-1a", size=1, encrypted=True, tags={"Stack": "test"}
    )


def test_a_disk_is_with_one_instance_in_its_zone_and_outlives_it(
    caller: Caller, subnet: Thing, instance: Thing, disk: Thing
) -> None:
    given = {"deviceName": "/dev/sdf", "volumeId": disk.id}
    caller.create(VOLUME_ATTACHMENT, "attachment", instanceId=instance.id, **given)
    other = caller.create(INSTANCE, "other", ami="ami-1", instanceType="t4g.small", subnetId=subnet.id)
    with pytest.raises(Refused, match=r"VolumeInUse: .* is already attached"):
        caller.create(VOLUME_ATTACHMENT, "second", instanceId=other.id, **given)
    with pytest.raises(Refused, match=r"DependencyViolation|VolumeInUse"):
        caller.delete(disk)
    caller.delete(instance)
    # It was taken off by AWS.
    assert caller.cloud.things(VOLUME_ATTACHMENT) == []
    caller.create(VOLUME_ATTACHMENT, "second", instanceId=other.id, **given)
    elsewhere = caller.create(VOLUME, "elsewhere", availabilityZone="eu-central-1b", size=1)
    with pytest.raises(Refused, match="ZoneMismatch"):
        caller.create(VOLUME_ATTACHMENT, "far", instanceId=other.id, deviceName="/dev/sdg", volumeId=elsewhere.id)


def test_a_disk_only_grows_and_is_found_by_its_tags(caller: Caller, disk: Thing) -> None:
    grown = caller.update(disk, size=2)
    assert find_file(caller.cloud, disk.id).stat().st_size == 2 * 2**30
    with pytest.raises(Refused, match="New size cannot be smaller"):
        caller.update(grown, size=1)
    assert caller.invoke("aws:ebs/getEbsVolumes:getEbsVolumes", tags={"Stack": "test"})["ids"] == [disk.id]
    assert caller.invoke("aws:ebs/getEbsVolumes:getEbsVolumes", tags={"Stack": "prod"})["ids"] == []
    asked = {"filters": [{"name": "volume-id", "values": [disk.id]}]}
    assert caller.invoke("aws:ebs/getVolume:getVolume", **asked)["availabilityZone"] == "eu-central-1a"
    caller.delete(grown)
    assert not find_file(caller.cloud, disk.id).exists()


def test_a_file_system_goes_when_no_way_leads_to_it(caller: Caller, subnet: Thing) -> None:
    files = caller.create(FILES, "files", creationToken="test-data", encrypted=True, tags={"Stack": "test"})
    backups = caller.create(
        "aws:efs/backupPolicy:BackupPolicy", "b", fileSystemId=files.id, backupPolicy={"status": "ENABLED"}
    )
    target = caller.create(MOUNT_TARGET, "target", fileSystemId=files.id, subnetId=subnet.id)
    with pytest.raises(Refused, match="DependencyViolation"):
        caller.delete(files)
    asked = {
        "resourceTypeFilters": ["elasticfilesystem:file-system"],
        "tagFilters": [{"key": "Stack", "values": ["test"]}],
    }
    token = "aws:resourcegroupstaggingapi/getResources:getResources"
    assert caller.invoke(token, **asked)["resourceTagMappingLists"] == [{"resourceArn": files.outputs["arn"]}]
    # Though its id is the file system's own, it is in nobody's way.
    caller.delete(backups)
    caller.delete(target)
    caller.delete(files)
    assert not caller.cloud.things(FILES)


def test_a_question_nobody_taught_it_is_refused(caller: Caller) -> None:
    with pytest.raises(Refused, match="does not know aws:ec2/getAmi:getAmi"):
        caller.invoke("aws:ec2/getAmi:getAmi")
    with pytest.raises(Refused, match="does not know the filter colour"):
        caller.create(VPC, "vpc", cidrBlock="10.0.0.0/16")
        subnet = caller.create(SUBNET, "subnet", vpcId=caller.cloud.things(VPC)[0].id)
        caller.create(INSTANCE, "instance", ami="ami-1", instanceType="t4g.small", subnetId=subnet.id)
        filters = [{"name": "colour", "values": ["red"]}]
        caller.invoke("aws:ec2/getInstances:getInstances", filters=filters)


def test_an_address_leads_to_nobody_without_a_machine(caller: Caller, instance: Thing) -> None:
    eip = caller.create(EIP, "address", domain="vpc")
    caller.provider._effects.machines.remove(instance.id)
    with pytest.raises(Refused, match="InvalidInstanceID"):
        caller.create(ASSOCIATION, "association", allocationId=eip.id, instanceId=instance.id)
    assert caller.cloud.things(ASSOCIATION) == []
