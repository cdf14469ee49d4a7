"""Requests of one client connection after the other: chosen, passed on once, and answered."""

import asyncio
import itertools
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from tests.cloud.plugin.balancer.exchange import Exchange, Refused
from tests.cloud.plugin.balancer.health import Health
from tests.cloud.plugin.balancer.members import Member
from tests.cloud.plugin.balancer.message import Head, Malformed, answer, measure_request
from tests.cloud.plugin.balancer.routing import Group, Route, Routing, list_groups
from tests.cloud.plugin.balancer.upstream import Pool

_REASONS: Final = {
    "301": "Moved Permanently",
    "302": "Found",
    "400": "Bad Request",
    "404": "Not Found",
    "502": "Bad Gateway",
    "503": "Service Temporarily Unavailable",
    "504": "Gateway Time-out",
}


class Proxy:
    """What all connections share. `log` gets a line for each request."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self.routing = Routing()
        self.health = Health()
        self.pool = Pool(lambda: self.idle)
        self._log = log
        self._turns: dict[str, itertools.count[int]] = {}

    @property
    def idle(self) -> float:
        """Seconds without a byte before either side is given up."""
        return float(self.routing.balancer.get("idleTimeout") or 60)

    def follow(self, routing: Routing) -> None:
        """Do as the books say from now on."""
        self.routing = routing
        self.health.follow(routing.groups)
        members = [one for group in routing.groups.values() for one in group.members]
        self.pool.let_go({one.key for one in members if not one.draining}, {one.key for one in members})

    async def serve(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All requests of one client."""
        source = str(writer.get_extra_info("peername")[0])
        with suppress(OSError, TimeoutError):
            while (head := await asyncio.wait_for(self._read(reader, writer), self.idle)) is not None:
                if not await self._answer(port, source, head, reader, writer):
                    break
        writer.close()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Head | None:
        try:
            return await Head.read(reader)
        except Malformed:
            await self._send(writer, "400")
            return None

    async def _answer(
        self, port: int, source: str, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection can be used for another request."""
        method, target, _ = head.start
        reported = "-"
        try:
            route = self.routing.routes[port]
            length = measure_request(head)
            host = (head.get("host") or "").lower().partition(":")[0]
            action = route.choose(host, target.partition("?")[0], method)
            if action["type"] == "forward":
                exchange = Exchange(self, route, source, head, reader, writer)
                keeps = await exchange.run(self._choose(action), length)
                reported = exchange.reported
                return keeps
            reported = await self._act(route, action, head, writer)
            return length == 0 and head.keeps
        except (KeyError, Malformed):
            await self._send(writer, reported := "400")
            return False
        except Refused as refused:
            reported = str(refused)
            await self._send(writer, reported, close=True)
            return False
        finally:
            self._log(f'{source} {reported} "{method} {target}" {head.get("host")}')

    def _choose(self, action: Mapping[str, Any]) -> tuple[Group, Member]:
        """The target of a request. Raises Refused where there is none."""
        (id,) = list_groups(action)
        group = self.routing.groups[id]
        if not (found := self.health.choose(group)):
            raise Refused("503")
        if group.algorithm == "least_outstanding_requests":
            return group, min(found, key=self.pool.count)
        return group, found[next(self._turns.setdefault(id, itertools.count())) % len(found)]

    async def _act(self, route: Route, action: Mapping[str, Any], head: Head, writer: asyncio.StreamWriter) -> str:
        if fixed := action.get("fixedResponse"):
            reported = str(fixed.get("statusCode") or 503)
            kind, text = fixed["contentType"], fixed.get("messageBody") or ""
            await self._send(writer, reported, text, kind=kind, route=route)
            return reported
        redirect = action["redirect"]
        status = str(redirect["statusCode"]).removeprefix("HTTP_")
        path, _, query = head.start[1].partition("?")
        known = {
            "protocol": "https" if route.secure else "http",
            "host": (head.get("host") or "").partition(":")[0],
            "port": str(route.port),
            "path": path.removeprefix("/"),
            "query": query,
        }
        said = {
            "protocol": "#{protocol}",
            "host": "#{host}",
            "port": "#{port}",
            "path": "/#{path}",
            "query": "#{query}",
        }
        said |= {name: value for name, value in redirect.items() if name in said and value is not None}
        made = {name: re.sub(r"#\{(\w+)\}", lambda found: known[found[1]], text) for name, text in said.items()}
        url = f"{made['protocol'].lower()}://{made['host']}:{made['port']}{made['path']}"
        await self._send(writer, status, route=route, Location=url + (f"?{made['query']}" if made["query"] else ""))
        return status

    async def _send(
        self,
        writer: asyncio.StreamWriter,
        status: str,
        text: str = "",
        *,
        kind: str = "text/html",
        route: Route | None = None,
        close: bool = False,
        **fields: str,
    ) -> None:
        more = {"Server": "awselb/2.0"} if route is None or route.says_server else {}
        more |= {"Strict-Transport-Security": route.hsts} if route and route.secure and route.hsts else {}
        more |= {"Connection": "close"} if close or route is None else {}
        for piece in answer(int(status), _REASONS.get(status, "Unknown"), text, kind=kind, **more, **fields):
            writer.write(piece)
        await writer.drain()
