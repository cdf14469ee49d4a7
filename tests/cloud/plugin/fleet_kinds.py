"""The types around a service of ECS: what runs it, what leads to it, and what it reads."""

from collections.abc import Mapping
from typing import Final

from tests.cloud.plugin.kind import Kind, kind
from tests.cloud.plugin.service_kinds import SERVICE_KINDS

ACCESS_POINT: Final = "aws:efs/accessPoint:AccessPoint"
BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
BUCKET: Final = "aws:s3/bucket:Bucket"
BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
CERTIFICATE: Final = "aws:acm/certificate:Certificate"
CERTIFICATE_VALIDATION: Final = "aws:acm/certificateValidation:CertificateValidation"
CLUSTER: Final = "aws:ecs/cluster:Cluster"
DEFINITION: Final = "aws:ecs/taskDefinition:TaskDefinition"
FILES: Final = "aws:efs/fileSystem:FileSystem"
MOUNT_TARGET: Final = "aws:efs/mountTarget:MountTarget"
ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
GROUP: Final = "aws:lb/targetGroup:TargetGroup"
LISTENER: Final = "aws:lb/listener:Listener"
LISTENER_CERTIFICATE: Final = "aws:lb/listenerCertificate:ListenerCertificate"
NAT: Final = "aws:ec2/natGateway:NatGateway"
PARAMETER: Final = "aws:ssm/parameter:Parameter"
POLICY: Final = "aws:iam/policy:Policy"
REPOSITORY: Final = "aws:ecr/repository:Repository"
RULE: Final = "aws:lb/listenerRule:ListenerRule"
SCALED: Final = "aws:appautoscaling/target:Target"
SCHEDULE: Final = "aws:scheduler/schedule:Schedule"
SECRET: Final = "aws:secretsmanager/secret:Secret"
SECRET_VERSION: Final = "aws:secretsmanager/secretVersion:SecretVersion"
SERVICE: Final = "aws:ecs/service:Service"

_ELB = "arn:aws:elasticloadbalancing:{region}:{account}:"

FLEET_KINDS: Final[Mapping[str, Kind]] = {
    REPOSITORY: kind("encryptionConfigurations name", named="name"),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": kind("policy repository", identity="repository"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": kind("repository", identity="repository", free=True),
    CLUSTER: kind("name", arn="arn:aws:ecs:{region}:{account}:cluster/{name}", named="name"),
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": kind("clusterName", identity="clusterName"),
    # Its id is the family in the provider; here revisions are distinguished by it. Old ones still run where they run.
    DEFINITION: kind(
        "containerDefinitions cpu enableFaultInjection ephemeralStorage executionRoleArn family ipcMode memory "
        "networkMode pidMode placementConstraints proxyConfiguration requiresCompatibilities runtimePlatform "
        "taskRoleArn volumes",
        arn="arn:aws:ecs:{region}:{account}:task-definition/{family}",
        free=True,
    ),
    SERVICE: kind(
        "cluster iamRole launchType name schedulingStrategy",
        arn="arn:aws:ecs:{region}:{account}:service/{cluster}/{name}",
        named="name",
        free=True,
    ),
    BALANCER: kind(
        "customerOwnedIpv4Pool internal loadBalancerType name namePrefix",
        arn=f"{_ELB}loadbalancer/app/{{name}}/{{token}}",
        named="name",
        longest=32,
    ),
    GROUP: kind(
        "ipAddressType name namePrefix port protocol protocolVersion targetControlPort targetType vpcId",
        arn=f"{_ELB}targetgroup/{{name}}/{{token}}",
        named="name",
        longest=32,
    ),
    LISTENER: kind("loadBalancerArn", arn=f"{_ELB}listener/{{loadBalancerArn}}/{{token}}"),
    RULE: kind("listenerArn", arn=f"{_ELB}listener-rule/{{listenerArn}}/{{token}}"),
    LISTENER_CERTIFICATE: kind("certificateArn listenerArn", identity="listenerArn certificateArn"),
    CERTIFICATE: kind(
        "certificateAuthorityArn domainName keyAlgorithm subjectAlternativeNames validationMethod validationOptions",
        arn="arn:aws:acm:{region}:{account}:certificate/{token}",
    ),
    CERTIFICATE_VALIDATION: kind("certificateArn validationRecordFqdns", identity="certificateArn"),
    BUCKET: kind("bucket bucketPrefix objectLockEnabled", named="bucket", longest=63),
    BUCKET_POLICY: kind("bucket", identity="bucket"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": kind(
        "bucket expectedBucketOwner", identity="bucket"
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": kind("bucket", identity="bucket"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": kind("bucket", identity="bucket"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": kind(
        "bucket expectedBucketOwner", identity="bucket"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": kind("bucket expectedBucketOwner", identity="bucket"),
    # Its versions go with it.
    SECRET: kind(
        "name namePrefix",
        arn="arn:aws:secretsmanager:{region}:{account}:secret:{name}-{short}",
        named="name",
        free=True,
    ),
    SECRET_VERSION: kind("secretBinary secretId secretString", prefix="version"),
    "aws:secretsmanager/secretPolicy:SecretPolicy": kind("secretArn", identity="secretArn"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": kind("name namePrefix", named="name", longest=64),
    SCHEDULE: kind("groupName name namePrefix", identity="groupName name", named="name", longest=64),
    SCALED: kind("resourceId scalableDimension serviceNamespace", identity="resourceId scalableDimension"),
    "aws:appautoscaling/policy:Policy": kind(
        "name resourceId scalableDimension serviceNamespace", identity="resourceId name", named="name"
    ),
    PARAMETER: kind("name", identity="name"),
    POLICY: kind("description name namePrefix path", arn="arn:aws:iam::{account}:policy/{name}", named="name"),
    FILES: kind("availabilityZoneName creationToken encrypted kmsKeyId performanceMode", prefix="fs"),
    # Their id is the file system's, which others refer to.
    "aws:efs/backupPolicy:BackupPolicy": kind("fileSystemId", identity="fileSystemId", free=True),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": kind("fileSystemId", identity="fileSystemId", free=True),
    MOUNT_TARGET: kind("fileSystemId ipAddress subnetId", prefix="fsmt"),
    ACCESS_POINT: kind("fileSystemId posixUser rootDirectory", prefix="fsap"),
    NAT: kind("allocationId connectivityType privateIp subnetId vpcId", prefix="nat"),
    ENDPOINT: kind("serviceName serviceRegion vpcEndpointType vpcId", prefix="vpce"),
    **SERVICE_KINDS,
}
