"""The double's `aws` leads to a machine, and refuses where Systems Manager would not find it."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.caller import REGION, Caller
from tests.cloud.plugin.cloud import FOLDER, Thing
from tests.cloud.plugin.kinds import ASSOCIATION, EGRESS, EIP, INSTANCE, PROFILE, ROLE, ROLE_POLICY
from tests.cloud.plugin.network import find_obstacles
from tests.cloud.stack import DOUBLES

pytestmark = [pytest.mark.docker, pytest.mark.extended]  # Linux alone has all of 127.0.0.0/8

CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@pytest.fixture
def managed(caller: Caller, vpc: Thing, subnet: Thing) -> Thing:
    """An instance that Systems Manager can reach."""
    gateway = caller.create("aws:ec2/internetGateway:InternetGateway", "gateway", vpcId=vpc.id)
    table = caller.create("aws:ec2/routeTable:RouteTable", "table", vpcId=vpc.id)
    route = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": gateway.id}
    caller.create("aws:ec2/route:Route", "route", **route)
    link = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    caller.create(link, "link", subnetId=subnet.id, routeTableId=table.id)
    group = caller.create("aws:ec2/securityGroup:SecurityGroup", "group", vpcId=vpc.id)
    out: dict[str, Any] = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"}
    caller.create(EGRESS, "out", securityGroupId=group.id, **out)
    role = caller.create(ROLE, "role", name="vm", assumeRolePolicy="{}")
    caller.create(ROLE_POLICY, "policy", role="vm", policyArn=CORE)
    profile = caller.create(PROFILE, "profile", role=role.id)
    return caller.create(
        INSTANCE,
        "instance",
        ami="ami-1",
        instanceType="t4g.small",
        subnetId=subnet.id,
        vpcSecurityGroupIds=[group.id],
        iamInstanceProfile=profile.id,
        associatePublicIpAddress=True,
    )


def run(caller: Caller, *words: str, send: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, FOLDER: str(caller.cloud.folder)}
    return subprocess.run([DOUBLES / "aws", *words], env=env, input=send, capture_output=True, timeout=60)


def start(caller: Caller, target: str, port: int, *, region: str = REGION) -> subprocess.CompletedProcess[bytes]:
    document = ["--document-name", "AWS-StartSSHSession", "--parameters", f"portNumber={port}"]
    return run(caller, "ssm", "start-session", "--target", target, *document, "--region", region, send=b"hello\n")


@pytest.fixture
def echo(managed: Thing) -> Iterator[int]:
    """A server on the machine that sends back what it gets; its port."""
    with socket.create_server((managed.outputs["privateIp"], 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"you said " + connection.recv(100))

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_a_session_carries_both_ways(caller: Caller, managed: Thing, echo: int) -> None:
    done = start(caller, managed.id, echo)
    assert (done.returncode, done.stdout) == (0, b"you said hello\n"), done.stderr


@pytest.mark.parametrize("target", ["i-00000000000000000", "elsewhere"])
def test_an_instance_that_is_not_there_is_not_connected(caller: Caller, managed: Thing, target: str) -> None:
    done = start(caller, managed.id if target == "elsewhere" else target, 22, region="eu-west-1")
    assert done.returncode == 255
    assert b"(TargetNotConnected) when calling the StartSession operation" in done.stderr


def test_an_instance_tells_the_address_that_leads_to_it_now(caller: Caller, managed: Thing) -> None:
    words = ["ec2", "describe-instances", "--instance-ids", managed.id, "--output", "json", "--region", REGION]

    def ask() -> str:
        (instance,) = json.loads(run(caller, *words).stdout)["Reservations"][0]["Instances"]
        return str(instance.get("PublicIpAddress"))

    assert ask() == managed.outputs["privateIp"]
    eip = caller.create(EIP, "address", domain="vpc")
    association = caller.create(ASSOCIATION, "association", allocationId=eip.id, instanceId=managed.id)
    assert ask() == eip.outputs["publicIp"]
    caller.delete(association)
    caller.update(managed, associatePublicIpAddress=False)
    assert ask() == "None"
    assert run(caller, *words[:3], "i-00000000000000000", *words[4:]).returncode == 255


def test_a_command_nobody_taught_it_is_refused(caller: Caller) -> None:
    assert run(caller, "s3", "ls").returncode == 2


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("policy", "its role lacks the policy AmazonSSMManagedInstanceCore"),
        ("route", "its subnet has no route to an internet gateway"),
        ("out", "no rule of its security groups lets it out to port 443"),
        ("profile", "it has no instance profile"),
    ],
)
def test_why_an_instance_would_not_report(caller: Caller, managed: Thing, name: str, why: str) -> None:
    assert find_obstacles(caller.cloud, managed) == []
    caller.delete(next(thing for thing in caller.cloud.things() if thing.name == name))
    assert find_obstacles(caller.cloud, managed) == [why]
    done = start(caller, managed.id, 22)
    assert done.returncode == 255
    assert why.encode() in done.stderr


def test_without_a_public_address_it_reaches_nothing(caller: Caller, managed: Thing) -> None:
    hidden = caller.update(managed, associatePublicIpAddress=False)
    assert find_obstacles(caller.cloud, hidden) == ["it has no public address, so it reaches nothing outside"]
    eip = caller.create(EIP, "address", domain="vpc")
    caller.create(ASSOCIATION, "association", allocationId=eip.id, instanceId=hidden.id)
    assert find_obstacles(caller.cloud, hidden) == []
