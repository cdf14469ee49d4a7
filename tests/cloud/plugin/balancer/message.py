"""HTTP/1.1 messages as they pass: heads that are read and changed, bodies that are carried as they come."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

LARGEST_HEAD: Final = 64 * 2**10  # bytes
_PIECE: Final = 64 * 2**10
# Of one connection, never of the next one.
_OF_A_CONNECTION = {"connection", "keep-alive", "proxy-connection"}


class Malformed(Exception):
    """What came is no HTTP, or ended in its middle."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The first line in its three parts, and the header fields in their order."""

    start: tuple[str, str, str]
    fields: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    async def read(cls, reader: asyncio.StreamReader, begun: bytes = b"") -> Self | None:
        """The next head; None where the other side has ended before it. Raises Malformed, or OSError.

        `begun`: what has been read of it.
        """
        try:
            raw = begun + await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                return None
            raise Malformed("the connection ended in a head") from error
        except asyncio.LimitOverrunError as error:
            raise Malformed("a head is too long") from error
        first, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        parts = first.split(" ", 2)
        if len(parts) == 2:
            parts.append("")  # a response without a reason
        if len(parts) != 3 or not all(":" in line for line in lines):
            raise Malformed(first)
        named = (line.partition(":") for line in lines)
        return cls(
            start=(parts[0], parts[1], parts[2]), fields=tuple((name, value.strip()) for name, _, value in named)
        )

    def write(self) -> bytes:
        """The same as bytes."""
        lines = [" ".join(self.start).rstrip(), *(f"{name}: {value}" for name, value in self.fields), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def get(self, name: str) -> str | None:
        """The value of a field, those of several with commas; None where it is missing."""
        found = [value for key, value in self.fields if key.lower() == name]
        return ", ".join(found) if found else None

    def change(self, *, without: Iterable[str] = (), more: Iterable[tuple[str, str]] = ()) -> Self:
        """The same without those fields, and with others at its end."""
        out = set(without)
        return replace(self, fields=(*(one for one in self.fields if one[0].lower() not in out), *more))

    def leave_connection(self, *more: tuple[str, str]) -> Self:
        """The same without what the other connection has to say of itself."""
        listed = {name.strip().lower() for name in (self.get("connection") or "").split(",")}
        return self.change(without=_OF_A_CONNECTION | (listed - {"upgrade", "te", ""}), more=more)

    @property
    def keeps(self) -> bool:
        """Whether whoever sent this keeps the connection."""
        said = (self.get("connection") or "").lower()
        version = self.start[0] if self.start[0].startswith("HTTP/") else self.start[2]
        return "keep-alive" in said if version == "HTTP/1.0" else "close" not in said


Length = int | Literal["chunked", "to the end"]


def measure_request(head: Head) -> Length:
    """The body of a request. Raises Malformed where it could be read in two ways."""
    coding, length = head.get("transfer-encoding"), head.get("content-length")
    if coding is not None:
        if length is not None or coding.lower() != "chunked":
            raise Malformed("a length that can be read in two ways")
        return "chunked"
    if length is not None and not length.isdigit():
        raise Malformed(f"a length of {length}")
    return int(length or 0)


def measure_response(head: Head, method: str) -> Length:
    """The body of the response to a request of this method."""
    status = int(head.start[1])
    if method == "HEAD" or status in (204, 304) or status < 200:
        return 0
    if "chunked" in (head.get("transfer-encoding") or "").lower():
        return "chunked"
    length = head.get("content-length")
    return int(length) if length is not None else "to the end"


class Body:
    """Carries one body. `idle`: seconds in which nothing comes before it is given up, with a TimeoutError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, idle: float) -> None:
        self._reader, self._writer, self._idle = reader, writer, idle
        self.ended = False

    async def carry(self, length: Length) -> None:
        """Carry it whole. Raises Malformed where it ends too early."""
        if length == "chunked":
            await self._carry_chunks()
        elif length == "to the end":
            while piece := await self._wait(self._reader.read(_PIECE)):
                await self._pass(piece)
        else:
            await self._carry_bytes(length)
        self.ended = True

    async def _carry_chunks(self) -> None:
        while True:
            line = await self._read_line()
            size = int(line.split(b";")[0], 16)
            await self._pass(line)
            if size == 0:
                break
            await self._carry_bytes(size + 2)
        while (line := await self._read_line()) != b"\r\n":
            await self._pass(line)
        await self._pass(line)

    async def _carry_bytes(self, count: int) -> None:
        while count:
            piece = await self._wait(self._reader.read(min(count, _PIECE)))
            if not piece:
                raise Malformed("a body ended too early")
            count -= len(piece)
            await self._pass(piece)

    async def _read_line(self) -> bytes:
        line = await self._wait(self._reader.readline())
        if not line.endswith(b"\r\n"):
            raise Malformed("a body ended too early")
        return line

    async def _wait(self, reading: "asyncio._CoroutineLike[bytes]") -> bytes:
        return await asyncio.wait_for(reading, self._idle)

    async def _pass(self, piece: bytes) -> None:
        self._writer.write(piece)
        await self._writer.drain()


def answer(status: int, reason: str, text: str = "", *, kind: str = "text/html", **more: str) -> Iterator[bytes]:
    """A response of the balancer's own, in pieces."""
    body = text.encode()
    fields = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        **{k.replace("_", "-"): v for k, v in more.items()},
    }
    yield Head(start=("HTTP/1.1", str(status), reason), fields=tuple(fields.items())).write()
    yield body
