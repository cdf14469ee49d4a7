"""The virtual machine: metadata service, disks, image, monitoring."""

import re
from collections.abc import Iterator
from typing import Final

from portico.policies.graph import UNKNOWN, Graph, look, may_be, members, of_type
from portico.policies.kinds import INSTANCE, TEMPLATE, VOLUME
from portico.policies.rule import Finding, rule

_AMI: Final = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
# Old kinds of VMs without a line of their own to their disks.
SHARED: Final = re.compile(
    r"(t[12]\..+|c1\.medium|c3\.(large|8xlarge)|i2\.8xlarge|m1\.(small|medium)|m2\.xlarge|m3\.(medium|large)"
    r"|r3\.(large|8xlarge))"
)
# Functions that choose an image while the program runs. The engine does not list them among the resources: who has a
# record of a program's calls puts them into the graph.
_LOOKUPS: Final = ("aws:ec2/getAmi:getAmi", "aws:ec2/getAmiIds:getAmiIds")


@rule("CKV_AWS_79", "CKV_AWS_341", "CIS 5.6")
def require_imdsv2(graph: Graph) -> Iterator[Finding]:
    """The metadata service wants a token (IMDSv2), and its answer gets no further than the machine (hop limit 1)."""
    for one in of_type(graph, INSTANCE, TEMPLATE):
        options = look(one.inputs, "metadataOptions")
        if not may_be(look(options, "httpTokens"), "required"):
            wrong = "its metadata service answers without a token, so a forged request reads the role's keys"
            yield Finding(one, wrong, 'write metadataOptions.httpTokens: "required"')
        if not may_be(look(options, "httpPutResponseHopLimit"), 1):
            wrong = "its metadata service answers containers"
            yield Finding(one, wrong, "write metadataOptions.httpPutResponseHopLimit: 1")


@rule("CKV_AWS_8", "CKV_AWS_3")
def encrypt_disks(graph: Graph) -> Iterator[Finding]:
    """Every disk is encrypted, and the root disk is gp3."""
    for one in of_type(graph, INSTANCE):
        if not may_be(look(one.inputs, "rootBlockDevice.encrypted"), True):
            yield Finding(one, "its root disk is not encrypted", "write rootBlockDevice.encrypted: true")
        if not may_be(look(one.inputs, "rootBlockDevice.volumeType"), "gp3"):
            wrong = "its root disk is not gp3, which is cheaper than gp2 and as fast at every size"
            yield Finding(one, wrong, 'write rootBlockDevice.volumeType: "gp3"')
        for number, disk in enumerate(members(one.inputs, "ebsBlockDevices")):
            if not may_be(look(disk, "encrypted"), True):
                yield Finding(
                    one, f"its disk {number} is not encrypted", f"write ebsBlockDevices[{number}].encrypted: true"
                )
    for one in of_type(graph, TEMPLATE):
        disks = members(one.inputs, "blockDeviceMappings")
        if not disks or not all(may_be(look(disk, "ebs.encrypted"), True) for disk in disks):
            yield Finding(
                one, "a disk is not encrypted", "name the disk in blockDeviceMappings, with ebs.encrypted: true"
            )
    for one in of_type(graph, VOLUME):
        if not may_be(look(one.inputs, "encrypted"), True):
            yield Finding(one, "it is not encrypted", "write encrypted: true")


@rule("CKV_AWS_386")
def pin_image(graph: Graph) -> Iterator[Finding]:
    """The machine image is a pinned id: never the newest of a name, never looked up while the program runs."""
    for one in of_type(graph, INSTANCE, TEMPLATE):
        image = look(one.inputs, "ami" if one.type == INSTANCE else "imageId")
        if image is UNKNOWN:
            yield Finding(
                one,
                "its image is only known after the update",
                "write the id of an image, such as ami-0123456789abcdef0",
            )
        elif not _AMI.fullmatch(image or ""):
            wrong = f"its image is {image}, which is not the id of one" if image else "it names no image"
            yield Finding(one, wrong, "write the id of an image, such as ami-0123456789abcdef0")
    for one in of_type(graph, *_LOOKUPS):
        wrong = "it chooses an image while the program runs, so an update replaces the machine when its publisher wants"
        yield Finding(one, wrong, "look the id up once, and write it into the settings")


@rule("CKV_AWS_126")
def monitor_instances(graph: Graph) -> Iterator[Finding]:
    """Detailed monitoring: figures every minute instead of every five."""
    for one in of_type(graph, INSTANCE, TEMPLATE):
        name = "monitoring" if one.type == INSTANCE else "monitoring.enabled"
        if not may_be(look(one.inputs, name), True):
            yield Finding(one, "it reports its figures every five minutes only", f"write {name}: true")


@rule("CKV_AWS_135")
def optimise_ebs(graph: Graph) -> Iterator[Finding]:
    """Traffic to the disks has a line of its own."""
    for one in of_type(graph, INSTANCE, TEMPLATE):
        kind = look(one.inputs, "instanceType")
        if isinstance(kind, str) and SHARED.fullmatch(kind):
            continue  # AWS refuses it with one
        if not may_be(look(one.inputs, "ebsOptimized"), True):
            yield Finding(one, "its disks share the line with its clients", "write ebsOptimized: true")
