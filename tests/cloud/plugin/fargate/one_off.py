"""A task that nobody keeps running: python -m tests.cloud.plugin.fargate.one_off ARN FOLDER

It ends with its command, when it is asked to, or when nobody wants its cloud any more.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import docker.errors

from portico.config.settings import Settings
from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.admission import Admission
from tests.cloud.plugin.fargate.definition import read
from tests.cloud.plugin.fargate.places import Places
from tests.cloud.plugin.fargate.status import name_process
from tests.cloud.plugin.fargate.task import Plan, RunningTask
from tests.cloud.plugin.fargate.tasks import list_tasks, write_task
from tests.cloud.plugin.fleet_kinds import DEFINITION
from tests.cloud.plugin.owner import LABEL, is_wanted, name_owner
from tests.cloud.plugin.process import Order, take_orders
from tests.cloud.plugin.registry import USER, read_password

_PAUSE = 0.2  # seconds between two looks


def _make(cloud: Cloud, places: Places, reported: dict[str, Any]) -> RunningTask:
    definition = cloud.find(reported["taskDefinitionArn"], DEFINITION)
    assert definition is not None  # it was looked for before
    commands = reported["overrides"]
    containers = [
        {**one, **({"command": commands[one["name"]]} if one["name"] in commands else {})}
        for one in read(definition.inputs)
    ]
    inputs = {**definition.inputs, "containerDefinitions": json.dumps(containers)}
    admission = Admission(cloud, definition.inputs, reported["network"])
    logs = cloud.folder / "logs"
    logs.mkdir(exist_ok=True)
    plan = Plan(
        inputs=inputs,
        network=places.open(reported["network"]["subnets"][0]),
        labels={LABEL: name_owner(cloud.folder)},
        logs=logs,
        keeper=str(Settings.model_fields["nginx_image"].default),
        credentials={"username": USER, "password": read_password(cloud)},
        admit=admission.admit,
        open_folders=admission.open_folders,
        list_ways=admission.list_ways,
        resolve=admission.resolve,
    )
    return RunningTask(docker.from_env(), plan, lambda _: None, reported["taskArn"].rpartition("/")[2])


async def main(arn: str, folder: Path) -> None:
    """Run it to its end."""
    cloud, engine = Cloud(folder), docker.from_env()
    (reported,) = [one for one in list_tasks(cloud) if one["taskArn"] == arn]
    places = Places(cloud, engine)
    try:
        task = _make(cloud, places, reported)
    except ValueError as error:
        # As of a task that AWS cannot place.
        end = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stoppedAt": time.time()}
        write_task(cloud, {**reported, **end, "stoppedReason": f"ResourceInitializationError: {error}"})
        return

    async def obey(order: Order) -> str:
        if "stop" in order:
            task.stop(order["stop"])
        return "done"

    control = await take_orders(name_process(cloud, arn), obey)
    task.start()
    while is_wanted(folder) and task.status != "STOPPED":
        seen = {**reported, "lastStatus": task.status}
        if task.status == "RUNNING":
            seen.setdefault("startedAt", time.time())
        if task.reported:
            seen["desiredStatus"] = "STOPPED"
        if seen != reported:
            reported = seen
            write_task(cloud, reported)
        await asyncio.sleep(_PAUSE)
    task.stop("nobody wants it any more")
    await asyncio.to_thread(task.join)
    if is_wanted(folder):
        containers = [
            {**one, **({"exitCode": task.codes[one["name"]]} if one["name"] in task.codes else {})}
            for one in reported["containers"]
        ]
        # As AWS says it, without the name and the code.
        reason = "Essential container in task exited" if task.reason.startswith("Essential") else task.reason
        end = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stoppedAt": time.time(), "stoppedReason": reason}
        begun = {} if "startedAt" in reported or not task.ran else {"startedAt": time.time()}
        write_task(cloud, {**reported, **begun, **end, "containers": containers})
    for image in task.pulled:
        with suppress(docker.errors.APIError):
            engine.images.remove(image)
    with suppress(docker.errors.APIError, OSError):
        places.close()
    control.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
