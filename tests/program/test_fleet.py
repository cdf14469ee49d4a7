"""The whole program, for the stack file on ECS that comes with it."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.components.recorder import CONTAINER, IMAGE, PROVIDER, SERVICE, Recorder, list_texts
from tests.program.conftest import run_stacks
from tests.program.stackfile import merge_values

PUSHED = "docker:index/registryImage:RegistryImage"
VALUE = "postgres://hello:correct-horse@db.example/hello"


@pytest.fixture
def made(programs: dict[str, Recorder]) -> Recorder:
    return programs["ecs"]


def test_so_many_resources_of_each_type(made: Recorder) -> None:
    assert Counter(found.type for found in made.resources) == {
        PROVIDER: 1,
        "pulumi:providers:aws": 1,
        "portico:index:FlowLogs": 1,
        **{
            f"portico:ecs:{kind}": 1
            for kind in ("AccessLogs", "Balancer", "Certificate", "Firewall", "Fleet", "Network")
        },
        **{f"portico:ecs:{kind}": 1 for kind in ("Registry", "Roles", "Scaling", "Service", "Site")},
        "portico:ecs:Image": 2,
        # The application twice: to be pushed, and for its static files.
        IMAGE: 3,
        PUSHED: 2,
        "aws:ec2/vpc:Vpc": 1,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
        "aws:ec2/internetGateway:InternetGateway": 1,
        "aws:ec2/subnet:Subnet": 2,
        "aws:ec2/routeTable:RouteTable": 1,
        "aws:ec2/route:Route": 1,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 2,
        "aws:ec2/flowLog:FlowLog": 1,
        "aws:ec2/securityGroup:SecurityGroup": 2,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 4,
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 3,
        "aws:cloudwatch/logGroup:LogGroup": 2,
        "aws:iam/role:Role": 3,
        "aws:iam/rolePolicy:RolePolicy": 2,
        "aws:s3/bucket:Bucket": 1,
        **{
            f"aws:s3/bucket{kind}:Bucket{kind}": 1
            for kind in ("LifecycleConfiguration", "OwnershipControls", "Policy", "PublicAccessBlock")
        },
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
        "aws:acm/certificate:Certificate": 1,
        "aws:acm/certificateValidation:CertificateValidation": 1,
        "aws:route53/record:Record": 4,
        "aws:lb/loadBalancer:LoadBalancer": 1,
        "aws:lb/listener:Listener": 2,
        "aws:lb/listenerRule:ListenerRule": 1,
        "aws:lb/targetGroup:TargetGroup": 1,
        "aws:ecr/repository:Repository": 2,
        "aws:ecr/lifecyclePolicy:LifecyclePolicy": 2,
        "aws:ecs/cluster:Cluster": 1,
        # Of its web, and for commands that are given by hand.
        "aws:ecs/taskDefinition:TaskDefinition": 2,
        SERVICE: 1,
        "aws:appautoscaling/target:Target": 1,
        "aws:appautoscaling/policy:Policy": 2,
    }


def test_it_serves_the_same_sites_as_on_a_vm() -> None:
    assert merge_values("ecs")["sites"] == merge_values("prod")["sites"]
    assert merge_values("ecs")["replicas"] == merge_values("prod")["replicas"]


def test_no_container_runs_on_the_machine_that_deploys(made: Recorder) -> None:
    assert not made.of_type(CONTAINER)


def test_the_exports(made: Recorder) -> None:
    assert list(made.exports) == [
        "address",
        "url",
        "urls",
        "releases",
        "trees",
        "history",
        "pinned",
        "processes",
        "data",
    ]
    assert made.exports["urls"] == {"hello": "https://hello.example"}
    assert made.exports["url"] == "https://hello.example" and made.exports["pinned"] == {}
    assert made.exports["address"].startswith("fleet-balancer.")
    assert {len(made.exports[name]["hello"]) for name in ("releases", "trees")} == {12}
    (record,) = made.exports["history"]["hello"]
    assert record["release"] == made.exports["releases"]["hello"]
    (fleet,) = made.of_type("portico:ecs:Fleet")
    assert made.outputs[fleet.urn] == made.exports


def test_the_exported_release_is_the_one_that_runs(made: Recorder) -> None:
    task = made.find("aws:ecs/taskDefinition:TaskDefinition", "hello-task").inputs
    (gunicorn,) = [one for one in json.loads(task["containerDefinitions"]) if one["name"] == "gunicorn"]
    reported = {one["name"]: one["value"] for one in gunicorn["environment"]}
    assert reported["PORTICO_RELEASE"] == made.exports["releases"]["hello"]


def test_everything_is_made_by_the_stacks_own_providers(made: Recorder) -> None:
    for found in made.resources:
        if found.type.startswith("aws:"):
            assert "::fleet-eu-central-1::" in found.provider, found.name
        if found.type.startswith("docker:"):
            assert "::fleet-docker::" in found.provider, found.name
    assert made.find("pulumi:providers:aws", "fleet-eu-central-1").inputs["region"] == "eu-central-1"


def test_what_lasts_is_protected(made: Recorder) -> None:
    kept = {"fleet-network-network", "fleet-balancer", "fleet-access-logs-bucket"}
    assert {one.name for one in made.resources if one.protect} == kept


def test_a_secret_is_in_one_place_and_marked_as_one(tmp_path: Path) -> None:
    made = run_stacks(tmp_path, secrets={"hello": {"DATABASE_URL": VALUE}})["ecs"]
    found = {(one.type, secret) for one in made.resources for text, secret in list_texts(one.raw) if VALUE in text}
    assert found == {("aws:secretsmanager/secretVersion:SecretVersion", True)}
    assert VALUE not in str(made.exports) and VALUE not in str(made.outputs)
