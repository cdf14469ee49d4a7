"""The planned stack on ECS on moto: botocore knows every parameter, and moto's AWS takes every value."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from portico.policies.graph import Graph, Resource
from tests.cloud.replay import Replay, Unmapped
from tests.cloud.replay.texts import Refused
from tests.components.ecs.sample import BUSY, SECTION, SERVICES, deploy
from tests.components.recorder import Recorder
from tests.components.sample import BLOG, SECRET
from tests.config.ecs_sample import ZONE
from tests.config.sample import SHOP as FILES
from tests.config.sample import write_files
from tests.policies.recorded import read_graph
from tests.program.replaying import alter, ask, list_needed

# Of a worker, a job or a folder of data.
LONGEST_PART = "p" * 32


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    """An account of moto's, empty each time: the names of repositories and of hosts are the settings'."""
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def fleet(programs: dict[str, Recorder]) -> Graph:
    return read_graph(programs["ecs"])


def plan(root: Path, **section: Any) -> Graph:
    """Two sites with all that can be set, one of them with secrets, users, data, services, workers and a job."""
    write_files(root / "shop", FILES)
    busy, section = BUSY | {"uses": ["db", "cache"]}, SECTION | section
    made = deploy(root, busy, BLOG, section=section, secrets={"shop": {"KEY": SECRET}}, services=SERVICES)
    return read_graph(made)


def lead(graph: Graph) -> Graph:
    """The graph, in a hosted zone that is there and answers for all host names of the examples."""
    made = ask("route53", "create_hosted_zone", Name="example", CallerReference="fleet")["HostedZone"]
    zone = made["Id"].rpartition("/")[2]
    return [replace(one, inputs={**one.inputs, "zoneId": zone}) if has_zone(one) else one for one in graph]


def has_zone(one: Resource) -> bool:
    return one.inputs.get("zoneId") == ZONE


def test_the_fleet_is_taken_as_it_is_planned(fleet: Graph) -> None:
    replay = Replay(lead(fleet))
    assert len(replay.made) == sum(one.type.startswith("aws:") for one in fleet) > 50
    asked = {"cluster": replay.find("fleet-cluster").arn, "services": [replay.find("hello-service").arn]}
    (service,) = ask("ecs", "describe_services", **asked)["services"]
    assert service["desiredCount"] == 3 and service["platformVersion"] == "1.4.0"
    task = ask("ecs", "describe_task_definition", taskDefinition=service["taskDefinition"])["taskDefinition"]
    assert [one["name"] for one in task["containerDefinitions"]] == ["gunicorn", "nginx"]
    assert all(one["readonlyRootFilesystem"] for one in task["containerDefinitions"])
    (targets,) = ask("elbv2", "describe_target_groups", TargetGroupArns=[replay.find("hello-web").arn])["TargetGroups"]
    assert service["loadBalancers"][0]["targetGroupArn"] == targets["TargetGroupArn"]
    assert targets["LoadBalancerArns"] == [replay.find("fleet-balancer").arn]


def test_host_names_lead_to_the_balancer(fleet: Graph) -> None:
    arn = Replay(lead(fleet)).find("fleet-balancer").arn
    (balancer,) = ask("elbv2", "describe_load_balancers", LoadBalancerArns=[arn])["LoadBalancers"]
    (zone,) = ask("route53", "list_hosted_zones")["HostedZones"]
    records = ask("route53", "list_resource_record_sets", HostedZoneId=zone["Id"].rpartition("/")[2])[
        "ResourceRecordSets"
    ]
    targets = {one["Name"]: one["AliasTarget"] for one in records if one["Type"] == "A"}
    assert targets.keys() == {"hello.example.", "www.hello.example."}
    for target in targets.values():
        assert target["DNSName"].rstrip(".") == balancer["DNSName"]
        assert target["HostedZoneId"] == balancer["CanonicalHostedZoneId"]


def test_the_balancer_is_what_was_asked_for(fleet: Graph) -> None:
    arn = Replay(lead(fleet)).find("fleet-balancer").arn
    found = ask("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    attributes = {one["Key"]: one["Value"] for one in found}
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["access_logs.s3.enabled"] == attributes["deletion_protection.enabled"] == "true"
    assert attributes["idle_timeout.timeout_seconds"] == "40"
    listeners = ask("elbv2", "describe_listeners", LoadBalancerArn=arn)["Listeners"]
    assert sorted((one["Port"], one["DefaultActions"][0]["Type"]) for one in listeners) == [
        (80, "redirect"),
        (443, "fixed-response"),
    ]


def test_paths_lead_to_the_sites_of_one_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    write_files(tmp_path / "shop", FILES)
    hosts = ["shop.example", "*.shop.example"]
    sites = [BLOG | {"hosts": hosts}, BLOG | {"name": "shop", "hosts": hosts, "path": "/shop"}]
    replay = Replay(lead(read_graph(deploy(tmp_path, *sites, section=SECTION))))
    (listener,) = [
        one["ListenerArn"]
        for one in ask("elbv2", "describe_listeners", LoadBalancerArn=replay.find("fleet-balancer").arn)["Listeners"]
        if one["Port"] == 443
    ]
    rules = ask("elbv2", "describe_rules", ListenerArn=listener)["Rules"]
    led = sorted((int(one["Priority"]), one) for one in rules if not one["IsDefault"])
    fields = [[condition["Field"] for condition in one["Conditions"]] for _, one in led]
    assert fields == [["host-header", "path-pattern"], ["host-header"]] * 2
    found = [one["Conditions"][1]["PathPatternConfig"]["Values"] for _, one in led[::2]]
    assert found == [["/shop", "/shop/*"]] * 2


@pytest.mark.parametrize("network", ["public", "nat", "endpoints"])
def test_all_that_can_be_set_is_taken_too(network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    replay = Replay(lead(plan(tmp_path, network=network)))
    (tasks,) = ask("ec2", "describe_security_groups", GroupIds=[replay.find("firewall-tasks").id])["SecurityGroups"]
    # The balancer alone gets to the tasks.
    ways = [(one["FromPort"], one["IpRanges"], one["UserIdGroupPairs"]) for one in tasks["IpPermissions"]]
    assert [(port, ranges) for port, ranges, _ in ways] == [(8080, []), (8082, [])]
    assert {pair["GroupId"] for *_, pairs in ways for pair in pairs} == {replay.find("firewall-balancer").id}
    found = ask("application-autoscaling", "describe_scaling_policies", ServiceNamespace="ecs")["ScalingPolicies"]
    assert sorted(one["PolicyName"] for one in found) == sorted(
        replay.find(f"{site}-scaling-{part}").id for site in ("shop", "blog") for part in ("cpu", "requests")
    )
    value = ask("secretsmanager", "get_secret_value", SecretId=replay.find("shop-secrets-secret").id)["SecretString"]
    assert json.loads(value).keys() == {"KEY", "PORTICO_USERS", "DATABASE_URL", "REDIS_URL"}
    asked = {"cluster": replay.find("fleet-cluster").arn, "services": [replay.find("worker-beat-service").arn]}
    (beat,) = ask("ecs", "describe_services", **asked)["services"]
    assert beat["loadBalancers"] == [] and beat["desiredCount"] == 1
    record = replay.find("release-command-record").name
    (parameter,) = ask("ssm", "get_parameters", Names=[record])["Parameters"]
    assert record.endswith("/shop/release-command") and parameter["Type"] == "SecureString"
    system = replay.find("files-system").id
    (files,) = ask("efs", "describe_file_systems", FileSystemId=system)["FileSystems"]
    assert files["Encrypted"] and files["ThroughputMode"] == "elastic" and files["NumberOfMountTargets"] == 2
    points = ask("efs", "describe_access_points", FileSystemId=system)["AccessPoints"]
    assert sorted(one["RootDirectory"]["Path"] for one in points) == ["/shop/media", "/shop/store"]
    group = replay.find("shop-jobs-group").name
    (schedule,) = ask("scheduler", "list_schedules", GroupName=group)["Schedules"]
    job = ask("scheduler", "get_schedule", GroupName=group, Name=schedule["Name"])
    assert job["ScheduleExpression"] == "cron(30 3 * * ? *)" and job["State"] == "ENABLED"
    definition = job["Target"]["EcsParameters"]["TaskDefinitionArn"]
    found = ask("ecs", "describe_task_definition", taskDefinition=definition)["taskDefinition"]
    assert [one["name"] for one in found["containerDefinitions"]] == ["portico_secrets", "nightly"]


def test_the_longest_names_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that nobody gives are a resource's with seven digits: AWS has a limit for each."""
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    write_files(tmp_path / "shop", FILES)
    name, (job,), workers, data = "s" * 32, BUSY["schedule"], BUSY["workers"], BUSY["data"]
    longest = {
        "name": name,
        "schedule": [{**job, "name": LONGEST_PART}],
        "workers": [{**workers[0], "name": LONGEST_PART}],
        "data": [{**data[0], "name": LONGEST_PART}],
    }
    services = [SERVICES[0] | {"name": "d" * 32}, SERVICES[1] | {"name": "c" * 32}]
    longest["uses"] = ["d" * 32, "c" * 32]
    made = deploy(tmp_path, {**BUSY, **longest}, section=SECTION, secrets={name: {"KEY": SECRET}}, services=services)
    replay = Replay(lead(read_graph(made)))
    assert len(replay.find("-schedule").name) == len(LONGEST_PART)


@pytest.mark.parametrize(
    ("part", "inputs", "refused", "said"),
    [
        ("nightly-schedule", {"flexibleTimeWindow": {"mode": 1}}, ParamValidationError, "Invalid type"),
        ("nightly-schedule", {"scheduleExpressionTimezone": 1}, ParamValidationError, "Invalid type"),
        ("files-backups", {"backupPolicy": {"state": "ENABLED"}}, ParamValidationError, "Unknown parameter"),
        ("shop-data-media", {"posixUser": {"uid": "1", "gid": 1}}, ParamValidationError, "Invalid type"),
        ("files-target-0", {"subnetId": "subnet-00000000"}, ClientError, "SubnetNotFound"),
        ("release-command-record", {"type": 1}, ParamValidationError, "Invalid type"),
        ("release-command-record", {"name": "ssm/shop"}, ClientError, "prefixed with"),
        ("beat-service", {"availabilityZoneRebalancing": True}, ParamValidationError, "Invalid type"),
    ],
)
def test_a_wrong_value_of_a_process_is_refused(
    part: str, inputs: dict[str, Any], refused: type[Exception], said: str, tmp_path: Path
) -> None:
    with pytest.raises(refused, match=said):
        Replay(list_needed(alter(lead(plan(tmp_path)), part, **inputs), part))


def contain(**changes: Any) -> dict[str, str]:
    """The definition of one container, with keys that ECS may not know."""
    return {"containerDefinitions": json.dumps([{"name": "web", "image": "web", "memory": 64, **changes}])}


# A rule that does not say what it is about.
FORGETFUL = json.dumps({"rules": [{"rulePriority": 1, "description": "x" * 100, "action": {"type": "expire"}}]})


@pytest.mark.parametrize(
    ("part", "inputs", "refused", "said"),
    [
        ("hello-task", contain(readOnlyRootFilesystem=True), ParamValidationError, "Unknown parameter"),
        ("hello-task", contain(memory="64"), ParamValidationError, "Invalid type"),
        ("hello-task", contain(stopTimeout="40 s"), ParamValidationError, "Invalid type"),
        ("hello-task", contain(dependsOn=[{"container": "x"}]), ParamValidationError, "containerName"),
        ("hello-task", {"volumes": [{"named": "x"}]}, ParamValidationError, "Unknown parameter"),
        ("hello-service", {"desiredCount": "3"}, ParamValidationError, "Invalid type"),
        ("hello-service", {"cluster": "nobody"}, ClientError, "ClusterNotFound"),
        ("hello-service", {"taskDefinition": "nobody:1"}, ClientError, "Unable to describe task definition"),
        ("hello-scaling-target", {"scalableDimension": "ecs:service:Tasks"}, Refused, "ScalableDimension is"),
        ("hello-scaling-target", {"resourceId": "service/nobody/nothing"}, ClientError, "Cluster not found"),
        ("hello-web", {"healthCheck": {"matcher": "200", "path": 1}}, ParamValidationError, "Invalid type"),
        ("hello-web", {"vpcId": "vpc-00000000"}, ClientError, "vpc-00000000"),
        ("fleet-balancer", {"subnets": []}, ClientError, "subnet"),
        ("fleet-balancer", {"subnets": ["subnet-00000000"]}, ClientError, "subnet"),
        ("fleet-balancer", {"accessLogs": {"bucketName": "nobody"}}, ClientError, "access_logs.s3.bucketName"),
        ("fleet-balancer-https", {"port": "443"}, ParamValidationError, "Invalid type"),
        ("fleet-balancer-https", {"protocol": "HTTP2"}, Refused, "Protocol is 'HTTP2'"),
        ("hello-hosts-hello-1", {"priority": 0}, ParamValidationError, "valid min value: 1"),
        ("hello-registry-nginx", {"imageTagMutability": "never"}, Refused, "imageTagMutability is"),
        ("hello-registry-nginx", {"name": "Portico"}, Refused, "repositoryName"),
        ("nginx-lifecycle", {"policy": FORGETFUL}, ClientError, "Lifecycle policy validation failure"),
        ("access-logs-closed", {"blockPublicAcls": "yes"}, ParamValidationError, "Invalid type"),
        ("access-logs-lifecycle", {"rules": [{"id": "x", "status": "Perhaps"}]}, Refused, "Status is 'Perhaps'"),
    ],
)
def test_a_wrong_value_is_refused(
    part: str, inputs: dict[str, Any], refused: type[Exception], said: str, fleet: Graph
) -> None:
    with pytest.raises(refused, match=said):
        Replay(list_needed(alter(lead(fleet), part, **inputs), part))


def test_an_input_that_is_sent_nowhere_is_refused(fleet: Graph) -> None:
    with pytest.raises(Unmapped, match="nobody sends serviceConnectDefaults"):
        Replay(list_needed(alter(fleet, "fleet-cluster", serviceConnectDefaults={}), "fleet-cluster"))


@pytest.mark.parametrize(
    ("part", "inputs", "said"),
    [
        ("fleet-firewall-balancer", {"description": "AWS's own"}, 'Description is "AWS\'s own"'),
        ("fleet-firewall-balancer", {"description": "a" * 256}, "Description has 256 characters"),
        ("hello-registry-nginx", {"name": "a" * 257}, "repositoryName has 257 characters"),
        (
            "hello-web",
            {"healthCheck": {"matcher": "200", "path": "/", "interval": 301}},
            "is 301, and AWS takes 300",
        ),
        ("hello-hosts-hello-1", {"priority": 50001}, "Priority is 50001, and AWS takes 50000"),
        ("hello-task", {"tags": {str(number): "x" for number in range(51)}}, "tags has 51 members"),
    ],
)
def test_a_text_that_aws_does_not_take_is_refused(fleet: Graph, part: str, inputs: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)):
        Replay(list_needed(alter(lead(fleet), part, **inputs), part))
