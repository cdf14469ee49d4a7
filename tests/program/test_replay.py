"""The planned stack on moto: botocore knows every parameter, and moto's AWS takes every value."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws
from pulumi.runtime import set_all_config

from portico.policies import check
from portico.policies.graph import Graph, of_type
from portico.policies.kinds import ACCOUNT
from tests.cloud.replay import Replay, Unmapped
from tests.cloud.replay.texts import Refused
from tests.components.ecs.sample import SERVICES
from tests.components.recorder import Recorder, run
from tests.policies.recorded import read_graph
from tests.policies.sample import make
from tests.program.conftest import reach_everything
from tests.program.replaying import REGION, alter, ask, list_needed
from tests.program.stackfile import ROOT, merge_values, run_program, spell_config

# Every setting that makes a resource more, or another input.
MORE = {
    "access": "ssh",
    "sshFrom": ["203.0.113.0/24", "2001:db8::/32"],
    "dns": {"zone": "Z0123456789ABCDEFGHIJ", "name": "shop.example"},
    "egress": [{"name": "database", "port": 5432, "network": "10.20.0.0/16"}],
    "alarmTopic": f"arn:aws:sns:{REGION}:123456789012:alarms",
    "tags": {"team": "shop"},
    "dataDisk": "25G",
    "dataSnapshots": 30,
}


@pytest.fixture(scope="module")
def prod(programs: dict[str, Recorder]) -> Graph:
    return read_graph(programs["prod"])


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return plan_rich(tmp_path_factory.mktemp("rich"))


def plan_rich(home: Path) -> Graph:
    """prod, with all that can be set."""
    shutil.copy(ROOT / "__main__.py", home)
    shutil.copytree(ROOT / "examples", home / "examples")
    values = merge_values("prod")
    data = [{"name": "store", "path": "/var/lib/shop"}]
    values["sites"] = [{**values["sites"][0], "data": data, "uses": [one["name"] for one in SERVICES]}]
    values["services"] = SERVICES
    values |= {"aws": values["aws"] | MORE, "tls": {"port": 443, "http3": True, "localAuthority": True}}

    def build() -> None:
        set_all_config(spell_config(values))
        run_program(home)

    with pytest.MonkeyPatch.context() as patch:
        reach_everything(patch)
        patch.setattr("signal.signal", lambda *_: None)
        return read_graph(run(build, "prod"))


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """An account of moto's. One for all: to fill it with AWS's own images and policies takes seconds."""
    with (
        pytest.MonkeyPatch.context() as patch,
        mock_aws(config={"iam": {"load_aws_managed_policies": True}}),
    ):
        # The image is an example, which no account has.
        patch.setattr("moto.settings.EC2_ENABLE_INSTANCE_TYPE_VALIDATION", True)
        yield


def test_prod_is_taken_as_it_is_planned(prod: Graph, aws: None) -> None:
    replay = Replay(prod)
    assert len(replay.made) == sum(one.type.startswith("aws:") for one in prod) > 20
    id = replay.find("vm-1-instance").id
    (machine,) = ask("ec2", "describe_instances", InstanceIds=[id])["Reservations"][0]["Instances"]
    assert machine["MetadataOptions"]["HttpTokens"] == "required"
    assert machine["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert machine["Monitoring"]["State"] == "enabled" and machine["EbsOptimized"]
    (disk,) = ask("ec2", "describe_volumes", VolumeIds=[machine["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])[
        "Volumes"
    ]
    assert disk["Encrypted"] and disk["VolumeType"] == "gp3"
    assert {tag["Key"] for tag in disk["Tags"]} >= {"Name", "Project", "Stack"}
    (address,) = ask("ec2", "describe_addresses", AllocationIds=[replay.find("-ip").id])["Addresses"]
    assert address["InstanceId"] == id


def test_nothing_but_what_is_named_comes_in_or_goes_out(prod: Graph, aws: None) -> None:
    vpc = Replay(prod).find("vpc-network").id
    groups = ask("ec2", "describe_security_groups", Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    default, mine = sorted(groups, key=lambda group: group["GroupName"] != "default")
    assert default["IpPermissions"] == default["IpPermissionsEgress"] == []
    assert sorted(rule["FromPort"] for rule in mine["IpPermissions"]) == [80, 443]
    assert sorted(rule["FromPort"] for rule in mine["IpPermissionsEgress"]) == [80, 443]


def test_all_that_can_be_set_is_taken_too_and_keeps_the_rules(rich: Graph, aws: None) -> None:
    assert [str(violation) for violation in check(rich)] == []
    made = ask("route53", "create_hosted_zone", Name="shop.example", CallerReference="test")["HostedZone"]
    zone = made["Id"].rpartition("/")[2]
    replay = Replay(alter(rich, "-name", zoneId=zone))
    (record,) = (
        one
        for one in ask("route53", "list_resource_record_sets", HostedZoneId=zone)["ResourceRecordSets"]
        if one["Type"] == "A"
    )
    assert record["ResourceRecords"] == [{"Value": replay.find("-ip").address}]
    names = [replay.find(f"-vm-1-alarms-{check}").id for check in ("system", "instance")]
    alarms = ask("cloudwatch", "describe_alarms", AlarmNames=names)["MetricAlarms"]
    assert [MORE["alarmTopic"] in alarm["AlarmActions"] for alarm in alarms] == [True, True]
    (disk,) = ask("ec2", "describe_volumes", VolumeIds=[replay.find("-disk-volume").id])["Volumes"]
    assert disk["Encrypted"] and disk["Size"] == 25
    assert [one["InstanceId"] for one in disk["Attachments"]] == [replay.find("vm-1-instance").id]


@pytest.mark.parametrize(
    ("part", "inputs", "refused", "said"),
    [
        ("-disk-volume", {"size": "25G"}, ParamValidationError, "Invalid type"),
        ("-disk-attachment", {"instanceId": "i-00000000000000000"}, ClientError, "InvalidInstanceID.NotFound"),
        ("-disk-snapshots", {"state": 1}, ParamValidationError, "Invalid type"),
        ("-disk-snapshots", {"executionRoleArn": None}, ParamValidationError, "ExecutionRoleArn"),
    ],
)
def test_a_wrong_value_of_the_disk_is_refused(
    part: str, inputs: dict[str, Any], refused: type[Exception], said: str, rich: Graph, aws: None
) -> None:
    with pytest.raises(refused, match=said):
        Replay(list_needed(alter(rich, part, **inputs), part))


@pytest.mark.parametrize(
    ("part", "inputs", "refused", "said"),
    [
        ("vm-1-instance", {"metadataOptions": {"httpToken": "required"}}, ParamValidationError, "Unknown parameter"),
        ("vm-1-instance", {"metadataOptions": {"httpPutResponseHopLimit": "1"}}, ParamValidationError, "Invalid type"),
        ("vm-1-instance", {"rootBlockDevice": {"size": 20}}, ParamValidationError, '"Size", must be one of'),
        ("vm-1-instance", {"instanceType": "t4g.tiny"}, Refused, "InstanceType is 't4g.tiny'"),
        ("vm-1-instance", {"subnetId": "subnet-00000000"}, ClientError, "InvalidSubnetID.NotFound"),
        ("vm-1-instance", {"iamInstanceProfile": "nobody"}, ClientError, "NoSuchEntity"),
        ("-subnet", {"cidrBlock": "10.81.0.0/24"}, ClientError, "InvalidSubnet.Range"),
        ("-subnet", {"vpcId": "vpc-00000000"}, ClientError, "InvalidVpcID.NotFound"),
        ("vpc-network", {"cidrBlock": "10.80.0.0/8"}, ClientError, "InvalidVpc.Range"),
        ("-in-http", {"cidrIpv4": "everybody"}, ClientError, "InvalidParameterValue"),
        ("-in-http", {"fromPort": "80"}, ParamValidationError, "Invalid type"),
        ("role-closed", {"policy": '{"Statement": [{"Effect": "Perhaps"}]}'}, ClientError, "MalformedPolicyDocument"),
        ("-managed", {"policyArn": "arn:aws:iam::aws:policy/Nothing"}, ClientError, "NoSuchEntity"),
        ("-flows-log", {"iamRoleArn": None}, ParamValidationError, "DeliverLogsPermissionArn"),
        ("-flows-log", {"maxAggregationInterval": 61}, ClientError, "Invalid Flow Log Max Aggregation Interval"),
        ("-lead", {"instanceId": "i-00000000000000000"}, ClientError, "InvalidInstanceID.NotFound"),
        ("-alarms-system", {"evaluationPeriods": 0}, ParamValidationError, "valid min value: 1"),
        ("-flows-group", {"retentionInDays": "90"}, ParamValidationError, "Invalid type"),
    ],
)
def test_a_wrong_value_is_refused(
    part: str, inputs: dict[str, Any], refused: type[Exception], said: str, prod: Graph, aws: None
) -> None:
    with pytest.raises(refused, match=said.replace("[", r"\[")):
        Replay(list_needed(alter(prod, part, **inputs), part))


def test_a_type_that_no_call_is_known_for_is_refused(prod: Graph, aws: None) -> None:
    with pytest.raises(Unmapped, match="Queue new: no call is known that makes it"):
        Replay([*of_type(prod, ACCOUNT), make("aws:sqs/queue:Queue", "new")])


def test_an_input_that_is_sent_nowhere_is_refused(prod: Graph, aws: None) -> None:
    with pytest.raises(Unmapped, match="nobody sends ipv6Native"):
        Replay(list_needed(alter(prod, "-subnet", ipv6Native=True), "-subnet"))
