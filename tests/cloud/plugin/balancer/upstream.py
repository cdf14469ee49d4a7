"""Connections to targets: kept after an answer, used again, closed when they were idle for too long."""

import asyncio
from collections.abc import Callable
from typing import Final

from tests.cloud.plugin.balancer.members import Member

_CONNECT: Final = 10.0  # seconds


class Upstream:
    """One connection to a target."""

    def __init__(self, member: Member, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.member, self.reader, self.writer = member, reader, writer
        self.timer: asyncio.TimerHandle | None = None

    @property
    def ended(self) -> bool:
        """Whether the target has hung up, as far as that has arrived here."""
        return self.reader.at_eof() or self.writer.is_closing() or self.reader.exception() is not None

    def close(self) -> None:
        if self.timer:
            self.timer.cancel()
        self.writer.transport.abort()


class Pool:
    """All connections to all targets. `idle`: seconds after which an unused one is closed."""

    def __init__(self, idle: Callable[[], float]) -> None:
        self._idle_seconds = idle
        self._idle: dict[str, list[Upstream]] = {}
        self._busy: set[Upstream] = set()

    async def take(self, member: Member, reachable: bool) -> Upstream:
        """A connection for one request. Raises OSError, or TimeoutError."""
        waiting = self._idle.get(member.key, [])
        while waiting:
            found = waiting.pop()
            if not found.ended:
                if found.timer:
                    found.timer.cancel()
                self._busy.add(found)
                return found
            found.close()
        async with asyncio.timeout(_CONNECT):
            if not reachable:
                await asyncio.sleep(_CONNECT + 1)
            reader, writer = await asyncio.open_connection(member.address, member.port)
        new = Upstream(member, reader, writer)
        self._busy.add(new)
        return new

    def give_back(self, used: Upstream, *, keep: bool) -> None:
        """After its request."""
        self._busy.discard(used)
        if keep and not used.ended:
            used.timer = asyncio.get_running_loop().call_later(self._idle_seconds(), self._drop, used)
            self._idle.setdefault(used.member.key, []).append(used)
        else:
            used.close()

    def count(self, member: Member) -> int:
        """How many requests a target has at the moment."""
        return sum(one.member.key == member.key for one in self._busy)

    def let_go(self, kept: set[str], known: set[str]) -> None:
        """Keep idle connections to `kept` alone, and of those in use what leads to `known`."""
        for key in self._idle.keys() - kept:
            for one in self._idle.pop(key):
                one.close()
        for one in [one for one in self._busy if one.member.key not in known]:
            one.close()

    def _drop(self, one: Upstream) -> None:
        if one in (waiting := self._idle.get(one.member.key, [])):
            waiting.remove(one)
        one.close()
