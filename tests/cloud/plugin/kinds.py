"""What must be known of each type besides its shape: how it is named, and what only another one can change.

The properties that replace are those of the provider itself (ForceNew in terraform-provider-aws, which the real plugin
wraps). A type that is not here is refused, so that nothing passes that nobody has thought about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`prefix` begins its ids; without one, the values of `identity` are its id.

    `replaces`: properties that only a new one can have. `named`: the property that Pulumi names where nobody did.
    `free`: it can be deleted while something still refers to it.
    """

    prefix: str = ""
    identity: tuple[str, ...] = ()
    replaces: frozenset[str] = frozenset()
    named: str | None = None
    free: bool = False

    def make_id(self, inputs: Mapping[str, object], token: str) -> str:
        """The id that AWS gives to a new one; `token` is a number in 17 hexadecimal digits."""
        parts = self.identity or ((self.named,) if self.named else ())
        return f"{self.prefix}-{token}" if self.prefix else "_".join(str(inputs.get(name, "")) for name in parts)


def _kind(
    replaces: str = "", *, prefix: str = "", identity: str = "", named: str | None = None, free: bool = False
) -> Kind:
    return Kind(
        prefix=prefix,
        identity=tuple(identity.split()),
        replaces=frozenset(replaces.split()),
        named=named,
        free=free,
    )


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
VPC: Final = "aws:ec2/vpc:Vpc"

KINDS: Final[Mapping[str, Kind]] = {
    VPC: _kind("cidrBlock ipv4IpamPoolId", prefix="vpc"),
    SUBNET: _kind("availabilityZone availabilityZoneId cidrBlock vpcId", prefix="subnet"),
    "aws:ec2/internetGateway:InternetGateway": _kind(prefix="igw"),
    "aws:ec2/routeTable:RouteTable": _kind("vpcId", prefix="rtb"),
    "aws:ec2/route:Route": _kind("routeTableId destinationCidrBlock destinationIpv6CidrBlock", prefix="r-rtb"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _kind("subnetId gatewayId", prefix="rtbassoc"),
    DEFAULT_GROUP: _kind("vpcId", prefix="sg"),
    "aws:ec2/securityGroup:SecurityGroup": _kind("description name namePrefix vpcId", prefix="sg", named="name"),
    INGRESS: _kind("securityGroupId", prefix="sgr"),
    EGRESS: _kind("securityGroupId", prefix="sgr"),
    "aws:ec2/flowLog:FlowLog": _kind(
        "destinationOptions eniId iamRoleArn logDestination logDestinationType logFormat maxAggregationInterval "
        "subnetId trafficType vpcId",
        prefix="fl",
    ),
    "aws:ec2/keyPair:KeyPair": _kind("keyName keyNamePrefix publicKey", named="keyName", free=True),
    # userData and userDataBase64 too, where userDataReplaceOnChange is set: see diff.py.
    INSTANCE: _kind(
        "ami associatePublicIpAddress availabilityZone ebsOptimized ephemeralBlockDevices hibernation hostId keyName "
        "launchTemplate placementGroup privateIp securityGroups subnetId tenancy "
        "rootBlockDevice.encrypted rootBlockDevice.kmsKeyId",
        prefix="i",
        free=True,
    ),
    EIP: _kind("address domain networkBorderGroup publicIpv4Pool", prefix="eipalloc"),
    ASSOCIATION: _kind("allocationId instanceId networkInterfaceId privateIpAddress publicIp", prefix="eipassoc"),
    ROLE: _kind("name namePrefix path", named="name"),
    "aws:iam/rolePolicy:RolePolicy": _kind("name namePrefix role", identity="role name", named="name"),
    ROLE_POLICY: _kind("policyArn role", identity="role policyArn"),
    PROFILE: _kind("name namePrefix path", named="name", free=True),
    "aws:cloudwatch/logGroup:LogGroup": _kind("logGroupClass name namePrefix", named="name", free=True),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _kind("name", named="name"),
    "aws:route53/record:Record": _kind("name setIdentifier zoneId", identity="zoneId name type"),
}
