"""What AWS and a registry would answer about the things that ECS needs, for the recorder."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-central-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
# A login to the registry: a secret like any other.
TOKEN = "eyJwYXlsb2FkIjoi-a-token"

State = dict[str, Any]


def digest(name: str) -> str:
    """The digest that the registry has for the image of that name."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def _prove(inputs: State) -> list[State]:
    names = [inputs["domainName"], *inputs.get("subjectAlternativeNames", [])]
    return [
        {
            "domainName": name,
            "resourceRecordName": f"_proof.{name.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_{len(name.removeprefix('*.'))}.acm-validations.aws.",
        }
        for name in names
    ]


# By type: what is reported besides the inputs, from the name and those.
ANSWERS: Mapping[str, Callable[[str, State], State]] = {
    "aws:acm/certificate:Certificate": lambda name, inputs: {"domainValidationOptions": _prove(inputs)},
    "aws:ec2/vpc:Vpc": lambda name, inputs: {"ownerId": ACCOUNT},
    "aws:ecr/repository:Repository": lambda name, inputs: {"repositoryUrl": f"{HOST}/{inputs.get('name', name)}"},
    "aws:ecs/taskDefinition:TaskDefinition": lambda name, inputs: {
        "arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{inputs['family']}:2",
        "arnWithoutRevision": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{inputs['family']}",
    },
    "aws:elasticache/replicationGroup:ReplicationGroup": lambda name, inputs: {
        "primaryEndpointAddress": f"master.{inputs['replicationGroupId']}.example.cache.amazonaws.com"
    },
    "aws:lb/loadBalancer:LoadBalancer": lambda name, inputs: {
        "arnSuffix": f"app/{name}/0123",
        "dnsName": f"{name}.{REGION}.elb.amazonaws.com",
        "zoneId": "Z215JYRZR1TBD5",
    },
    "aws:lb/targetGroup:TargetGroup": lambda name, inputs: {"arnSuffix": f"targetgroup/{name}/4567"},
    "aws:rds/instance:Instance": lambda name, inputs: {
        "address": f"{inputs['identifier']}.example.{REGION}.rds.amazonaws.com"
    },
    "aws:route53/record:Record": lambda name, inputs: {"fqdn": inputs["name"]},
    "aws:s3/bucket:Bucket": lambda name, inputs: {"bucket": f"{name}-0123456"},
    "aws:secretsmanager/secretVersion:SecretVersion": lambda name, inputs: {"versionId": "v-1"},
    "docker:index/registryImage:RegistryImage": lambda name, inputs: {"sha256Digest": digest(inputs["name"])},
}


def log_in() -> State:
    """The answer to who asks for a login."""
    return {
        "id": REGION,
        "region": REGION,
        "authorizationToken": TOKEN,
        "expiresAt": "2030-01-01T00:00:00Z",
        "proxyEndpoint": f"https://{HOST}",
        "userName": "AWS",
        "password": TOKEN,
    }


def list_images(repository: str, pushed: Mapping[str, Mapping[str, str]]) -> State:
    """The answer to who asks for the images of a repository: {repository: {tag: digest}}."""
    found = [{"imageTag": tag, "imageDigest": known} for tag, known in pushed[repository].items()]
    return {"id": repository, "region": REGION, "repositoryName": repository, "imageIds": found}
