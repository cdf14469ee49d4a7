"""What must be known of each type besides its shape: how it is named, and what only another one can change.

The properties that replace are those of the provider itself (ForceNew in terraform-provider-aws, which the real plugin
wraps). A type that is not here is refused, so that nothing passes that nobody has thought about.
"""

from collections.abc import Mapping
from typing import Final

from tests.cloud.plugin.fleet_kinds import FLEET_KINDS
from tests.cloud.plugin.kind import Kind, kind

ASSOCIATION: Final = "aws:ec2/eipAssociation:EipAssociation"
DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
EIP: Final = "aws:ec2/eip:Eip"
INGRESS: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS: Final = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INSTANCE: Final = "aws:ec2/instance:Instance"
PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
ROLE: Final = "aws:iam/role:Role"
ROLE_POLICY: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
SUBNET: Final = "aws:ec2/subnet:Subnet"
SNAPSHOTS: Final = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
VOLUME: Final = "aws:ebs/volume:Volume"
VOLUME_ATTACHMENT: Final = "aws:ec2/volumeAttachment:VolumeAttachment"
VPC: Final = "aws:ec2/vpc:Vpc"

KINDS: Final[Mapping[str, Kind]] = {
    VPC: kind("cidrBlock ipv4IpamPoolId", prefix="vpc"),
    SUBNET: kind("availabilityZone availabilityZoneId cidrBlock vpcId", prefix="subnet"),
    "aws:ec2/internetGateway:InternetGateway": kind(prefix="igw"),
    "aws:ec2/routeTable:RouteTable": kind("vpcId", prefix="rtb"),
    "aws:ec2/route:Route": kind("routeTableId destinationCidrBlock destinationIpv6CidrBlock", prefix="r-rtb"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": kind("subnetId gatewayId", prefix="rtbassoc"),
    DEFAULT_GROUP: kind("vpcId", prefix="sg"),
    "aws:ec2/securityGroup:SecurityGroup": kind("description name namePrefix vpcId", prefix="sg", named="name"),
    INGRESS: kind("securityGroupId", prefix="sgr"),
    EGRESS: kind("securityGroupId", prefix="sgr"),
    "aws:ec2/flowLog:FlowLog": kind(
        "destinationOptions eniId iamRoleArn logDestination logDestinationType logFormat maxAggregationInterval "
        "subnetId trafficType vpcId",
        prefix="fl",
    ),
    "aws:ec2/keyPair:KeyPair": kind("keyName keyNamePrefix publicKey", named="keyName", free=True),
    # userData and userDataBase64 too, where userDataReplaceOnChange is set: see diff.py.
    INSTANCE: kind(
        "ami associatePublicIpAddress availabilityZone ebsOptimized ephemeralBlockDevices hibernation hostId keyName "
        "launchTemplate placementGroup privateIp securityGroups subnetId tenancy "
        "rootBlockDevice.encrypted rootBlockDevice.kmsKeyId",
        prefix="i",
        free=True,
    ),
    EIP: kind("address domain networkBorderGroup publicIpv4Pool", prefix="eipalloc"),
    ASSOCIATION: kind("allocationId instanceId networkInterfaceId privateIpAddress publicIp", prefix="eipassoc"),
    VOLUME: kind("availabilityZone encrypted kmsKeyId multiAttachEnabled outpostArn snapshotId", prefix="vol"),
    VOLUME_ATTACHMENT: kind("deviceName instanceId volumeId", prefix="vai", free=True),
    SNAPSHOTS: kind("defaultPolicy", prefix="policy"),
    ROLE: kind("name namePrefix path", named="name"),
    "aws:iam/rolePolicy:RolePolicy": kind("name namePrefix role", identity="role name", named="name"),
    ROLE_POLICY: kind("policyArn role", identity="role policyArn"),
    PROFILE: kind("name namePrefix path", named="name", free=True),
    "aws:cloudwatch/logGroup:LogGroup": kind("logGroupClass name namePrefix", named="name", free=True),
    "aws:cloudwatch/metricAlarm:MetricAlarm": kind("name", named="name"),
    "aws:route53/record:Record": kind("name setIdentifier zoneId", identity="zoneId name type"),
    **FLEET_KINDS,
}
