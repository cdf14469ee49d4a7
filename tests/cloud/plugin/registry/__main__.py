"""The process of a cloud's registry: python -m tests.cloud.plugin.registry ADDRESS:PORT FOLDER

Debian's docker-registry, and before it what ECR adds: who may ask, which repositories there are, tags that stay.
It ends when nobody wants its cloud any more, and the registry behind it with it.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.owner import is_wanted
from tests.cloud.plugin.process import Order, take_orders
from tests.cloud.plugin.registry import PROGRAM, find_images
from tests.cloud.plugin.registry.front import LARGEST, Front

_CONFIG = """
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: "{images}"}}
  delete: {{enabled: false}}
http:
  addr: "{address}:{port}"
  relativeurls: true
"""


async def main(place: str, folder: Path) -> None:
    """Serve until asked to end."""
    cloud = Cloud(folder)
    address, _, port = place.partition(":")
    behind = int(port) + 1
    config = folder / "registry.yml"
    config.write_text(_CONFIG.format(images=find_images(cloud), address=address, port=behind))
    # It ends with this process, whatever ends that.
    process = await asyncio.create_subprocess_exec("setpriv", "--pdeathsig", "KILL", PROGRAM, "serve", str(config))
    front = Front(cloud, address, behind)
    ended = asyncio.Event()

    async def obey(order: Order) -> str:
        if "end" in order:
            ended.set()
            return "done"
        return "done" if await front.wait(process) else f"{PROGRAM} ended with {process.returncode}"

    server = await asyncio.start_server(front.serve, address, int(port), limit=LARGEST)
    control = await take_orders(place, obey)
    while is_wanted(folder) and not ended.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), 1)
    control.close()
    server.close()
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
