"""The inputs of one planned resource, each of which must be sent somewhere."""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import count
from typing import Any

import boto3
from botocore.model import OperationModel

from tests.cloud.replay.texts import refuse

Tags = list[dict[str, str]]
_NUMBERS = count(1)


class Given:
    """Inputs, taken one by one. `region` is that of the provider, `name` that of the resource in the program."""

    def __init__(self, inputs: Mapping[str, Any], region: str, name: str) -> None:
        self._inputs = dict(inputs)
        self._name = name
        self.region = region

    def take(self, name: str, otherwise: Any = None) -> Any:
        """One input, which is used up then."""
        return self._inputs.pop(name, otherwise)

    def has(self, name: str) -> bool:
        """Whether that input is there."""
        return name in self._inputs

    def peek(self, name: str) -> Any:
        """One input, which is not used up."""
        return self._inputs[name]

    def pass_on(self, *names: str) -> dict[str, Any]:
        """Inputs as parameters of a call that has the very same names; those that are there."""
        return {name: self._inputs.pop(name) for name in names if name in self._inputs}

    def send(self, *names: str) -> dict[str, Any]:
        """Inputs as parameters of a call, which has the same names with a capital letter; those that are there."""
        return {_capital(name): capitals(self._inputs.pop(name)) for name in names if name in self._inputs}

    def tag(self, kind: str) -> list[dict[str, Any]]:
        """The tags, as EC2 takes them with what they are for."""
        return [{"ResourceType": kind, "Tags": list_tags(self.take("tags", {}))}]

    def name(self) -> str:
        """The name, or one that nobody else has, as the plugin would make it up: seven digits after the resource's."""
        return str(self.take("name") or f"{self._name}-{next(_NUMBERS):07x}")

    def list_left(self) -> list[str]:
        """What nobody has used."""
        return sorted(self._inputs)

    def client(self, service: str) -> Any:
        """Who calls that service."""
        return call(service, self.region)


# Every call that was made in this process, as IAM's policies name it: ec2:CreateVpc.
CALLED: set[str] = set()
_SERVICES = {"monitoring": "cloudwatch"}
# Actions that are not named as the call is.
_ACTIONS = {
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}


def _note(model: OperationModel, **_: Any) -> None:
    service = model.service_model.signing_name
    action = f"{_SERVICES.get(service, service)}:{model.name}"
    CALLED.add(_ACTIONS.get(action, action))


@cache
def call(service: str, region: str) -> Any:
    """Who calls that service, with keys that nobody else takes. Made once: that takes longer than all its calls."""
    client = boto3.client(service, region_name=region, aws_access_key_id="testing", aws_secret_access_key="testing")
    client.meta.events.register("before-parameter-build.*.*", refuse)
    client.meta.events.register("before-parameter-build.*.*", _note)
    return client


def capitals(value: Any) -> Any:
    """A value with its keys as AWS's calls name them."""
    if isinstance(value, Mapping):
        return {_capital(key): capitals(inner) for key, inner in value.items()}
    return [capitals(inner) for inner in value] if isinstance(value, list) else value


def list_tags(tags: Mapping[str, str]) -> Tags:
    """Tags as most of AWS's calls take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def without_empty(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Parameters that are given."""
    return {key: value for key, value in items if value not in (None, "", [], {})}


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
