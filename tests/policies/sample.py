"""A planned graph of a VM that breaks no rule, and how to make another of it."""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from portico.policies import kinds
from portico.policies.graph import UNKNOWN, Resource
from portico.policies.identity import SSM

TAGS = {"project": "portico"}
DAILY = {"name": "daily", "createRule": {"interval": 24}, "retainRule": {"count": 7}}
USER_DATA = "#cloud-config\nusers:\n  - name: portico\n    lock_passwd: true\n"
STATEMENT = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "arn:aws:logs:eu-central-1:123456789012:log-group:/portico/prod:*",
}


def make(type: str, name: str, needs: Mapping[str, str | tuple[str, ...]] | None = None, /, **inputs: Any) -> Resource:
    """A resource; `needs` names, for an input, the resource that it is made from, or several."""
    made = {key: (others,) if isinstance(others, str) else others for key, others in (needs or {}).items()}
    links = {key: frozenset(map(write_urn, others)) for key, others in made.items()}
    return Resource(
        type=type, name=name, urn=write_urn(name), inputs=dict.fromkeys(links, UNKNOWN) | inputs, needs=links
    )


def write_urn(name: str) -> str:
    """Names are enough here."""
    return f"urn:pulumi:test::portico::{name}"


def encode(text: str) -> str:
    """User data as AWS is given it."""
    return b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def write_policy(*statements: Mapping[str, Any], **changes: Any) -> str:
    """The text of an IAM policy: STATEMENT with changes, or these."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements) or [STATEMENT | changes]})


def assumed_by(**principal: Any) -> str:
    """The text that says who may assume a role."""
    return write_policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})


def permit(type: str, name: str, protocol: str, port: int, network: str, **inputs: Any) -> Resource:
    """A rule of the security group `web`."""
    return make(
        type,
        name,
        {"securityGroupId": "web"},
        ipProtocol=protocol,
        fromPort=port,
        toPort=port,
        description=f"{name}.",
        **{"cidrIpv6" if ":" in network else "cidrIpv4": network},
        tags=TAGS,
        **inputs,
    )


GOOD: tuple[Resource, ...] = (
    make(kinds.ACCOUNT, "aws", region="eu-central-1"),
    make(kinds.VPC, "vpc", cidrBlock="10.0.0.0/16", tags=TAGS),
    make(kinds.DEFAULT_GROUP, "default", {"vpcId": "vpc"}, tags=TAGS),
    make(kinds.LOG_GROUP, "flows", retentionInDays=30, tags=TAGS),
    make(kinds.FLOW_LOG, "flow-log", {"vpcId": "vpc", "logDestination": "flows"}, trafficType="ALL", tags=TAGS),
    make(kinds.SUBNET, "subnet", {"vpcId": "vpc"}, cidrBlock="10.0.0.0/24", mapPublicIpOnLaunch=False, tags=TAGS),
    make(kinds.GROUP, "web", {"vpcId": "vpc"}, description="Who may reach the machine.", tags=TAGS),
    permit(kinds.INGRESS, "http", "tcp", 80, "0.0.0.0/0"),
    permit(kinds.INGRESS, "http-6", "tcp", 80, "::/0"),
    permit(kinds.INGRESS, "https-3", "udp", 443, "0.0.0.0/0"),
    permit(kinds.INGRESS, "ssh", "tcp", 22, "203.0.113.0/24"),
    permit(kinds.EGRESS, "packages", "tcp", 443, "0.0.0.0/0"),
    make(kinds.ROLE, "role", assumeRolePolicy=assumed_by(Service="ec2.amazonaws.com"), tags=TAGS),
    make(kinds.ROLE_POLICY, "write-logs", {"role": "role"}, policy=write_policy()),
    make(kinds.POLICY_ATTACHMENT, "ssm", {"role": "role"}, policyArn=SSM),
    make(kinds.PROFILE, "profile", {"role": "role"}, tags=TAGS),
    make(
        kinds.INSTANCE,
        "machine",
        {"subnetId": "subnet", "iamInstanceProfile": "profile", "vpcSecurityGroupIds": "web"},
        ami="ami-0123456789abcdef0",
        instanceType="t4g.small",
        metadataOptions={"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
        rootBlockDevice={"encrypted": True, "volumeType": "gp3", "tags": TAGS},
        monitoring=True,
        ebsOptimized=True,
        userDataBase64=encode(USER_DATA),
        userDataReplaceOnChange=True,
        tags=TAGS,
    ),
    make(
        kinds.TEMPLATE,
        "template",
        {"iamInstanceProfile": "profile"},
        imageId="ami-0123456789abcdef0",
        metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 1},
        blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeType": "gp3"}}],
        monitoring={"enabled": True},
        ebsOptimized="true",
        userData=encode(USER_DATA),
        tags=TAGS,
    ),
    make(kinds.VOLUME, "data", availabilityZone="eu-central-1a", size=20, encrypted=True, tags=TAGS),
    make(kinds.VOLUME_ATTACHMENT, "attachment", {"instanceId": "machine", "volumeId": "data"}, deviceName="/dev/sdf"),
    make(
        kinds.SNAPSHOTS,
        "snapshots",
        {"executionRoleArn": "role"},
        state="ENABLED",
        description="Daily snapshots",
        policyDetails={"targetTags": TAGS, "schedules": [DAILY]},
        tags=TAGS,
    ),
    make(kinds.EIP, "address", domain="vpc", tags=TAGS),
    make(kinds.EIP_ASSOCIATION, "association", {"instanceId": "machine", "allocationId": "address"}),
    make(
        kinds.ALARM,
        "status",
        {"dimensions": "machine"},
        metricName="StatusCheckFailed",
        comparisonOperator="GreaterThanOrEqualToThreshold",
        evaluationPeriods=2,
        tags=TAGS,
    ),
)


def change(name: str, graph: tuple[Resource, ...] = GOOD, /, **inputs: Any) -> tuple[Resource, ...]:
    """A good graph, with inputs of one resource changed; None takes one out."""
    return tuple(_change(one, inputs) if one.name == name else one for one in graph)


def without(*names: str, graph: tuple[Resource, ...] = GOOD) -> tuple[Resource, ...]:
    """A good graph without these resources."""
    return tuple(one for one in graph if one.name not in names)


def unlink(name: str, key: str, graph: tuple[Resource, ...] = GOOD) -> tuple[Resource, ...]:
    """A good graph, where an input of one resource is made from nothing."""
    return tuple(_unlink(graph, name, key))


def _change(one: Resource, inputs: Mapping[str, Any]) -> Resource:
    changed = {key: value for key, value in {**one.inputs, **inputs}.items() if value is not None}
    return replace(one, inputs=changed, needs={key: urns for key, urns in one.needs.items() if key not in inputs})


def _unlink(graph: tuple[Resource, ...], name: str, key: str) -> Iterator[Resource]:
    for one in graph:
        needs = {other: urns for other, urns in one.needs.items() if other != key}
        yield replace(one, needs=needs) if one.name == name else one
