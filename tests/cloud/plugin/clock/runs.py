"""What schedules have started: a line for each task that has ended."""

import json
import time
from typing import Any

from tests.cloud.plugin.cloud import Cloud, Thing


def note_run(cloud: Cloud, schedule: Thing, task: str, reason: str) -> None:
    """Write down that a task of a schedule has ended, and why."""
    line = {"at": time.time(), "schedule": schedule.name, "task": task, "reason": reason}
    with (cloud.folder / "runs.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def list_runs(cloud: Cloud) -> list[dict[str, Any]]:
    """All of them, oldest first."""
    file = cloud.folder / "runs.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
