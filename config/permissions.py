"""The permissions on AWS that a deployment needs: for each kind of resource, from its creation to its deletion.

`docs/hosts/permissions.md` is about the documents that are written from this; `portico doctor` asks AWS about each.
"""

from collections.abc import Mapping
from typing import Final, Literal

Target = Literal["aws", "ecs"]

_ROLE: Final = (
    "iam:CreateRole iam:DeleteRole iam:GetRole iam:TagRole iam:UntagRole iam:UpdateRole iam:UpdateRoleDescription "
    "iam:UpdateAssumeRolePolicy iam:ListRolePolicies iam:ListAttachedRolePolicies iam:ListInstanceProfilesForRole "
    "iam:PassRole"
)
_LOGS: Final = (
    "logs:CreateLogGroup logs:DeleteLogGroup logs:DescribeLogGroups logs:PutRetentionPolicy logs:ListTagsForResource "
    "logs:TagResource logs:UntagResource"
)
# Of both targets: the network, its flow logs, services, names.
_SHARED: Final[Mapping[str, str]] = {
    "aws:cloudwatch/logGroup:LogGroup": _LOGS,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (
        "ec2:DescribeSecurityGroups ec2:RevokeSecurityGroupIngress ec2:RevokeSecurityGroupEgress ec2:CreateTags"
    ),
    "aws:ec2/eip:Eip": "ec2:AllocateAddress ec2:ReleaseAddress ec2:DescribeAddresses ec2:DescribeAddressesAttribute",
    "aws:ec2/flowLog:FlowLog": (
        "ec2:CreateFlowLogs ec2:DeleteFlowLogs ec2:DescribeFlowLogs logs:CreateLogDelivery logs:DeleteLogDelivery"
    ),
    "aws:ec2/internetGateway:InternetGateway": (
        "ec2:CreateInternetGateway ec2:AttachInternetGateway ec2:DetachInternetGateway ec2:DeleteInternetGateway "
        "ec2:DescribeInternetGateways"
    ),
    "aws:ec2/route:Route": "ec2:CreateRoute ec2:ReplaceRoute ec2:DeleteRoute ec2:DescribeRouteTables",
    "aws:ec2/routeTable:RouteTable": "ec2:CreateRouteTable ec2:DeleteRouteTable ec2:DescribeRouteTables",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": (
        "ec2:AssociateRouteTable ec2:DisassociateRouteTable ec2:ReplaceRouteTableAssociation"
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        "ec2:CreateSecurityGroup ec2:DeleteSecurityGroup ec2:DescribeSecurityGroups ec2:DescribeNetworkInterfaces "
        "ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress"
    ),
    "aws:ec2/subnet:Subnet": (
        "ec2:CreateSubnet ec2:DeleteSubnet ec2:DescribeSubnets ec2:ModifySubnetAttribute ec2:DescribeNetworkInterfaces"
    ),
    "aws:ec2/vpc:Vpc": (
        "ec2:CreateVpc ec2:DeleteVpc ec2:DescribeVpcs ec2:DescribeVpcAttribute ec2:ModifyVpcAttribute "
        "ec2:DescribeNetworkAcls ec2:DescribeRouteTables ec2:DescribeSecurityGroups"
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": (
        "elasticache:CreateCacheParameterGroup elasticache:DeleteCacheParameterGroup "
        "elasticache:ModifyCacheParameterGroup elasticache:ResetCacheParameterGroup "
        "elasticache:DescribeCacheParameterGroups elasticache:DescribeCacheParameters "
        "elasticache:ListTagsForResource elasticache:AddTagsToResource elasticache:RemoveTagsFromResource"
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "elasticache:CreateReplicationGroup elasticache:DeleteReplicationGroup elasticache:ModifyReplicationGroup "
        "elasticache:IncreaseReplicaCount elasticache:DecreaseReplicaCount elasticache:CreateSnapshot "
        "elasticache:DescribeReplicationGroups elasticache:DescribeCacheClusters"
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": (
        "elasticache:CreateCacheSubnetGroup elasticache:DeleteCacheSubnetGroup elasticache:ModifyCacheSubnetGroup "
        "elasticache:DescribeCacheSubnetGroups"
    ),
    "aws:iam/role:Role": _ROLE,
    "aws:iam/rolePolicy:RolePolicy": "iam:PutRolePolicy iam:GetRolePolicy iam:DeleteRolePolicy",
    "aws:rds/instance:Instance": (
        "rds:CreateDBInstance rds:DeleteDBInstance rds:ModifyDBInstance rds:RebootDBInstance "
        "rds:RestoreDBInstanceFromDBSnapshot rds:CreateDBSnapshot rds:DescribeDBInstances rds:DescribeDBSnapshots "
        "rds:ListTagsForResource rds:AddTagsToResource rds:RemoveTagsFromResource"
    ),
    "aws:rds/parameterGroup:ParameterGroup": (
        "rds:CreateDBParameterGroup rds:DeleteDBParameterGroup rds:ModifyDBParameterGroup rds:ResetDBParameterGroup "
        "rds:DescribeDBParameterGroups rds:DescribeDBParameters"
    ),
    "aws:rds/subnetGroup:SubnetGroup": (
        "rds:CreateDBSubnetGroup rds:DeleteDBSubnetGroup rds:ModifyDBSubnetGroup rds:DescribeDBSubnetGroups"
    ),
    "aws:route53/record:Record": (
        "route53:ChangeResourceRecordSets route53:GetChange route53:GetHostedZone route53:ListResourceRecordSets"
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (
        "ec2:AuthorizeSecurityGroupEgress ec2:RevokeSecurityGroupEgress ec2:DescribeSecurityGroupRules "
        "ec2:ModifySecurityGroupRules"
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        "ec2:AuthorizeSecurityGroupIngress ec2:RevokeSecurityGroupIngress ec2:DescribeSecurityGroupRules "
        "ec2:ModifySecurityGroupRules"
    ),
}
_AWS: Final[Mapping[str, str]] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        "cloudwatch:PutMetricAlarm cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource "
        "cloudwatch:TagResource cloudwatch:UntagResource"
    ),
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": (
        "dlm:CreateLifecyclePolicy dlm:DeleteLifecyclePolicy dlm:GetLifecyclePolicy dlm:UpdateLifecyclePolicy "
        "dlm:ListTagsForResource dlm:TagResource dlm:UntagResource"
    ),
    "aws:ebs/volume:Volume": "ec2:CreateVolume ec2:ModifyVolume ec2:DescribeVolumes ec2:DescribeVolumesModifications",
    "aws:ec2/eipAssociation:EipAssociation": "ec2:AssociateAddress ec2:DisassociateAddress ec2:DescribeAddresses",
    "aws:ec2/instance:Instance": (
        "ec2:RunInstances ec2:TerminateInstances ec2:DescribeInstances ec2:DescribeInstanceAttribute "
        "ec2:DescribeInstanceTypes ec2:DescribeInstanceCreditSpecifications ec2:DescribeInstanceStatus "
        "ec2:DescribeImages ec2:DescribeTags ec2:DescribeVolumes ec2:ModifyInstanceAttribute "
        "ec2:ModifyInstanceMetadataOptions ec2:ModifyInstanceMaintenanceOptions ec2:MonitorInstances "
        "iam:GetInstanceProfile"
    ),
    "aws:ec2/volumeAttachment:VolumeAttachment": "ec2:AttachVolume ec2:DetachVolume ec2:DescribeVolumes",
    "aws:iam/instanceProfile:InstanceProfile": (
        "iam:CreateInstanceProfile iam:DeleteInstanceProfile iam:GetInstanceProfile iam:AddRoleToInstanceProfile "
        "iam:RemoveRoleFromInstanceProfile iam:TagInstanceProfile iam:UntagInstanceProfile"
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        "iam:AttachRolePolicy iam:DetachRolePolicy iam:ListAttachedRolePolicies"
    ),
}
_ECS: Final[Mapping[str, str]] = {
    "aws:acm/certificate:Certificate": (
        "acm:RequestCertificate acm:DeleteCertificate acm:DescribeCertificate acm:ListTagsForCertificate "
        "acm:AddTagsToCertificate acm:RemoveTagsFromCertificate"
    ),
    "aws:acm/certificateValidation:CertificateValidation": "acm:DescribeCertificate",
    "aws:appautoscaling/policy:Policy": (
        "application-autoscaling:PutScalingPolicy application-autoscaling:DeleteScalingPolicy "
        "application-autoscaling:DescribeScalingPolicies"
    ),
    "aws:appautoscaling/target:Target": (
        "application-autoscaling:RegisterScalableTarget application-autoscaling:DeregisterScalableTarget "
        "application-autoscaling:DescribeScalableTargets application-autoscaling:ListTagsForResource "
        "application-autoscaling:TagResource application-autoscaling:UntagResource"
    ),
    "aws:ec2/natGateway:NatGateway": "ec2:CreateNatGateway ec2:DeleteNatGateway ec2:DescribeNatGateways",
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "ec2:CreateVpcEndpoint ec2:DeleteVpcEndpoints ec2:DescribeVpcEndpoints ec2:ModifyVpcEndpoint "
        "ec2:DescribePrefixLists"
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": (
        "ecr:PutLifecyclePolicy ecr:GetLifecyclePolicy ecr:DeleteLifecyclePolicy"
    ),
    "aws:ecr/repository:Repository": (
        "ecr:CreateRepository ecr:DeleteRepository ecr:DescribeRepositories ecr:ListTagsForResource ecr:TagResource "
        "ecr:UntagResource ecr:PutImageTagMutability ecr:PutImageScanningConfiguration"
    ),
    "aws:ecs/cluster:Cluster": (
        "ecs:CreateCluster ecs:DeleteCluster ecs:DescribeClusters ecs:UpdateCluster ecs:TagResource"
    ),
    "aws:ecs/service:Service": (
        "ecs:CreateService ecs:DeleteService ecs:DescribeServices ecs:UpdateService ecs:ListServiceDeployments "
        "ecs:DescribeServiceDeployments ecs:DescribeTasks ecs:ListTasks ecs:TagResource"
    ),
    "aws:ecs/taskDefinition:TaskDefinition": (
        "ecs:RegisterTaskDefinition ecs:DeregisterTaskDefinition ecs:DescribeTaskDefinition ecs:TagResource"
    ),
    "aws:efs/accessPoint:AccessPoint": (
        "elasticfilesystem:CreateAccessPoint elasticfilesystem:DeleteAccessPoint "
        "elasticfilesystem:DescribeAccessPoints elasticfilesystem:TagResource elasticfilesystem:UntagResource"
    ),
    "aws:efs/backupPolicy:BackupPolicy": ("elasticfilesystem:PutBackupPolicy elasticfilesystem:DescribeBackupPolicy"),
    "aws:efs/fileSystem:FileSystem": (
        "elasticfilesystem:CreateFileSystem elasticfilesystem:DescribeFileSystems elasticfilesystem:UpdateFileSystem "
        "elasticfilesystem:DescribeLifecycleConfiguration elasticfilesystem:ListTagsForResource "
        "elasticfilesystem:TagResource elasticfilesystem:UntagResource"
    ),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": (
        "elasticfilesystem:PutFileSystemPolicy elasticfilesystem:DescribeFileSystemPolicy "
        "elasticfilesystem:DeleteFileSystemPolicy"
    ),
    "aws:efs/mountTarget:MountTarget": (
        "elasticfilesystem:CreateMountTarget elasticfilesystem:DeleteMountTarget "
        "elasticfilesystem:DescribeMountTargets elasticfilesystem:DescribeMountTargetSecurityGroups "
        "ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeSubnets ec2:DescribeNetworkInterfaces"
    ),
    "aws:lb/listener:Listener": (
        "elasticloadbalancing:CreateListener elasticloadbalancing:DeleteListener elasticloadbalancing:ModifyListener "
        "elasticloadbalancing:ModifyListenerAttributes"
    ),
    "aws:lb/listenerRule:ListenerRule": (
        "elasticloadbalancing:CreateRule elasticloadbalancing:DeleteRule elasticloadbalancing:ModifyRule "
        "elasticloadbalancing:SetRulePriorities"
    ),
    "aws:lb/loadBalancer:LoadBalancer": (
        "elasticloadbalancing:CreateLoadBalancer elasticloadbalancing:DeleteLoadBalancer "
        "elasticloadbalancing:ModifyLoadBalancerAttributes elasticloadbalancing:SetSecurityGroups "
        "elasticloadbalancing:SetSubnets elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags "
        "ec2:DescribeAccountAttributes"
    ),
    "aws:lb/targetGroup:TargetGroup": (
        "elasticloadbalancing:CreateTargetGroup elasticloadbalancing:DeleteTargetGroup "
        "elasticloadbalancing:ModifyTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes"
    ),
    "aws:s3/bucket:Bucket": (
        "s3:CreateBucket s3:DeleteBucket s3:ListBucket s3:PutBucketTagging s3:ListBucketVersions s3:DeleteObject "
        "s3:DeleteObjectVersion"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy": "s3:PutBucketPolicy s3:DeleteBucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3:PutEncryptionConfiguration"
    ),
    "aws:scheduler/schedule:Schedule": (
        "scheduler:CreateSchedule scheduler:DeleteSchedule scheduler:GetSchedule scheduler:UpdateSchedule"
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": (
        "scheduler:CreateScheduleGroup scheduler:DeleteScheduleGroup scheduler:GetScheduleGroup "
        "scheduler:ListTagsForResource scheduler:TagResource scheduler:UntagResource"
    ),
    "aws:secretsmanager/secret:Secret": (
        "secretsmanager:CreateSecret secretsmanager:DeleteSecret secretsmanager:DescribeSecret "
        "secretsmanager:UpdateSecret secretsmanager:GetResourcePolicy secretsmanager:TagResource "
        "secretsmanager:UntagResource"
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": (
        "secretsmanager:PutSecretValue secretsmanager:GetSecretValue secretsmanager:UpdateSecretVersionStage"
    ),
    "aws:ssm/parameter:Parameter": (
        "ssm:PutParameter ssm:GetParameter ssm:GetParameters ssm:DescribeParameters ssm:DeleteParameter "
        "ssm:ListTagsForResource ssm:AddTagsToResource ssm:RemoveTagsFromResource"
    ),
}
KINDS: Final[Mapping[Target, Mapping[str, str]]] = {"aws": {**_SHARED, **_AWS}, "ecs": {**_SHARED, **_ECS}}
# What is asked before anything is made, what pushes images, and what tags whatever EC2 makes.
_BESIDES: Final[Mapping[Target, str]] = {
    "aws": (
        "ec2:DescribeInstanceTypeOfferings ec2:DescribeAvailabilityZones route53:GetHostedZone "
        "route53:ListTagsForResource servicequotas:GetServiceQuota ec2:CreateTags ec2:DeleteTags ec2:DeleteVolume"
    ),
    "ecs": (
        "ec2:DescribeAvailabilityZones route53:GetHostedZone route53:ListTagsForResource ecr:GetAuthorizationToken "
        "ecr:ListImages ecr:DescribeImages tag:GetResources servicequotas:GetServiceQuota ec2:CreateTags "
        "ec2:DeleteTags ecr:InitiateLayerUpload ecr:UploadLayerPart ecr:CompleteLayerUpload ecr:PutImage "
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer "
        # What is run once: a release command, and portico exec. And portico logs.
        "ecs:RunTask ecs:StopTask ecs:ListTasks ecs:DescribeTasks logs:GetLogEvents logs:DescribeLogStreams "
        "logs:FilterLogEvents"
    ),
}


def list_actions(target: Target) -> list[str]:
    """The actions that a deployment onto this target needs, without those of sessions and linked roles."""
    found = {action for actions in (*KINDS[target].values(), _BESIDES[target]) for action in actions.split()}
    return sorted(found)
