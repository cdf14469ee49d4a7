"""The process of one service: python -m tests.cloud.plugin.fargate ARN FOLDER

It ends when nobody wants its cloud any more, and its tasks with it.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import docker
import docker.errors

from portico.config.settings import Settings
from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.fargate.service import Service
from tests.cloud.plugin.fargate.status import name_process
from tests.cloud.plugin.owner import is_wanted
from tests.cloud.plugin.process import Order, take_orders

_PAUSE = 0.3  # seconds between two looks
_CALM_PAUSE = 1.0  # seconds, while nothing is under way


async def main(arn: str, folder: Path) -> None:
    """Serve until asked to end."""
    cloud = Cloud(folder)
    # An image that is on this machine in any case.
    keeper = str(Settings.model_fields["nginx_image"].default)
    service = Service(cloud, docker.from_env(), arn, keeper)
    turn, ended = asyncio.Lock(), asyncio.Event()

    async def obey(order: Order) -> str:
        async with turn:
            if "deploy" in order:
                return await asyncio.to_thread(service.deploy)
            await asyncio.to_thread(service.end)
            ended.set()
            return "done"

    control = await take_orders(name_process(cloud, arn), obey)
    while is_wanted(folder) and not ended.is_set():
        async with turn:
            if not ended.is_set():
                try:
                    await asyncio.to_thread(service.look)
                except (OSError, ValueError, docker.errors.DockerException) as error:
                    print(f"{error!r}", flush=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), _CALM_PAUSE if service.calm else _PAUSE)
    if not ended.is_set():
        await asyncio.to_thread(service.end)
    control.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
