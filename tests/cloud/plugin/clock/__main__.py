"""The process of one schedule: python -m tests.cloud.plugin.clock ID FOLDER

It ends when nobody wants its cloud any more; a task that runs then ends first.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import docker

from portico.config.settings import Settings
from tests.cloud.plugin.clock.runs import note_run
from tests.cloud.plugin.clock.times import list_times
from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.admission import Admission
from tests.cloud.plugin.fargate.permission import find_unstartable
from tests.cloud.plugin.fargate.places import Places
from tests.cloud.plugin.fargate.status import name_process
from tests.cloud.plugin.fargate.task import Plan, RunningTask
from tests.cloud.plugin.fleet_kinds import DEFINITION, SCHEDULE
from tests.cloud.plugin.owner import LABEL, is_wanted, name_owner
from tests.cloud.plugin.process import Order, take_orders
from tests.cloud.plugin.registry import USER, read_password

_PAUSE = 0.3  # seconds between two looks


class Clock:
    """One schedule. Its methods are called from one thread at a time."""

    def __init__(self, cloud: Cloud, id: str) -> None:
        self._cloud, self._id = cloud, id
        self._engine = docker.from_env()
        self._places = Places(cloud, self._engine)
        self._running: list[RunningTask] = []
        self._asked = ""
        self._due: Iterator[datetime] = iter(())
        self._next: datetime | None = None
        self._pulled: set[str] = set()

    def look(self) -> None:
        """Start what is due, and note what has ended."""
        thing = self._cloud.find(self._id, SCHEDULE)
        if thing is None:
            return
        given = thing.inputs
        asked = f"{given['scheduleExpression']} {given.get('scheduleExpressionTimezone') or 'UTC'}"
        if asked != self._asked:
            zone = given.get("scheduleExpressionTimezone") or "UTC"
            self._asked, self._due = asked, list_times(given["scheduleExpression"], zone, datetime.now(UTC))
            self._next = next(self._due, None)
        for task in [one for one in self._running if one.status == "STOPPED"]:
            task.join()
            self._running.remove(task)
            self._pulled |= task.pulled
            note_run(self._cloud, thing, task.id, task.reason)
        if self._next and datetime.now(UTC) >= self._next:
            self._next = next(self._due, None)
            self._start(given["target"])

    def end(self) -> None:
        """No task begins any more; those that run may end."""
        for task in self._running:
            task.join()
            self._pulled |= task.pulled
        for image in self._pulled:
            with suppress(docker.errors.APIError):
                self._engine.images.remove(image)
        with suppress(docker.errors.APIError, OSError):
            self._places.close()

    def _start(self, target: dict[str, object]) -> None:
        wanted = target["ecsParameters"]
        assert isinstance(wanted, dict)
        definition = self._cloud.find(str(wanted["taskDefinitionArn"]), DEFINITION)
        assert definition is not None  # the plugin takes no reference to what is not there
        if denied := list(find_unstartable(self._cloud, str(target["roleArn"]), definition)):
            print(f"not allowed: {'; '.join(denied)}", flush=True)
            return
        network = wanted["networkConfiguration"]
        admission = Admission(self._cloud, definition.inputs, network)
        logs = self._cloud.folder / "logs"
        logs.mkdir(exist_ok=True)
        plan = Plan(
            inputs=definition.inputs,
            network=self._places.open(network["subnets"][0]),
            labels={LABEL: name_owner(self._cloud.folder), f"{LABEL}.schedule": self._id.rpartition("_")[2]},
            logs=logs,
            keeper=str(Settings.model_fields["nginx_image"].default),
            credentials={"username": USER, "password": read_password(self._cloud)},
            admit=admission.admit,
            open_folders=admission.open_folders,
            list_ways=admission.list_ways,
            resolve=admission.resolve,
        )
        task = RunningTask(self._engine, plan, lambda _: None)
        task.start()
        self._running.append(task)


async def main(id: str, folder: Path) -> None:
    """Keep the times until asked to end."""
    cloud, ended = Cloud(folder), asyncio.Event()
    clock = Clock(cloud, id)

    async def obey(_: Order) -> str:
        ended.set()
        return "done"

    control = await take_orders(name_process(cloud, id), obey)
    while is_wanted(folder) and not ended.is_set():
        try:
            await asyncio.to_thread(clock.look)
        except (OSError, ValueError, docker.errors.DockerException) as error:
            print(f"{error!r}", flush=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), _PAUSE)
    await asyncio.to_thread(clock.end)
    control.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
