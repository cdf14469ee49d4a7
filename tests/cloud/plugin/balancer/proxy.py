"""Requests of one client connection after the other: chosen, passed on once, and answered."""

import asyncio
import itertools
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from tests.cloud.plugin.balancer.health import Health
from tests.cloud.plugin.balancer.members import Member
from tests.cloud.plugin.balancer.message import Body, Head, Malformed, answer, measure_request, measure_response
from tests.cloud.plugin.balancer.routing import Group, Route, Routing, list_groups
from tests.cloud.plugin.balancer.upstream import Pool, Upstream

_VALID: Final = re.compile(r"[A-Za-z0-9-]+")
_REASONS: Final = {
    "301": "Moved Permanently",
    "302": "Found",
    "400": "Bad Request",
    "404": "Not Found",
    "502": "Bad Gateway",
    "503": "Service Temporarily Unavailable",
    "504": "Gateway Time-out",
}


class Refused(Exception):
    """The balancer's own answer: a status."""


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
        told = "-"
        try:
            route = self.routing.routes[port]
            length = measure_request(head)
            host = (head.get("host") or "").lower().partition(":")[0]
            action = route.choose(host, target.partition("?")[0], method)
            if action["type"] == "forward":
                exchange = Exchange(self, route, source, head, reader, writer)
                keeps = await exchange.run(self._choose(action), length)
                told = exchange.told
                return keeps
            told = await self._act(route, action, head, writer)
            return length == 0 and head.keeps
        except (KeyError, Malformed):
            await self._send(writer, told := "400")
            return False
        except Refused as refused:
            told = str(refused)
            await self._send(writer, told, close=True)
            return False
        finally:
            self._log(f'{source} {told} "{method} {target}" {head.get("host")}')

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
            told = str(fixed.get("statusCode") or 503)
            kind, text = fixed["contentType"], fixed.get("messageBody") or ""
            await self._send(writer, told, text, kind=kind, route=route)
            return told
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


class Exchange:
    """One request that is passed on: once, whatever becomes of it."""

    def __init__(
        self,
        proxy: Proxy,
        route: Route,
        source: str,
        head: Head,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._proxy, self._route, self._source, self._head = proxy, route, source, head
        self._reader, self._writer = reader, writer
        self.told = "-"

    async def run(self, chosen: tuple[Group, Member], length: int | str) -> bool:
        """Whether the client's connection can be used again. Raises Refused."""
        group, member = chosen
        try:
            upstream = await self._proxy.pool.take(member, member.port in group.open[member.address])
        except TimeoutError:
            raise Refused("504") from None
        except OSError:
            raise Refused("502") from None
        keep = False
        upload = Body(self._reader, upstream.writer, self._proxy.idle)
        try:
            upstream.writer.write(self._forward().write())
            sending = asyncio.create_task(upload.carry(length))  # type: ignore[arg-type]
            try:
                response = await self._read_response(upstream)
                self.told = f"{response.start[1]} {member.key}"
                if response.start[1] == "101":
                    await self._tunnel(upstream, response)
                    return False
                measured = measure_response(response, self._head.start[0])
                self._writer.write(self._back(response, close=measured == "to the end").write())
                download = Body(upstream.reader, self._writer, self._proxy.idle)
                await download.carry(measured)
                # Whoever answers before it has read a request does not want the rest.
                keep = upload.ended and response.keeps and measured != "to the end"
                return upload.ended and self._head.keeps and measured != "to the end"
            finally:
                sending.cancel()
                with suppress(asyncio.CancelledError, OSError, Malformed, TimeoutError):
                    await sending
        except (Malformed, OSError, TimeoutError, ValueError):
            # In the middle of an answer there is nothing left to say.
            self.told += " broken off"
            self._writer.transport.abort()
            return False
        finally:
            self._proxy.pool.give_back(upstream, keep=keep)

    async def _read_response(self, upstream: Upstream) -> Head:
        """The head of the answer; the others of the 100s pass before it. Raises Refused where there is none."""
        try:
            while True:
                head = await asyncio.wait_for(Head.read(upstream.reader), self._proxy.idle)
                if head is None or not head.start[1].isdigit():
                    raise Refused("502")
                if not head.start[1].startswith("1") or head.start[1] == "101":
                    return head
                self._writer.write(head.write())
        except TimeoutError:
            raise Refused("504") from None
        except (OSError, Malformed):
            raise Refused("502") from None

    def _forward(self) -> Head:
        """The request as the target gets it."""
        head = self._head
        if self._proxy.routing.balancer.get("dropInvalidHeaderFields"):
            out = {name.lower() for name, _ in head.fields if not _VALID.fullmatch(name)}
            head = head.change(without=out)
        before = head.get("x-forwarded-for")
        trace = head.get("x-amzn-trace-id") or f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
        own = {
            "X-Forwarded-For": f"{before}, {self._source}" if before else self._source,
            "X-Forwarded-Proto": "https" if self._route.secure else "http",
            "X-Forwarded-Port": str(self._route.port),
            "X-Amzn-Trace-Id": trace,
        }
        upgrades = [("Connection", "Upgrade")] if head.get("upgrade") else []
        passed = head.change(without={name.lower() for name in own})
        passed = passed.leave_connection(*own.items(), *upgrades)
        return Head(start=(*passed.start[:2], "HTTP/1.1"), fields=passed.fields)

    def _back(self, response: Head, *, close: bool) -> Head:
        """The answer as the client gets it."""
        more = [("Connection", "keep-alive" if self._head.keeps and not close else "close")]
        if self._route.secure and self._route.hsts:
            response = response.change(without={"strict-transport-security"})
            more.append(("Strict-Transport-Security", self._route.hsts))
        if not self._route.says_server:
            response = response.change(without={"server"})
        return response.leave_connection(*more)

    async def _tunnel(self, upstream: Upstream, response: Head) -> None:
        """After a change of the protocol: bytes in both directions."""
        self._writer.write(response.write())
        up = Body(self._reader, upstream.writer, self._proxy.idle).carry("to the end")
        down = Body(upstream.reader, self._writer, self._proxy.idle).carry("to the end")
        both = [asyncio.create_task(one) for one in (up, down)]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for one in both:
            one.cancel()
            with suppress(asyncio.CancelledError, OSError, TimeoutError):
                await one
