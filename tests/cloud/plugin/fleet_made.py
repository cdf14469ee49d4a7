"""What AWS adds to the things around a service: names to be found by, numbers, and what DNS must say."""

import hashlib
from collections.abc import Mapping
from typing import Any

from tests.cloud.plugin.address import make_address
from tests.cloud.plugin.cloud import ACCOUNT, Cloud
from tests.cloud.plugin.fleet_kinds import BALANCER, BUCKET, CERTIFICATE, DEFINITION, GROUP, REPOSITORY, SECRET_VERSION
from tests.cloud.plugin.service_kinds import make_service

REGISTRY_PORT = 5055


def make_fleet(cloud: Cloud, type: str, id: str, inputs: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The outputs of a new thing that its inputs do not say."""
    match type:
        case _ if type == REPOSITORY:
            return {"registryId": ACCOUNT, "repositoryUrl": f"{name_registry(cloud)}/{id}"}
        case _ if type == BALANCER:
            subnet = cloud.find(str((inputs.get("subnets") or [""])[0]))
            return {
                # Its name is its address: nobody would answer for another one.
                "dnsName": make_address(cloud.folder, id),
                "zoneId": "Z0000000000000BALANCER",
                "arnSuffix": id.rpartition(":loadbalancer/")[2],
                "vpcId": subnet.inputs["vpcId"] if subnet else "",
            }
        case _ if type == GROUP:
            return {"arnSuffix": id.rpartition(":")[2]}
        case _ if type == DEFINITION:
            without, _, revision = id.rpartition(":")
            return {"arnWithoutRevision": without, "revision": int(revision)}
        case _ if type == BUCKET:
            named = {"bucketDomainName": f"{id}.s3.amazonaws.com", "bucketRegion": region}
            return {**named, "bucketRegionalDomainName": f"{id}.s3.{region}.amazonaws.com"}
        case _ if type == CERTIFICATE:
            names = [inputs["domainName"], *inputs.get("subjectAlternativeNames", [])]
            return {"status": "PENDING_VALIDATION", "domainValidationOptions": [_prove(name) for name in names]}
        case _ if type == SECRET_VERSION:
            return {"versionId": id.partition("-")[2], "secretArn": inputs["secretId"]}
        case _:
            return make_service(type, id, region)


def name_registry(cloud: Cloud) -> str:
    """Where the cloud's registry answers."""
    return f"{make_address(cloud.folder, 'registry')}:{REGISTRY_PORT}"


def count_revision(cloud: Cloud, family: str) -> int:
    """The number of the next definition of this family; no number is given again."""
    folder = cloud.folder / "revisions"
    folder.mkdir(exist_ok=True)
    file = folder / family.replace("/", "%")
    number = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(number))
    return number


def _prove(name: str) -> dict[str, str]:
    """The record by which DNS shows that a name is the account's; one for a wildcard and what it stands for."""
    plain = name.removeprefix("*.")
    token = hashlib.sha256(plain.encode()).hexdigest()[:32]
    return {
        "domainName": name,
        "resourceRecordName": f"_{token}.{plain}.",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": f"_{token[::-1]}.validations.invalid.",
    }
