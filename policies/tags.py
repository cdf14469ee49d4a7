"""Tags: whose it is, for whoever reads the bill or cleans up."""

from collections.abc import Iterator
from typing import Final

from portico.policies.graph import Graph, Resource, look, of_type
from portico.policies.kinds import (
    ACCOUNT,
    EIP_ASSOCIATION,
    GROUP_RULE,
    INSTANCE,
    POLICY_ATTACHMENT,
    ROLE_POLICY,
    VOLUME_ATTACHMENT,
)
from portico.policies.rule import Finding, rule

# What AWS gives no tags. Every other resource of AWS is asked for them.
UNTAGGABLE: Final = frozenset(
    {
        EIP_ASSOCIATION,
        GROUP_RULE,
        POLICY_ATTACHMENT,
        ROLE_POLICY,
        VOLUME_ATTACHMENT,
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:appautoscaling/policy:Policy",
        "aws:cloudwatch/dashboard:Dashboard",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        "aws:cloudwatch/logStream:LogStream",
        "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation",
        "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment",
        "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment",
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/tag:Tag",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:efs/backupPolicy:BackupPolicy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        "aws:efs/mountTarget:MountTarget",
        "aws:iam/policyAttachment:PolicyAttachment",
        "aws:route53/record:Record",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:scheduler/schedule:Schedule",
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:vpc/securityGroupVpcAssociation:SecurityGroupVpcAssociation",
    }
)


@rule(whole=True)
def tag_everything(graph: Graph) -> Iterator[Finding]:
    """Everything of AWS that takes tags has some, its own or the provider's; so have the disks of a machine."""
    common = {one.urn for one in of_type(graph, ACCOUNT) if look(one.inputs, "defaultTags.tags")}
    for one in graph:
        if not one.type.startswith("aws:") or one.type in UNTAGGABLE or one.provider in common:
            continue
        if not look(one.inputs, "tags"):
            yield Finding(one, "it has no tags", "write tags, or defaultTags for the provider")
        if one.type == INSTANCE and not _are_disks_tagged(one):
            yield Finding(one, "its root disk has no tags", "write rootBlockDevice.tags or volumeTags")


def _are_disks_tagged(one: Resource) -> bool:
    return bool(look(one.inputs, "volumeTags") or look(one.inputs, "rootBlockDevice.tags"))
