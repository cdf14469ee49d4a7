"""What AWS adds to a thing: its id, its ARN, addresses, and what comes with a VPC."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cloud.plugin.address import make_address
from tests.cloud.plugin.cloud import ACCOUNT, Cloud, Thing
from tests.cloud.plugin.fleet_kinds import DEFINITION, FLEET_KINDS
from tests.cloud.plugin.fleet_made import count_revision, make_fleet
from tests.cloud.plugin.kinds import DEFAULT_GROUP, EIP, INSTANCE, KINDS, SUBNET, VPC
from tests.cloud.plugin.shape import Shape

# The name of the one hosted zone, whatever id it is asked for by.
ZONE = "example"


@dataclass(frozen=True, kw_only=True)
class Region:
    """Where a provider works, and the tags that it gives to everything."""

    name: str
    tags: Mapping[str, str]


def complete(
    cloud: Cloud, region: Region, type: str, urn: str, inputs: dict[str, Any], before: Thing | None = None
) -> Thing:
    """The thing with these inputs, as it will be. `before`: as it was. Raises ValueError for what AWS refuses."""
    shape = Shape.find(type)
    id = before.id if before else _make_id(cloud, type, inputs, region.name)
    # A record that may be written over is one thing for all who write it.
    shared = type == DEFAULT_GROUP or inputs.get("allowOverwrite") is True
    if before is None and cloud.find(id, type) is not None and not shared:
        raise ValueError(f"EntityAlreadyExists: there is a {type.rpartition(':')[2]} {id} already")
    if before:
        made = {name: value for name, value in before.outputs.items() if name not in before.inputs}
    else:
        made = {"region": region.name, "ownerId": ACCOUNT, "arn": _make_arn(type, id, region.name)}
        made |= _make(cloud, type, id, inputs, region.name)
    made["tagsAll"] = {**region.tags, **inputs.get("tags", {})}
    outputs = {name: value for name, value in {**made, **inputs}.items() if name in inputs or name in shape.outputs}
    outputs["id"] = id  # as a bridged provider has it
    return Thing(id=id, type=type, urn=urn, inputs=inputs, outputs=outputs)


def _make_id(cloud: Cloud, type: str, inputs: Mapping[str, Any], region: str) -> str:
    if type == DEFAULT_GROUP:
        vpc = cloud.find(str(inputs.get("vpcId")))
        if vpc is None:
            raise ValueError("there is no VPC whose default security group this could be")
        return str(vpc.outputs["defaultSecurityGroupId"])
    id = KINDS[type].make_id(inputs, secrets.token_hex(9)[:17], region)
    return f"{id}:{count_revision(cloud, id)}" if type == DEFINITION else id


def _make(cloud: Cloud, type: str, id: str, inputs: Mapping[str, Any], region: str) -> dict[str, Any]:
    match type:
        case _ if type == VPC:
            number = id.partition("-")[2]
            prefixes = {"SecurityGroupId": "sg", "RouteTableId": "rtb", "NetworkAclId": "acl"}
            return {f"default{name}": f"{prefix}-{number}" for name, prefix in prefixes.items()}
        case _ if type == EIP:
            # An address of this machine alone, another one for each allocation.
            address = make_address(cloud.folder, id)
            return {"publicIp": address, "allocationId": id, "publicDns": f"ec2-{address.replace('.', '-')}.invalid"}
        case _ if type == INSTANCE:
            subnet = cloud.find(str(inputs.get("subnetId")))
            zone = subnet.outputs.get("availabilityZone") if subnet and subnet.type == SUBNET else None
            return {
                "instanceState": "running",
                "availabilityZone": zone or f"{region}a",
                "primaryNetworkInterfaceId": f"eni-{id.partition('-')[2]}",
            }
        case _ if type in FLEET_KINDS:
            return make_fleet(cloud, type, id, inputs, region)
        case _ if "fqdn" in Shape.find(type).outputs:
            # As AWS's provider: what is not in the zone is taken for a name below it.
            name = str(inputs.get("name", "")).rstrip(".")
            return {"fqdn": name if f".{name}".endswith(f".{ZONE}") else f"{name}.{ZONE}"}
        case _:
            return {"uniqueId": f"A{id}".upper(), "securityGroupRuleId": id}


def _make_arn(type: str, id: str, region: str) -> str:
    if id.startswith("arn:"):
        return id
    _, module, name = type.split(":")
    service, kind = module.split("/")
    match service:
        case "iam":
            return f"arn:aws:iam::{ACCOUNT}:{'role' if kind == 'role' else 'instance-profile'}/{id}"
        case "cloudwatch" if name == "LogGroup":
            return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{id}"
        case "cloudwatch":
            return f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{id}"
        case "ecr":
            return f"arn:aws:ecr:{region}:{ACCOUNT}:repository/{id}"
        case "s3":
            return f"arn:aws:s3:::{id}"
        case "efs":
            kind = "access-point" if kind == "accessPoint" else "file-system"
            return f"arn:aws:elasticfilesystem:{region}:{ACCOUNT}:{kind}/{id}"
        case "ssm":
            return f"arn:aws:ssm:{region}:{ACCOUNT}:parameter{id}"
        case "scheduler":
            kind = "schedule-group" if name == "ScheduleGroup" else "schedule"
            return f"arn:aws:scheduler:{region}:{ACCOUNT}:{kind}/{id}"
        case "ebs":
            return f"arn:aws:ec2:{region}:{ACCOUNT}:volume/{id}"
        case "dlm":
            return f"arn:aws:dlm:{region}:{ACCOUNT}:policy/{id}"
        case "rds" | "elasticache":
            return f"arn:aws:{service}:{region}:{ACCOUNT}:{kind.lower()}:{id}"
        case "appautoscaling":
            return f"arn:aws:application-autoscaling:{region}:{ACCOUNT}:{kind}/{id}"
        case _:
            return f"arn:aws:ec2:{region}:{ACCOUNT}:{kind}/{id}"
