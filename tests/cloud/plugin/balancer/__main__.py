"""The process of one load balancer: python -m tests.cloud.plugin.balancer ADDRESS ARN FOLDER

It ends when nobody wants its cloud any more.
"""

import asyncio
import functools
import ipaddress
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.cloud.plugin.balancer.message import LARGEST_HEAD
from tests.cloud.plugin.balancer.proxy import Proxy
from tests.cloud.plugin.balancer.routing import Routing
from tests.cloud.plugin.certificates import make_context
from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.owner import is_wanted
from tests.cloud.plugin.process import Order, take_orders


class Balancer:
    """Listens where the books say, and looks into them when it is asked to."""

    def __init__(self, address: str, arn: str, cloud: Cloud) -> None:
        self._address, self._arn, self._cloud = address, arn, cloud
        self._proxy = Proxy(lambda line: print(f"{time.time():.3f} {line}", flush=True))
        self._servers: dict[tuple[int, tuple[str, ...]], asyncio.Server] = {}
        self._turn = asyncio.Lock()
        self.ended = asyncio.Event()

    async def obey(self, order: Order) -> str:
        """`look` reads the books, `health` tells of the targets of a group, `end` ends the process.

        One order after the other: two listeners that are made at once would both open what either of them found shut.
        """
        async with self._turn:
            return await self._obey(order)

    async def _obey(self, order: Order) -> str:
        try:
            if "health" in order:
                return json.dumps(self._proxy.health.tell(order["health"]))
            if "end" in order:
                await self._listen(Routing())
                self.ended.set()
                return "done"
            routing = Routing.read(self._cloud, self._arn, order.get("but", ""))
            self._proxy.follow(routing)
            await self._listen(routing)
            return "done"
        except (OSError, ValueError, KeyError) as error:
            return f"{error!r}"

    async def _listen(self, routing: Routing) -> None:
        wanted = {(port, route.certificates): route for port, route in routing.routes.items()}
        # A port is free before another one listens there.
        for key in self._servers.keys() - wanted.keys():
            self._servers.pop(key).close()
        for key in wanted.keys() - self._servers.keys():
            context = make_context(self._cloud, wanted[key].certificates) if wanted[key].secure else None
            serve = functools.partial(self._serve, key[0])
            self._servers[key] = await asyncio.start_server(
                serve, self._address, key[0], ssl=context, limit=LARGEST_HEAD, backlog=1024
            )

    async def _serve(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = ipaddress.ip_address(writer.get_extra_info("peername")[0])
        networks = self._proxy.routing.openings.get(port, [])
        if any(source in ipaddress.ip_network(network) for network in networks):
            await self._proxy.serve(port, reader, writer)
        else:
            writer.transport.abort()


async def main(address: str, arn: str, folder: Path) -> None:
    """Serve until asked to end."""
    balancer = Balancer(address, arn, Cloud(folder))
    control = await take_orders(address, balancer.obey)
    while is_wanted(folder) and not balancer.ended.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(balancer.ended.wait(), 1)
    control.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
