"""One request that is passed on, and its answer."""

import asyncio
import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tests.cloud.plugin.balancer.members import Member
from tests.cloud.plugin.balancer.message import Body, Head, Malformed, measure_response
from tests.cloud.plugin.balancer.routing import Group, Route
from tests.cloud.plugin.balancer.upstream import Upstream

if TYPE_CHECKING:
    from tests.cloud.plugin.balancer.proxy import Proxy

_VALID: Final = re.compile(r"[A-Za-z0-9-]+")


class Refused(Exception):
    """The balancer's own answer: a status."""


class Exchange:
    """One request that is passed on: once, whatever becomes of it."""

    def __init__(
        self,
        proxy: "Proxy",
        route: Route,
        source: str,
        head: Head,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._proxy, self._route, self._source, self._head = proxy, route, source, head
        self._reader, self._writer = reader, writer
        self.reported = "-"

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
                self.reported = f"{response.start[1]} {member.key}"
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
            self.reported += " broken off"
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
