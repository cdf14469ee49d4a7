"""Security groups and their rules. As with the plugin, a new group begins without the rule that lets everything out."""

from typing import Any

from tests.cloud.replay.given import Given, list_tags, without_empty
from tests.cloud.replay.made import Made


def make_group(given: Given) -> Made:
    ec2 = given.client("ec2")
    made = ec2.create_security_group(
        GroupName=given.name(),
        **given.send("description", "vpcId"),
        TagSpecifications=given.tag("security-group"),
    )
    _close(ec2, made["GroupId"])
    return Made(id=made["GroupId"])


def close_default_group(given: Given) -> Made:
    ec2 = given.client("ec2")
    filters = [{"Name": "vpc-id", "Values": [given.take("vpcId")]}, {"Name": "group-name", "Values": ["default"]}]
    group = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    ec2.create_tags(Resources=[group], Tags=list_tags(given.take("tags", {})))
    _close(ec2, group)
    for direction in ("ingress", "egress"):
        if given.take(direction):
            raise ValueError(f"{direction} of the default group: it is closed here")
    return Made(id=group)


def let_in(given: Given) -> Made:
    made = given.client("ec2").authorize_security_group_ingress(**_permit(given))
    return Made(id=made["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def let_out(given: Given) -> Made:
    made = given.client("ec2").authorize_security_group_egress(**_permit(given))
    return Made(id=made["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def _permit(given: Given) -> dict[str, Any]:
    text = given.take("description", "")
    permission = given.send("ipProtocol", "fromPort", "toPort")
    for name, key, inner in (("cidrIpv4", "IpRanges", "CidrIp"), ("cidrIpv6", "Ipv6Ranges", "CidrIpv6")):
        if network := given.take(name):
            permission[key] = [{inner: network, "Description": text}]
    if group := given.take("referencedSecurityGroupId"):
        permission["UserIdGroupPairs"] = [{"GroupId": group, "Description": text}]
    return {
        "GroupId": given.take("securityGroupId"),
        "IpPermissions": [permission],
        "TagSpecifications": given.tag("security-group-rule"),
    }


def _close(ec2: Any, group: str) -> None:
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    if found["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=list(map(_tidy, found["IpPermissions"])))
    if found["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=list(map(_tidy, found["IpPermissionsEgress"])))


def _tidy(permission: dict[str, Any]) -> dict[str, Any]:
    return without_empty(permission.items())
