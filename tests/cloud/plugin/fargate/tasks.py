"""What is reported of the tasks that were started by hand, and how one begins."""

import json
import os
import secrets
import time
from typing import Any

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.status import name_process
from tests.cloud.plugin.machines import PAPER
from tests.cloud.plugin.process import start, tell


def begin(cloud: Cloud, reported: dict[str, Any]) -> None:
    """Start the task that is described so; on paper it has ended well already."""
    if os.environ.get(PAPER):
        now = time.time()
        containers = [{**one, "exitCode": 0} for one in reported["containers"]]
        end = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "startedAt": now, "stoppedAt": now}
        write_task(cloud, {**reported, **end, "containers": containers})
        return
    write_task(cloud, reported)
    start("fargate.one_off", cloud.folder, f"task-{reported['taskArn'].rpartition('/')[2]}", reported["taskArn"])
    tell(name_process(cloud, reported["taskArn"]), {"look": True}, wait=20)


def list_tasks(cloud: Cloud) -> list[dict[str, Any]]:
    """All of them as AWS describes them, with what they were started with, the oldest first."""
    folder = cloud.folder / "tasks"
    found = [json.loads(file.read_text()) for file in folder.glob("*.json")] if folder.is_dir() else []
    return sorted(found, key=lambda one: one["createdAt"])


def write_task(cloud: Cloud, reported: dict[str, Any]) -> None:
    """Replace what is reported of one."""
    folder = cloud.folder / "tasks"
    folder.mkdir(exist_ok=True)
    file = folder / f"{reported['taskArn'].rpartition('/')[2]}.json"
    new = file.with_suffix(f".{secrets.token_hex(4)}")
    new.write_text(json.dumps(reported, indent=1))
    new.replace(file)
