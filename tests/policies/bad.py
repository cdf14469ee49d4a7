"""For each rule, graphs that it refuses, and the words with which it does."""

import random
from base64 import b64encode
from dataclasses import replace
from typing import Any, NamedTuple

from portico.policies import kinds
from portico.policies.graph import UNKNOWN, Resource
from portico.policies.user_data import LIMIT
from tests.policies.sample import (
    DAILY,
    GOOD,
    TAGS,
    assumed_by,
    change,
    encode,
    make,
    permit,
    unlink,
    without,
    write_policy,
)


class Bad(NamedTuple):
    """A graph, the rule that refuses it, and what that says of it; `also` are other rules that do so too."""

    rule: str
    graph: tuple[Resource, ...]
    said: str
    also: tuple[str, ...] = ()


def add(*more: Resource) -> tuple[Resource, ...]:
    return (*GOOD, *more)


def enter(protocol: str, port: int, network: str) -> tuple[Resource, ...]:
    return add(permit(kinds.INGRESS, "new", protocol, port, network))


def leave(protocol: str, port: int, network: str) -> tuple[Resource, ...]:
    return add(permit(kinds.EGRESS, "new", protocol, port, network))


def inline(direction: str, **rule: Any) -> tuple[Resource, ...]:
    return change("web", **{direction: [{"description": "x", **rule}]})


def old(direction: str, **rule: Any) -> tuple[Resource, ...]:
    needs = {"securityGroupId": "web"}
    return add(make(kinds.GROUP_RULE, "new", needs, type=direction, **{"description": "x", **rule}))


def tell(text: str) -> tuple[Resource, ...]:
    return change("machine", userDataBase64=encode(f"#cloud-config\n{text}\n"))


def grant(**changes: Any) -> tuple[Resource, ...]:
    return change("write-logs", policy=write_policy(**changes))


def assume(**principal: Any) -> tuple[Resource, ...]:
    return change("role", assumeRolePolicy=assumed_by(**principal))


def mark_secret(name: str, *inputs: str) -> tuple[Resource, ...]:
    return tuple(replace(one, secrets=frozenset(inputs)) if one.name == name else one for one in GOOD)


ROOT = {"encrypted": True, "volumeType": "gp3", "tags": TAGS}
IMDS = {"httpTokens": "required", "httpPutResponseHopLimit": 1}
ANYWHERE, ANYWHERE6 = "0.0.0.0/0", "::/0"
AWS = "arn:aws:iam::aws:policy"
LOOKUP = make("aws:ec2/getAmi:getAmi", "getAmi", mostRecent=True, tags=TAGS)
# Random, so that it does not get smaller.
BIG = random.Random(1).randbytes(LIMIT).hex()
WEB, ADMIN = ("open_web_ports_only",), ("close_admin_ports",)

BAD: dict[str, Bad] = {
    "IMDSv1": Bad("require_imdsv2", change("machine", metadataOptions=IMDS | {"httpTokens": "optional"}), "a token"),
    "no IMDS options": Bad("require_imdsv2", change("template", metadataOptions=None), "answers containers"),
    "two hops": Bad(
        "require_imdsv2", change("machine", metadataOptions=IMDS | {"httpPutResponseHopLimit": 2}), "answers containers"
    ),
    "root in clear": Bad(
        "encrypt_disks", change("machine", rootBlockDevice=ROOT | {"encrypted": False}), "root disk is not encrypted"
    ),
    "no root": Bad("encrypt_disks", change("machine", rootBlockDevice=None), "is not encrypted", ("tag_everything",)),
    "no snapshots": Bad("snapshot_disks", without("snapshots"), "no snapshots are made of it"),
    "snapshots off": Bad("snapshot_disks", change("snapshots", state="DISABLED"), "no snapshots are made of it"),
    "snapshots of others": Bad(
        "snapshot_disks",
        change("snapshots", policyDetails={"targetTags": {"Name": "other"}, "schedules": [DAILY]}),
        "no snapshots are made of it",
    ),
    "snapshots at no time": Bad(
        "snapshot_disks", change("snapshots", policyDetails={"targetTags": TAGS}), "no snapshots are made of it"
    ),
    "torn away": Bad("detach_in_peace", change("attachment", forceDetach=True), "detached by force"),
    "gp2": Bad("encrypt_disks", change("machine", rootBlockDevice=ROOT | {"volumeType": "gp2"}), "is not gp3"),
    "second disk": Bad("encrypt_disks", change("machine", ebsBlockDevices=[{"volumeSize": 1}]), "its disk 0"),
    "template's disk": Bad("encrypt_disks", change("template", blockDeviceMappings=None), "a disk is not encrypted"),
    "volume": Bad("encrypt_disks", change("data", encrypted=False), "it is not encrypted"),
    "newest image": Bad("pin_image", add(LOOKUP), "while the program runs"),
    "parameter": Bad(
        "pin_image", change("machine", ami="resolve:ssm:/aws/ami"), "resolve:ssm:/aws/ami, which is not the id of one"
    ),
    "unknown image": Bad("pin_image", change("machine", ami=UNKNOWN), "only known after the update"),
    "no image": Bad("pin_image", change("template", imageId=None), "it names no image"),
    "five minutes": Bad("monitor_instances", change("machine", monitoring=None), "every five minutes"),
    "template's five minutes": Bad("monitor_instances", change("template", monitoring={}), "every five minutes"),
    "shared line": Bad("optimise_ebs", change("machine", ebsOptimized=False), "share the line"),
    "secret in user data": Bad(
        "keep_secrets_out", mark_secret("machine", "userDataBase64"), "userDataBase64 is made from a secret"
    ),
    "AWS key": Bad(
        "keep_secrets_out", tell("x: AKIAIOSFODNN7EXAMPLE"), "line 2 of its user data looks like an AWS key"
    ),
    "private key": Bad("keep_secrets_out", tell("-----BEGIN OPENSSH PRIVATE KEY-----"), "looks like a private key"),
    "address": Bad("keep_secrets_out", tell("u: postgres://app:hunter2@db/app"), "a password in an address"),
    "token": Bad("keep_secrets_out", tell("xoxb-1234567890-abc"), "looks like a token"),
    "password": Bad("keep_secrets_out", tell("DB_PASSWORD=correcthorse"), "looks like a password or a key"),
    "password in plain user data": Bad(
        "keep_secrets_out",
        change("machine", userDataBase64=None, userData="#!/bin/sh\nexport SECRET_KEY='correcthorse'\n"),
        "line 2 of its user data",
        ("bound_user_data",),
    ),
    "too big": Bad("bound_user_data", tell(BIG), "bytes, and AWS takes 16384 before base64"),
    "not compressed": Bad(
        "bound_user_data", change("machine", userDataBase64=b64encode(b"#cloud-config").decode()), "is not compressed"
    ),
    "template's not compressed": Bad("bound_user_data", change("template", userData="IyE="), "is not compressed"),
    "silent replacement": Bad(
        "say_when_replaced", change("machine", userDataReplaceOnChange=None), "would stop and start it"
    ),
    "SSH": Bad("close_admin_ports", enter("tcp", 22, ANYWHERE), "tcp 22 lets everybody reach SSH (22)", WEB),
    "SSH over IPv6": Bad("close_admin_ports", enter("tcp", 22, ANYWHERE6), "SSH (22)", WEB),
    "RDP": Bad("close_admin_ports", enter("6", 3389, ANYWHERE), "RDP (3389)", WEB),
    "half the world": Bad("close_admin_ports", enter("tcp", 22, "128.0.0.0/1"), "SSH (22)", WEB),
    "SSH inline": Bad(
        "close_admin_ports",
        inline("ingress", protocol="tcp", fromPort=20, toPort=30, cidrBlocks=[ANYWHERE]),
        "ingress[0]: tcp 20 to 30 lets everybody reach SSH (22)",
        WEB,
    ),
    "SSH in a rule": Bad(
        "close_admin_ports",
        old("ingress", protocol="tcp", fromPort=22, toPort=22, ipv6CidrBlocks=[ANYWHERE6]),
        "tcp 22 lets everybody reach SSH (22)",
        WEB,
    ),
    "database": Bad("open_web_ports_only", enter("tcp", 5432, ANYWHERE), "tcp 5432 is open to everybody"),
    "ping": Bad("open_web_ports_only", enter("icmp", -1, ANYWHERE), "icmp 0 to 65535 is open to everybody"),
    "80 to 443": Bad(
        "open_web_ports_only",
        old("ingress", protocol="tcp", fromPort=80, toPort=443, cidrBlocks=[ANYWHERE]),
        "tcp 80 to 443 is open",
    ),
    "everything in": Bad("open_web_ports_only", enter("-1", -1, ANYWHERE6), "everything is open to everybody", ADMIN),
    "everything out": Bad("name_egress", leave("-1", -1, ANYWHERE), "everything may leave to everywhere"),
    "everything out over IPv6": Bad("name_egress", leave("all", -1, ANYWHERE6), "everything may leave"),
    "everything out inline": Bad(
        "name_egress",
        inline("egress", protocol="-1", fromPort=0, toPort=0, cidrBlocks=[ANYWHERE]),
        "egress[0]: everything may leave",
    ),
    "every port out": Bad(
        "name_egress",
        old("egress", protocol="tcp", fromPort=0, toPort=65535, ipv6CidrBlocks=[ANYWHERE6]),
        "tcp 0 to 65535 may leave",
    ),
    "nameless group": Bad("describe_rules", change("web", description="Managed by Pulumi"), "what it is for"),
    "nameless rule": Bad("describe_rules", change("http", description=None), "tcp 80 does not say what it is for"),
    "nameless rule inline": Bad(
        "describe_rules",
        inline("ingress", description="", protocol="tcp", fromPort=80, toPort=80, cidrBlocks=[ANYWHERE]),
        "ingress[0]: tcp 80 does not say",
    ),
    "open default group": Bad(
        "close_default_group", change("default", ingress=[{"protocol": "-1", "self": True}]), "it has rules"
    ),
    "no default group": Bad(
        "close_default_group", without("default"), "its default group, which whatever names no group"
    ),
    "another's default group": Bad("close_default_group", unlink("default", "vpcId"), "its default group"),
    "no flow log": Bad("log_flows", without("flow-log"), "who talked to whom"),
    "half a flow log": Bad("log_flows", change("flow-log", trafficType="REJECT"), "who talked to whom"),
    "another's flow log": Bad("log_flows", unlink("flow-log", "vpcId"), "who talked to whom"),
    "address from the subnet": Bad(
        "refuse_automatic_addresses", change("subnet", mapPublicIpOnLaunch=True), "everything started in it"
    ),
    "no address": Bad("require_elastic_ip", without("address", "association"), "no address that outlives it"),
    "idle address": Bad(
        "require_elastic_ip", add(make(kinds.EIP, "other", domain="vpc", tags=TAGS)), "it leads nowhere"
    ),
    "default VPC": Bad(
        "refuse_default_network", add(make(kinds.DEFAULT_VPC, "theirs", tags=TAGS)), "the account's default network"
    ),
    "no subnet": Bad(
        "refuse_default_network", change("machine", subnetId=None), "lies in the account's default network"
    ),
    "every action": Bad("grant_least", grant(Action="logs:*"), "it allows logs:*"),
    "every resource": Bad("grant_least", grant(Resource="*"), "it allows logs:CreateLogStream, logs:PutLogEvents on *"),
    "all of a service": Bad("grant_least", grant(Resource=["arn:aws:logs:*:*:*"]), "on arn:aws:logs:*:*:*"),
    "every bucket": Bad("grant_least", grant(Action="s3:GetObject", Resource="arn:aws:s3:::*"), "on arn:aws:s3:::*"),
    "all but one": Bad("grant_least", grant(NotAction="iam:CreateUser"), "it uses NotAction"),
    "inside a role": Bad(
        "grant_least", change("role", inlinePolicies=[{"policy": write_policy(Action="*")}]), "Role role: it allows *"
    ),
    "administrator": Bad(
        "attach_least",
        add(make(kinds.POLICY_ATTACHMENT, "new", {"role": "role"}, policyArn=f"{AWS}/AdministratorAccess")),
        "it has AdministratorAccess",
    ),
    "administrator inside a role": Bad(
        "attach_least", change("role", managedPolicyArns=[f"{AWS}/job-function/Billing"]), "it has Billing"
    ),
    "everybody": Bad("name_who_assumes", assume(AWS="*"), "* may assume it"),
    "an account": Bad("name_who_assumes", assume(AWS=["arn:aws:iam::123456789012:root"]), ":root may assume it"),
    "no role": Bad("give_role", change("machine", iamInstanceProfile=None), "it has no role", ("manage_by_ssm",)),
    "no SSM": Bad("manage_by_ssm", without("ssm"), "machine: Systems Manager cannot reach it"),
    "another role's SSM": Bad("manage_by_ssm", unlink("ssm", "role"), "Systems Manager cannot reach it"),
    "keys": Bad("refuse_keys", change("aws", secretKey="x"), "secretKey is part of its settings"),
    "for ever": Bad("retain_logs", change("flows", retentionInDays=None), "forever"),
    "for ever in AWS's words": Bad("retain_logs", change("flows", retentionInDays=0), "forever"),
    "no alarm": Bad("watch_instances", without("status"), "nobody is notified"),
    "another's alarm": Bad("watch_instances", unlink("status", "dimensions"), "nobody is notified"),
    "another alarm": Bad("watch_instances", change("status", metricName="CPUUtilization"), "nobody is notified"),
    "no tags": Bad("tag_everything", change("vpc", tags=None), "it has no tags"),
    "empty tags": Bad("tag_everything", change("address", tags={}), "it has no tags"),
    "no tags on the disk": Bad("tag_everything", change("machine", rootBlockDevice=ROOT | {"tags": None}), "root disk"),
    "no tags on what nobody knows": Bad("tag_everything", add(make("aws:new/thing:Thing", "new")), "it has no tags"),
}
