"""The section `aws`: what is refused, in which words, and what follows from it."""

import base64
import random
from pathlib import Path
from typing import Any

import pytest

from portico.config.checks import check_settings
from portico.config.plan import make_plan
from portico.config.settings import Mistakes
from tests.config.aws_sample import AMI, KEY, make_aws_values, make_section, read_aws
from tests.config.sample import make_site, make_values, refuse

NO_BLOCK = "is not a network of AWS; write one that begins with 10 and has 16 bits, such as 10.80.0.0/16"
BLOCKS = ("192.168.0.0/16", "10.80.1.0/24", "10.300.0.0/16", "10.80.0.0/8", "172.17.0.0/16")
NETWORK = "is not a network; write its first address and length, such as 10.0.0.0/16"
NETWORKS = ["198.51.100.0/24"]


def aws(**changes: Any) -> dict[str, Any]:
    return make_aws_values(make_section(**changes))


ROWS: list[tuple[dict[str, Any], str]] = [
    # the target and its section belong together
    (
        make_values(target="aws", address="0.0.0.0", port=80),
        "aws: is required for target aws; write at least its region, ami and keys",
    ),
    (
        make_values(aws=make_section(), address="0.0.0.0", port=80),
        "aws: is for another target than local; write target: aws, or leave it out",
    ),
    (
        make_aws_values(docker="unix:///run/docker.sock"),
        "docker: is for another target than aws; write target: local, or leave it out",
    ),
    # what is required
    (aws(region=None), "aws.region: is required; write region: eu-central-1"),
    (aws(ami=None), f"aws.ami: is required; write ami: {AMI}"),
    (aws(keys=None), 'aws.keys: is required; write keys: ["ssh-ed25519 AAAA… ann"]'),
    (aws(keys=[]), "aws.keys: the list is empty; write at least one entry"),
    # grammars
    (
        aws(region="Frankfurt"),
        'aws.region: "Frankfurt" is not a region of AWS that Portico knows; write one such as eu-central-1',
    ),
    (aws(zone="eu-central-1"), 'aws.zone: "eu-central-1" is not an availability zone; write one such as eu-central-1a'),
    (aws(ami="latest"), f'aws.ami: "latest" is not the id of an AMI; write one such as {AMI}'),
    (aws(instanceType="small"), 'aws.instanceType: "small" is not an instance type; write one such as t4g.small'),
    (
        aws(keys=["~/.ssh/id_ed25519.pub"]),
        'aws.keys[0]: "~/.ssh/id_ed25519.pub" is not a public SSH key; write a line of a file such as '
        "~/.ssh/id_ed25519.pub",
    ),
    (
        aws(keys=[f"{KEY}\nruncmd: [reboot]"]),
        f'aws.keys[0]: "{KEY[:60]}" is not a public SSH key; write a line of a file such as ~/.ssh/id_ed25519.pub',
    ),
    (
        aws(access="ssh", sshFrom=["everybody"]),
        f'aws.sshFrom[0]: "everybody" {NETWORK}',
    ),
    (
        aws(dns={"zone": "shop.example", "name": "shop.example"}),
        'aws.dns.zone: "shop.example" is not the id of a hosted zone; write one such as Z0123456789ABCDEFGHIJ',
    ),
    (
        aws(alarmTopic="alarms"),
        'aws.alarmTopic: "alarms" is not the ARN of an SNS topic; write one such as '
        "arn:aws:sns:eu-central-1:123456789012:alarms",
    ),
    (
        aws(tags={"Name": "shop"}),
        'aws.tags.Name: "Name" is not a tag\'s key; write letters, digits and _ . : / = + @ -; aws:, Name, Project, '
        "Stack and UserData are taken",
    ),
    (
        aws(tags={"UserData": "none"}),
        'aws.tags.UserData: "UserData" is not a tag\'s key; write letters, digits and _ . : / = + @ -; aws:, Name, '
        "Project, Stack and UserData are taken",
    ),
    (
        aws(tags={"Owner": "<ann>"}),
        'aws.tags.Owner: "<ann>" is not a tag\'s value; write letters, digits and _ . : / = + @ -',
    ),
    *((aws(range=text), f'aws.range: "{text}" {NO_BLOCK}') for text in BLOCKS),
    (aws(instanceType="mac2.metal"), "aws.instanceType: mac2.metal runs no Ubuntu; write one such as t4g.small"),
    (aws(egress=[{"name": "database", "network": "10.0.0.0/8"}]), "aws.egress[0].port: is required; write port: 5432"),
    # what does not fit together
    (
        aws(access="ssh"),
        "aws.sshFrom: is required for access: ssh; write the networks of those who deploy",
    ),
    (aws(sshFrom=NETWORKS), "aws.sshFrom: is for access: ssh; leave it out, or write access: ssh"),
    (
        aws(access="ssh", sshFrom=["0.0.0.0/0"]),
        'aws.sshFrom[0]: "0.0.0.0/0" lets everybody in; write your own networks',
    ),
    (
        aws(access="ssh", sshFrom=["::/0"]),
        'aws.sshFrom[0]: "::/0" lets everybody in; write your own networks',
    ),
    (
        aws(access="ssh", sshFrom=["0.0.0.0/1", "128.0.0.0/1"]),
        'aws.sshFrom[0]: "0.0.0.0/1" lets everybody in; write your own networks\n'
        'aws.sshFrom[1]: "128.0.0.0/1" lets everybody in; write your own networks',
    ),
    (aws(zone="eu-west-1a"), 'aws.zone: "eu-west-1a" is not in eu-central-1; write one such as eu-central-1a'),
    (
        aws(egress=[{"name": "https", "port": 443, "network": "10.0.0.0/8"}]),
        'aws.egress[0].name: "https" is another rule already; write another name',
    ),
    (
        aws(egress=[{"name": "db", "port": port, "network": "10.0.0.0/8"} for port in (5432, 5433)]),
        'aws.egress[1].name: "db" is another rule already; write another name',
    ),
    (
        aws(egress=[{"name": name, "port": 5432, "network": "10.0.0.0/8"} for name in ("db", "reports")]),
        'aws.egress[1]: opens what "db" opens already, and AWS accepts each rule once; leave it out',
    ),
    (
        aws(egress=[{"name": "web", "port": 80, "network": "0.0.0.0/0"}]),
        'aws.egress[0]: opens what "http" opens already, and AWS accepts each rule once; leave it out',
    ),
    (
        aws(access="ssh", sshFrom=["203.0.113.7", "203.0.113.7/32"]),
        'aws.sshFrom[1]: "203.0.113.7/32" is listed twice; write each network once',
    ),
    (aws(disk="4G"), 'aws.disk: "4g" is less than the image itself needs; write at least 8G'),
    (aws(disk="8G", swap="5G"), 'aws.swap: "5g" is more than half of the disk; write less'),
    (aws(readyTimeout=5), "aws.readyTimeout: 5 does not fit; write at least 60"),
    # where NGINX is published
    (make_aws_values(address="127.0.0.1"), 'address: "127.0.0.1" cannot be reached from outside the VM; write 0.0.0.0'),
    (make_aws_values(port=8080), "port: 8080 is not open on the VM; write 80"),
    (make_aws_values(tls={"localAuthority": True}), "tls.port: 8443 is not open on the VM; write 443"),
]


@pytest.mark.parametrize(("values", "message"), ROWS, ids=[message[:70] for _, message in ROWS])
def test_a_mistake_is_reported_by_its_place_and_what_to_write(root: Path, values: dict[str, Any], message: str) -> None:
    assert refuse(root, values) == message.splitlines()


def test_days_that_cloudwatch_does_not_know_are_refused(root: Path) -> None:
    (line,) = refuse(root, aws(retention=10))
    assert line.startswith("aws.retention: CloudWatch keeps nothing for 10 days; write one of 1, 3, 5, 7, 14, 30, ")


def test_all_mistakes_are_reported_at_once(root: Path) -> None:
    values = make_aws_values(make_section(zone="eu-west-1a", sshFrom=NETWORKS, disk="1G"), port=8080)
    assert [line.split(":")[0] for line in refuse(root, values)] == [
        "aws.sshFrom",
        "aws.zone",
        "aws.disk",
        "aws.swap",
        "port",
    ]


def test_everything_can_be_said(root: Path) -> None:
    section = make_section(
        zone="eu-central-1b",
        instanceType="m7i.large",
        disk="40G",
        swap="2G",
        keys=[KEY, KEY.replace("you@example", "ann")],
        key="~/.ssh/id_ed25519",
        access="ssh",
        sshFrom=NETWORKS,
        egress=[{"name": "database", "port": 5432, "network": "10.20.0.0/16"}],
        dns={"zone": "Z0123456789ABCDEFGHIJ", "name": "shop.example"},
        retention=365,
        alarmTopic="arn:aws:sns:eu-central-1:123456789012:alarms",
        readyTimeout=900,
        tags={"Owner": "shop team"},
    )
    made = check_settings(make_aws_values(section, tls={"port": 443, "localAuthority": True}), root)
    assert made.aws and made.aws.ssh_from == ("198.51.100.0/24",) and made.aws.zone == "eu-central-1b"


def test_too_many_keys_are_refused_before_anything_is_made(root: Path) -> None:
    letters = random.Random(0)
    # As unlike one another as keys are, for gzip makes short work of all others.
    keys = [f"ssh-rsa {base64.b64encode(letters.randbytes(384)).decode()}" for _ in range(40)]
    with pytest.raises(Mistakes) as caught:
        make_plan(make_aws_values(make_section(keys=keys)), root)
    assert "aws.keys: make the VM's user data" in str(caught.value) and "AWS takes 14: write fewer" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "arch"),
    [
        *(("t4g.small", "arm64"), ("m7gd.large", "arm64"), ("x2gd.medium", "arm64"), ("a1.large", "arm64")),
        *(("im4gn.large", "arm64"), ("g5g.xlarge", "arm64"), ("t3.small", "amd64"), ("g4dn.xlarge", "amd64")),
        *(("m7i.large", "amd64"), ("c5a.large", "amd64"), ("u-6tb1.metal", "amd64")),
    ],
)
def test_the_processor_follows_from_the_type(kind: str, arch: str) -> None:
    assert read_aws(instanceType=kind).arch == arch


@pytest.mark.parametrize(("region", "partition"), [("eu-central-1", "aws"), ("us-gov-west-1", "aws-us-gov")])
def test_the_partition_follows_from_the_region(region: str, partition: str) -> None:
    assert read_aws(region=region).partition == partition


def test_a_stack_on_another_target_needs_nothing_of_it(root: Path) -> None:
    assert check_settings(make_values(make_site()), root).aws is None
