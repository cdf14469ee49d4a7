"""A planned graph of tasks behind a balancer that breaks no rule."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portico.policies import kinds
from portico.policies.graph import UNKNOWN, Resource
from tests.policies.sample import TAGS, assumed_by, make, write_policy
from tests.policies.services import SERVICES

REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
IMAGE = f"{REGISTRY}/shop@sha256:{'0' * 64}"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop"
LOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "/portico/shop", "awslogs-region": "eu-central-1"}}
REFUSAL = {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "404"}}
TRUST = assumed_by(Service="ecs-tasks.amazonaws.com")


def contain(name: str, /, **changes: Any) -> dict[str, Any]:
    """A container definition; None takes a key out."""
    common = {
        "name": name,
        "image": IMAGE,
        "user": "101:101",
        "memory": 256,
        "privileged": False,
        "readonlyRootFilesystem": True,
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
        "logConfiguration": LOGS,
        "stopTimeout": 40,
    }
    return {key: value for key, value in (common | changes).items() if value is not None}


INIT = contain(
    "secrets",
    essential=False,
    stopTimeout=120,
    secrets=[{"name": "PORTICO_SECRET_KEY", "valueFrom": f"{SECRET}:KEY::"}],
)
SERVING = contain(
    "web",
    essential=True,
    environment=[
        {"name": "HOME", "value": "/tmp"},
        {"name": "SECRET_KEY", "value": "/run/secrets/KEY"},
        {"name": "TOKEN_LIFETIME", "value": "86400 s"},
        {"name": "API_KEY", "value": ""},
        {"name": "BACKEND", "value": "https://api.example/v1?tokens=1"},
    ],
)


def define(*containers: Mapping[str, Any]) -> str:
    """The text of the container definitions."""
    return json.dumps(list(containers))


def _permit(type: str, name: str, group: str, port: int, **source: str) -> Resource:
    """`source` is a network, or {input: the group} for a reference."""
    needs = {key: value for key, value in source.items() if key == "referencedSecurityGroupId"}
    inputs = {key: value for key, value in source.items() if key not in needs}
    return make(
        type,
        name,
        {"securityGroupId": group, **needs},
        ipProtocol="tcp",
        fromPort=port,
        toPort=port,
        description=f"{name}.",
        tags=TAGS,
        **inputs,
    )


SHARED: dict[str, Any] = {
    "name": "data-media",
    "efsVolumeConfiguration": {
        "fileSystemId": UNKNOWN,
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": UNKNOWN, "iam": "ENABLED"},
    },
}
FLEET: tuple[Resource, ...] = (
    make(kinds.ACCOUNT, "aws", region="eu-central-1"),
    make(kinds.VPC, "vpc", cidrBlock="10.0.0.0/16", tags=TAGS),
    make(kinds.DEFAULT_GROUP, "default", {"vpcId": "vpc"}, tags=TAGS),
    make(kinds.LOG_GROUP, "flows", retentionInDays=30, tags=TAGS),
    make(kinds.FLOW_LOG, "flow-log", {"vpcId": "vpc", "logDestination": "flows"}, trafficType="ALL", tags=TAGS),
    make(kinds.SUBNET, "a", {"vpcId": "vpc"}, cidrBlock="10.0.0.0/24", availabilityZone="eu-central-1a", tags=TAGS),
    make(kinds.SUBNET, "b", {"vpcId": "vpc"}, cidrBlock="10.0.1.0/24", availabilityZone="eu-central-1b", tags=TAGS),
    make(kinds.GROUP, "edge", {"vpcId": "vpc"}, description="Who may reach the balancer.", tags=TAGS),
    make(kinds.GROUP, "tasks", {"vpcId": "vpc"}, description="Who may reach the tasks.", tags=TAGS),
    _permit(kinds.INGRESS, "http", "edge", 80, cidrIpv4="0.0.0.0/0"),
    _permit(kinds.INGRESS, "https", "edge", 443, cidrIpv4="0.0.0.0/0"),
    _permit(kinds.EGRESS, "to-tasks", "edge", 8080, referencedSecurityGroupId="tasks"),
    _permit(kinds.INGRESS, "from-edge", "tasks", 8080, referencedSecurityGroupId="edge"),
    _permit(kinds.EGRESS, "services", "tasks", 443, cidrIpv4="0.0.0.0/0"),
    make(kinds.BUCKET, "requests", tags=TAGS),
    make(
        kinds.BUCKET_CLOSED,
        "requests-closed",
        {"bucket": "requests"},
        blockPublicAcls=True,
        blockPublicPolicy=True,
        ignorePublicAcls=True,
        restrictPublicBuckets=True,
    ),
    make(kinds.BUCKET_LIFECYCLE, "requests-forget", {"bucket": "requests"}, rules=[{"id": "x", "status": "Enabled"}]),
    replace(
        make(
            kinds.BALANCER,
            "balancer",
            {"securityGroups": "edge", "subnets": ("a", "b")},
            loadBalancerType="application",
            dropInvalidHeaderFields=True,
            desyncMitigationMode="defensive",
            accessLogs={"bucket": "requests", "enabled": True},
            enableDeletionProtection=True,
            subnets=[UNKNOWN, UNKNOWN],
            tags=TAGS,
        ),
        protected=True,
    ),
    make(
        kinds.LISTENER,
        "clear",
        {"loadBalancerArn": "balancer"},
        port=80,
        protocol="HTTP",
        defaultActions=[
            {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
        ],
        tags=TAGS,
    ),
    make(
        kinds.LISTENER,
        "encrypted",
        {"loadBalancerArn": "balancer"},
        port=443,
        protocol="HTTPS",
        sslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        defaultActions=[REFUSAL],
        tags=TAGS,
    ),
    make(kinds.TARGETS, "targets", {"vpcId": "vpc"}, targetType="ip", port=8080, deregistrationDelay=40, tags=TAGS),
    make(
        kinds.LISTENER_RULE,
        "hosts",
        {"listenerArn": "encrypted", "actions": "targets"},
        conditions=[{"hostHeader": {"values": ["shop.example"]}}],
        tags=TAGS,
    ),
    make(
        kinds.REPOSITORY,
        "images",
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfigurations=[{"encryptionType": "KMS"}],
        tags=TAGS,
    ),
    make(kinds.REPOSITORY_LIFECYCLE, "images-forget", {"repository": "images"}, policy="{}"),
    make(kinds.SECRET, "secret", recoveryWindowInDays=30, tags=TAGS),
    make(kinds.PARAMETER, "record", name="/portico/shop", type="SecureString", tags=TAGS),
    replace(
        make(kinds.SECRET_VERSION, "value", {"secretId": "secret"}, secretString="correct horse"),
        secrets=frozenset({"secretString"}),
    ),
    make(kinds.LOG_GROUP, "logs", retentionInDays=30, tags=TAGS),
    make(kinds.ROLE, "execution", assumeRolePolicy=TRUST, tags=TAGS),
    make(kinds.ROLE_POLICY, "execution-may", {"role": "execution"}, policy=write_policy()),
    make(kinds.ROLE, "application", assumeRolePolicy=TRUST, tags=TAGS),
    make(
        kinds.TASK,
        "task",
        {"executionRoleArn": "execution", "taskRoleArn": "application", "containerDefinitions": ("logs", "images")},
        containerDefinitions=define(INIT, SERVING),
        family="shop",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        volumes=[SHARED],
        tags=TAGS,
    ),
    make(kinds.FILES, "files", encrypted=True, tags=TAGS),
    make(kinds.FILES_BACKUP, "backups", {"fileSystemId": "files"}, backupPolicy={"status": "ENABLED"}),
    make(kinds.CLUSTER, "cluster", tags=TAGS),
    make(
        kinds.SERVICE,
        "service",
        {
            "cluster": "cluster",
            "taskDefinition": "task",
            "loadBalancers": "targets",
            "networkConfiguration": ("tasks", "a", "b"),
        },
        networkConfiguration={"subnets": [UNKNOWN, UNKNOWN], "securityGroups": [UNKNOWN], "assignPublicIp": True},
        launchType="FARGATE",
        platformVersion="1.4.0",
        deploymentMinimumHealthyPercent=100,
        deploymentMaximumPercent=200,
        deploymentCircuitBreaker={"enable": True, "rollback": True},
        waitForSteadyState=True,
        enableExecuteCommand=False,
        tags=TAGS,
    ),
    *SERVICES,
)


def amend(name: str, graph: tuple[Resource, ...] = FLEET, /, **inputs: Any) -> tuple[Resource, ...]:
    """A fleet with inputs of one resource changed, though made from what they were; None takes one out."""
    return tuple(_amend(one, inputs) if one.name == name else one for one in graph)


def _amend(one: Resource, inputs: Mapping[str, Any]) -> Resource:
    return replace(one, inputs={key: value for key, value in {**one.inputs, **inputs}.items() if value is not None})
