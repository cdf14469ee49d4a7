"""How NGINX, the edge, runs."""

import re
from collections.abc import Iterator
from typing import Final, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from portico.config.settings.quantity import Duration, Size
from portico.config.settings.section import Section
from portico.config.settings.text import NginxVersion

# What NGINX needs beside the bodies that it collects: for answers that are kept, which lie in memory too, and for
# itself.
ANSWERS: Final = Size.parse("64M")
BESIDES: Final = Size(ANSWERS.amount + Size.parse("96M").amount)
# Longer heads than these need buffers of their own. A client may fill so many buffers with its headers.
REQUEST_HEADER: Final = Size.parse("8K")
ANSWER_HEADERS: Final = Size.parse("16K")
HEADER_BUFFERS: Final = 4
# How many sites collect bodies, each in a store of its own, without another container for one more.
_FIRST_STORES: Final = 4


class Gzip(Section):
    """Compression."""

    level: int = Field(default=5, ge=0, le=9, description="Effort for answers of the application; 0 compresses none.")
    types: Literal["text", "html"] = Field(
        default="text", description="What is compressed: all texts, or HTML alone as NGINX does by itself."
    )
    static: bool = Field(
        default=True, description="Compress static files when the release is made, not when they are asked for."
    )


class Nginx(Section):
    """The edge's processes, connections, logs and limits."""

    version: NginxVersion | None = Field(
        default=None,
        description="The version that is written for, where the image's tag does not tell it.",
    )
    workers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Worker processes: one a core that the edge may use (`auto` would count the host's).",
    )
    connections: int = Field(default=1024, ge=64, le=65535, description="Connections each worker holds at once.")
    keepalive: Duration = Field(
        default=Duration.parse("65s"), description="How long an idle client connection stays open."
    )
    client_timeout: Duration = Field(
        default=Duration.parse("15s"),
        description="How long a client may take for its headers, or be silent in a body or an answer.",
    )
    upstream_connections: int = Field(
        default=32, ge=0, le=1024, description="Idle connections to Gunicorn that each worker keeps; 0 for none."
    )
    request_header: Size = Field(
        default=REQUEST_HEADER,
        description="The longest request line and the longest header of a request, such as its cookies, 4K to 64K; "
        "longer ones get 414 and 431.",
    )
    answer_headers: Size = Field(
        default=ANSWER_HEADERS,
        description="The most that all headers of an answer take together, 4K to 32K; with more, it is 502.",
    )
    default_type: Literal["application/octet-stream", "text/html", "text/plain"] = Field(
        default="application/octet-stream",
        description="What a file of unknown ending is: with text/html a browser runs whatever was uploaded.",
    )
    log_format: Literal["main", "json"] = Field(
        default="main", description="The access log: NGINX's usual line, or JSON with request id and upstream times."
    )
    log_level: Literal["debug", "info", "notice", "warn", "error", "crit"] = Field(
        default="warn", description="What the error log tells."
    )
    gzip: Gzip = Field(default_factory=Gzip, description="How answers and files are compressed.")
    memory: Size = Field(
        default=Size.parse("256M"),
        description="Memory limit of the edge before one site; on Docker each further site adds `uploads`.",
    )
    handover: bool | None = Field(
        default=None,
        description="A new NGINX takes the port from the old one without a gap: its image needs Perl for that. "
        "Where not set: unless the image's tag says Alpine, which has none.",
    )
    uploads: Size = Field(
        default=Size.parse("96M"),
        description="The part of its memory in which request bodies are collected, one for each site; while it is "
        "full, more bodies of this site get 500.",
    )

    @field_validator("request_header", "answer_headers")
    @classmethod
    def _bound(cls, value: Size, info: ValidationInfo) -> Size:
        least, most = Size.parse("4K"), Size.parse("64K" if info.field_name == "request_header" else "32K")
        if not least <= value <= most:
            raise PydanticCustomError(
                "headers",
                "{value} does not fit; write at least {least} and at most {most}",
                {"value": str(value), "least": str(least), "most": str(most)},
            )
        return value

    @property
    def longest_header(self) -> int:
        """The bytes of the longest request line or header, without the two that end it."""
        return self.request_header.bytes - 2

    @property
    def heads(self) -> Size:
        """What heads may take that are longer than usual, in MiB: of all connections at once."""
        request = HEADER_BUFFERS * max(0, self.request_header.bytes - REQUEST_HEADER.bytes)
        answer = max(0, self.answer_headers.bytes - ANSWER_HEADERS.bytes)
        return Size(Size(self.workers * self.connections * (request + answer)).mebibytes << 20)

    def limit_memory(self, sites: int) -> Size:
        """The memory limit before so many sites: each may fill the store of its bodies."""
        return Size(self.memory.amount + (sites - 1) * self.uploads.amount)

    def tell_clashes(self) -> Iterator[str]:
        """See Section."""
        # Bodies lie in memory: without a bound, a flood of them would end NGINX itself.
        least = self.uploads.mebibytes + BESIDES.mebibytes + self.heads.mebibytes
        if self.memory.mebibytes < least:
            heads = f"headers above the usual length {self.heads}, " if self.heads.bytes else ""
            yield (
                f"memory is too little: uploads take {self.uploads} of it, {heads}and NGINX {BESIDES}; write at least "
                f"{least}M"
            )


def count_stores(sites: int) -> int:
    """How many stores for bodies the edge has before so many sites: the next power of two, and four at least.

    A store is a file system of its container, so one more is another container. An empty one takes nothing.
    """
    return max(_FIRST_STORES, 1 << (sites - 1).bit_length())


def read_version(image: str) -> tuple[int, int, int] | None:
    """Read NGINX's version off an image's tag (`nginx:1.30.6-alpine`); None where the tag does not tell."""
    match = re.search(r":([0-9]+)\.([0-9]+)(?:\.([0-9]+))?", image)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None
