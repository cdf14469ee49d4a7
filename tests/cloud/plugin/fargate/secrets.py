"""Secrets of the double's cloud, as ECS reads them for a container."""

import json
import re
from collections.abc import Mapping
from typing import Final

from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.fleet_kinds import SECRET, SECRET_VERSION

# The secret, and a key of its JSON, a stage and a version: each may be missing.
_SOURCE: Final = re.compile(r"(arn:aws:secretsmanager:[^:]+:\d+:secret:[^:]+)(?::([^:]*):([^:]*):([^:]*))?")

# The newest versions that AWS keeps, labelled or not (PutSecretValue).
_KEPT: Final = 100


class Lost(Exception):
    """A secret that cannot be read, in ECS's words."""


def resolve(cloud: Cloud, source: str) -> str:
    """The value of a `valueFrom`. Raises Lost."""
    found = _SOURCE.fullmatch(source)
    if found is None:
        raise Lost(f"invalid ARN {source}")
    arn, key, stage, version = found[1], found[2], found[3], found[4]
    if stage not in (None, "", "AWSCURRENT"):
        raise Lost(f"the double knows the stage AWSCURRENT alone, and not {stage}")
    versions = {thing.id: thing for thing in cloud.things(SECRET_VERSION) if thing.inputs["secretId"] == arn}
    if cloud.find(arn, SECRET) is None or not versions:
        raise Lost(f"ResourceNotFoundException: Secrets Manager can't find the specified secret: {arn}")
    # The journal knows the order.
    order = [line["id"] for line in cloud.journal() if line["what"] == "create" and line["id"] in versions]
    if version:
        chosen = next((one for one in versions.values() if one.outputs["versionId"] == version), None)
        if chosen is None:
            raise Lost(f"ResourceNotFoundException: {arn} has no version {version}")
        # After two newer ones it has no label any more, and AWS may delete it once there are so many; here it does.
        if len(order) - 1 - order.index(chosen.id) >= _KEPT:
            raise Lost(f"ResourceNotFoundException: {arn}: {_KEPT} versions are newer than {version}")
    else:
        # The newest is the current one.
        chosen = versions[order[-1]]
    return _read(chosen, key)


def _read(version: Thing, key: str | None) -> str:
    text = str(version.inputs.get("secretString") or "")
    if not key:
        return text
    try:
        values: Mapping[str, object] = json.loads(text)
        return str(values[key])
    except (ValueError, KeyError, TypeError):
        raise Lost(f"retrieved secret from Secrets Manager did not contain json key {key}") from None


def forget(cloud: Cloud, secret: Thing) -> None:
    """A secret that is deleted takes its versions along, and keeps its name unless it has no recovery window."""
    for version in cloud.things(SECRET_VERSION):
        if version.inputs["secretId"] == secret.id:
            cloud.remove(version)
    if secret.inputs.get("recoveryWindowInDays", 30) != 0:
        with (cloud.folder / "secret-names").open("a") as file:
            file.write(f"{secret.inputs['name']}\n")


def is_taken(cloud: Cloud, name: str) -> bool:
    """Whether a deleted secret still has this name."""
    file = cloud.folder / "secret-names"
    return file.is_file() and name in file.read_text().splitlines()
