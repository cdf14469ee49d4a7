"""What a program may ask AWS for: the functions of pulumi_aws that begin with `get`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cloud.plugin.cloud import ACCOUNT, Cloud, Thing
from tests.cloud.plugin.effects import Effects
from tests.cloud.plugin.fargate import status
from tests.cloud.plugin.fleet_kinds import FILES, SERVICE
from tests.cloud.plugin.fleet_made import name_registry
from tests.cloud.plugin.kinds import INSTANCE, VOLUME
from tests.cloud.plugin.made import ZONE
from tests.cloud.plugin.registry import USER, list_images, read_password, spell_login

# The zones that an account has: some accounts have no `a` or `b` there.
_LETTERS = {"ap-northeast-1": "acd", "us-west-1": "ac"}
_FILTERS = {"instance-state-name": "instanceState", "subnet-id": "subnetId", "vpc-id": "vpcId", "image-id": "ami"}

_DEPLOYMENT = (
    "id",
    "status",
    "taskDefinition",
    "desiredCount",
    "pendingCount",
    "runningCount",
    "createdAt",
    "updatedAt",
)


def answer(cloud: Cloud, effects: Effects, region: str, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The answer to one question. Raises ValueError for one that the double has not been taught."""
    match token:
        case "aws:ec2/getInstances:getInstances":
            found = [one for one in cloud.things(INSTANCE) if effects.exists(one) and _fits(one, arguments)]
            return {
                "id": "found",
                "ids": [one.id for one in found],
                "privateIps": [one.outputs["privateIp"] for one in found],
                "publicIps": [],
            }
        case "aws:ec2/getInstance:getInstance":
            found = [one for one in cloud.things(INSTANCE) if effects.exists(one) and _fits(one, arguments)]
            found = [one for one in found if arguments.get("instanceId") in (None, one.id)]
            if len(found) != 1:
                raise ValueError(f"Your query returned {len(found)} results where one was wanted")
            return {**found[0].outputs, "id": found[0].id}
        case "aws:ebs/getEbsVolumes:getEbsVolumes":
            return {"id": "found", "ids": [one.id for one in cloud.things(VOLUME) if _has_tags(one, arguments)]}
        case "aws:ebs/getVolume:getVolume":
            (filter,) = arguments["filters"]
            (id,) = filter["values"]
            if filter["name"] != "volume-id" or (volume := cloud.find(id, VOLUME)) is None:
                raise ValueError("Your query returned no results")
            return {**volume.outputs, "id": id, "volumeId": id}
        case "aws:resourcegroupstaggingapi/getResources:getResources":
            if arguments["resourceTypeFilters"] != ["elasticfilesystem:file-system"]:
                raise ValueError("the double knows tags of file systems alone; teach it in invokes.py")
            wanted = {"tags": {one["key"]: one["values"][0] for one in arguments["tagFilters"]}}
            found = [one for one in cloud.things(FILES) if _has_tags(one, wanted)]
            return {"id": "found", "resourceTagMappingLists": [{"resourceArn": one.outputs["arn"]} for one in found]}
        case "aws:ecs/getService:getService":
            return _describe_service(cloud, arguments)
        case "aws:ecr/getImages:getImages":
            images = list_images(cloud, arguments["repositoryName"])
            ids = [{"imageTag": tag, "imageDigest": digest} for tag, digest in images.items()]
            return {"id": "found", "repositoryName": arguments["repositoryName"], "imageIds": ids}
        case "aws:ecr/getAuthorizationToken:getAuthorizationToken":
            return {
                "id": "token",
                "authorizationToken": spell_login(cloud),
                "userName": USER,
                "password": read_password(cloud),
                "proxyEndpoint": f"http://{name_registry(cloud)}",
                "expiresAt": (datetime.now(UTC) + timedelta(hours=12)).isoformat(),
            }
        case "aws:index/getAvailabilityZones:getAvailabilityZones":
            return {"id": "zones", "names": [f"{region}{letter}" for letter in _LETTERS.get(region, "abc")]}
        case "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings":
            return {"id": "offerings", "locations": [f"{region}{letter}" for letter in _LETTERS.get(region, "abc")]}
        case "aws:route53/getZone:getZone":
            return {"id": arguments["zoneId"], "zoneId": arguments["zoneId"], "name": ZONE, "privateZone": False}
        case "aws:index/getCallerIdentity:getCallerIdentity":
            return {"id": ACCOUNT, "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/test", "userId": "TEST"}
        case _:
            raise ValueError(f"the double does not know {token}; teach it in invokes.py")


def _describe_service(cloud: Cloud, arguments: dict[str, Any]) -> dict[str, Any]:
    name, cluster = arguments["serviceName"], arguments["clusterArn"]
    found = [one for one in cloud.things(SERVICE) if name in (one.id, one.inputs["name"])]
    found = [one for one in found if str(one.inputs.get("cluster")) in (cluster, cluster.rpartition("/")[2])]
    if not found:
        raise ValueError(f"ServiceNotFoundException: no service {name} in {cluster}")
    service = found[0]
    reported = status.read(cloud, service.id)
    deployments = reported["deployments"]
    count = {name: sum(one.get(name, 0) for one in deployments) for name in ("pendingCount", "runningCount")}
    return {
        "id": service.id,
        "arn": service.id,
        "clusterArn": service.inputs["cluster"],
        "serviceName": service.inputs["name"],
        "status": "ACTIVE",
        "desiredCount": service.inputs.get("desiredCount", 0),
        "launchType": service.inputs.get("launchType", ""),
        "schedulingStrategy": "REPLICA",
        # What the primary deployment runs, whatever was asked for.
        "taskDefinition": deployments[0]["taskDefinition"],
        "deployments": [{key: one.get(key, "") for key in _DEPLOYMENT} for one in deployments],
        "events": reported["events"],
        "tags": service.outputs.get("tagsAll", {}),
        **count,
    }


def _has_tags(thing: Thing, arguments: dict[str, Any]) -> bool:
    tags: dict[str, str] = thing.outputs.get("tagsAll", {})
    return all(tags.get(key) == value for key, value in (arguments.get("tags") or {}).items())


def _fits(instance: Thing, arguments: dict[str, Any]) -> bool:
    wanted = {f"tag:{key}": [value] for key, value in (arguments.get("instanceTags") or {}).items()}
    wanted |= {one["name"]: one["values"] for one in arguments.get("filters") or []}
    tags = instance.outputs.get("tagsAll", {})
    for name, values in wanted.items():
        kind, _, key = name.partition(":")
        if kind == "tag" and key:
            value = tags.get(key)
        elif name in _FILTERS:
            value = instance.outputs.get(_FILTERS[name])
        else:
            raise ValueError(f"the double does not know the filter {name}; teach it in invokes.py")
        if value not in values:
            return False
    return True
