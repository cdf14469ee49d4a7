"""The process behind one public address: python -m tests.cloud.plugin.forwarder ADDRESS FOLDER

It ends when nobody wants its cloud any more, so that nothing is left of a test that was killed.
"""

import asyncio
import functools
import ipaddress
import sys
from contextlib import suppress
from pathlib import Path

from tests.cloud.plugin.owner import is_wanted
from tests.cloud.plugin.process import Order, take_orders


class Forwarder:
    """Listens on the open ports, and carries each connection to the target that is the right one when it begins."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._target = ""
        self._openings: dict[int, list[str]] = {}
        self._servers: dict[int, asyncio.Server] = {}
        self.ended = asyncio.Event()
        self.control: asyncio.Server

    async def obey(self, order: Order) -> str:
        """Take one order: a target and its open ports, or none."""
        try:
            if order is None:
                # Nobody is to reach a process that is about to end.
                self.control.close()
                await self._listen(set())
                self.ended.set()
            else:
                openings = {int(port): networks for port, networks in order["openings"].items()}
                await self._listen(set(openings))
                # Both at once, without a pause between: no connection sees one without the other.
                self._target, self._openings = order["target"], openings
            return "done"
        except OSError as error:
            return str(error)

    async def _listen(self, ports: set[int]) -> None:
        for port in ports - self._servers.keys():
            carry = functools.partial(self._carry, port)
            self._servers[port] = await asyncio.start_server(carry, self._address, port, backlog=512)
        for port in self._servers.keys() - ports:
            self._servers.pop(port).close()

    async def _carry(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = ipaddress.ip_address(writer.get_extra_info("peername")[0])
        if not any(source in ipaddress.ip_network(network) for network in self._openings.get(port, [])):
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(self._target, port)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(_pump(reader, back), _pump(there, writer))
        for one in (back, writer):
            one.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction to its end; where one side breaks off, so does the other."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
    except OSError:
        writer.transport.abort()


async def forward(address: str, folder: Path) -> None:
    """Serve until asked to end."""
    forwarder = Forwarder(address)
    forwarder.control = await take_orders(address, forwarder.obey)
    while is_wanted(folder) and not forwarder.ended.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(forwarder.ended.wait(), 1)


if __name__ == "__main__":
    asyncio.run(forward(sys.argv[1], Path(sys.argv[2])))
