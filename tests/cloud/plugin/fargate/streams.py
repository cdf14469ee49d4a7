"""The streams of CloudWatch: what containers of tasks have written, also of those that are gone."""

import re
from datetime import datetime
from typing import Any

import docker
import docker.errors

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.definition import read
from tests.cloud.plugin.fleet_kinds import DEFINITION
from tests.cloud.plugin.owner import LABEL, name_owner

_NAME = re.compile(r"([0-9a-f]{32})-(.+)")


def list_streams(cloud: Cloud, group: str) -> dict[str, float]:
    """{site/container/task: when something was written last}, of one group."""
    prefixes = {
        one["name"]: one["logConfiguration"]["options"]["awslogs-stream-prefix"]
        for definition in cloud.things(DEFINITION)
        for one in read(definition.inputs)
        if one["logConfiguration"]["options"]["awslogs-group"] == group
    }
    logs = cloud.folder / "logs"
    found = {file.stem: file.stat().st_mtime for file in logs.glob("*.log")} if logs.is_dir() else {}
    engine = docker.from_env()
    label = f"{LABEL}={name_owner(cloud.folder)}"
    for one in engine.containers.list(all=True, filters={"label": label}, ignore_removed=True):
        if not one.attrs["State"]["StartedAt"].startswith("0001"):
            found[str(one.name)] = float("inf")
    engine.close()
    streams = {}
    for name, at in found.items():
        if (parts := _NAME.fullmatch(name)) and parts[2] in prefixes:
            streams[f"{prefixes[parts[2]]}/{parts[2]}/{parts[1]}"] = at
    return streams


def read_events(cloud: Cloud, stream: str) -> list[dict[str, Any]]:
    """Its lines as CloudWatch tells them; of a container that is gone, all with the time of its end."""
    _, container, task = stream.split("/")
    engine = docker.from_env()
    try:
        text = engine.containers.get(f"{task}-{container}").logs(timestamps=True).decode()
        split = [line.partition(" ") for line in text.splitlines()]
        return [{"timestamp": int(_read_time(at) * 1000), "message": said} for at, _, said in split]
    except docker.errors.NotFound:
        file = cloud.folder / "logs" / f"{task}-{container}.log"
        at = int(file.stat().st_mtime * 1000)
        return [{"timestamp": at, "message": line} for line in file.read_text().splitlines()]
    finally:
        engine.close()


def _read_time(text: str) -> float:
    # Docker counts nanoseconds, which Python does not read.
    return datetime.fromisoformat(f"{text[:26]}+00:00").timestamp()
