"""What a service says of itself: a file that its process writes, and whoever waits for it reads."""

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

from tests.cloud.plugin.cloud import Cloud


def write(cloud: Cloud, arn: str, **status: Any) -> None:
    """Replace it."""
    file = _file(cloud, arn)
    text = json.dumps(status, indent=1)
    if not file.exists() or file.read_text() != text:
        new = file.with_suffix(f".{secrets.token_hex(4)}")
        new.write_text(text)
        new.replace(file)


def read(cloud: Cloud, arn: str) -> dict[str, Any]:
    """The last one; a service that has said nothing yet has no deployments."""
    file = _file(cloud, arn)
    empty: dict[str, Any] = {"deployments": [], "tasks": [], "outcomes": {}, "events": []}
    return empty | (json.loads(file.read_text()) if file.exists() else {})


def list_other_tasks(cloud: Cloud, arn: str) -> list[dict[str, Any]]:
    """The tasks of all services but this one."""
    own = _file(cloud, arn)
    return [
        task
        for file in own.parent.glob("*.json")
        if file != own
        for task in json.loads(file.read_text()).get("tasks", [])
    ]


def remove(cloud: Cloud, arn: str) -> None:
    _file(cloud, arn).unlink(missing_ok=True)


def name_process(cloud: Cloud, arn: str) -> str:
    """Its process, by a name that no service of another cloud has."""
    return f"{cloud.folder} {arn}"


def _file(cloud: Cloud, arn: str) -> Path:
    folder = cloud.folder / "services"
    folder.mkdir(exist_ok=True)
    return folder / f"{arn.rpartition('/')[2]}-{hashlib.sha256(arn.encode()).hexdigest()[:8]}.json"
