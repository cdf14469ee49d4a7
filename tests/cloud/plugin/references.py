"""Who refers to whom: AWS takes no reference to what does not exist, and deletes nothing that is still in use."""

import re
from collections.abc import Iterator
from typing import Any

from tests.cloud.plugin.cloud import ACCOUNT, Cloud, Thing
from tests.cloud.plugin.fleet_kinds import BUCKET, CLUSTER, DEFINITION, REPOSITORY
from tests.cloud.plugin.kinds import KINDS, PROFILE, ROLE
from tests.cloud.plugin.service_kinds import CACHE_SUBNETS, DATABASE_SUBNETS

_PREFIXES = "|".join(sorted({kind.prefix for kind in KINDS.values() if kind.prefix}))
_ID = re.compile(rf"(?:{_PREFIXES})-[0-9a-f]{{17}}")
_OURS = re.compile(rf"arn:aws:[a-z0-9-]+:[a-z0-9-]*:{ACCOUNT}:.+")
# Properties that hold a name instead.
_NAMES = {
    "bucket": BUCKET,
    "clusterName": CLUSTER,
    "iamInstanceProfile": PROFILE,
    "keyName": "aws:ec2/keyPair:KeyPair",
    "repository": REPOSITORY,
    "role": ROLE,
    "dbSubnetGroupName": DATABASE_SUBNETS,
    "subnetGroupName": CACHE_SUBNETS,
}


def find_missing(cloud: Cloud, thing: Thing) -> Iterator[str]:
    """Whom this thing refers to, and it is not there."""
    ids, arns, names = _list_present(cloud)
    for path, value in _walk("", thing.inputs):
        named = _NAMES.get(path)
        wrong = (
            (_ID.fullmatch(value) and value not in ids)
            or (_OURS.fullmatch(value) and value.removesuffix(":*") not in arns)
            or (named and thing.type != named and (named, value) not in names)
        )
        if wrong:
            yield f"{path}: {value} does not exist"


def list_users(cloud: Cloud, thing: Thing) -> list[str]:
    """The names of those that refer to this thing; definitions of tasks hold nothing back."""
    known = {thing.id, thing.outputs.get("arn", thing.id)}
    return [
        other.name
        for other in cloud.things()
        if (other.type, other.id) != (thing.type, thing.id) and other.type != DEFINITION
        for path, value in _walk("", other.inputs)
        if value in known and (_ID.fullmatch(value) or _OURS.fullmatch(value) or _NAMES.get(path) == thing.type)
    ]


def _list_present(cloud: Cloud) -> tuple[set[str], set[str], set[tuple[str, str]]]:
    things = cloud.things()
    made_along = {str(value) for thing in things for key, value in thing.outputs.items() if key.startswith("default")}
    return (
        {thing.id for thing in things} | made_along,
        {str(thing.outputs["arn"]) for thing in things if "arn" in thing.outputs},
        {(thing.type, str(thing.inputs.get("name") or thing.inputs.get("keyName") or thing.id)) for thing in things},
    )


def _walk(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """All texts of an object, each with the name of its property."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _walk(name, one)
    elif isinstance(value, list):
        for one in value:
            yield from _walk(path, one)
    elif isinstance(value, str):
        yield path, value
