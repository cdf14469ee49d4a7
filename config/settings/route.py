"""Paths of a site that need something else than the rest."""

from collections.abc import Iterator

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from portico.config.settings.limits import Rate
from portico.config.settings.quantity import Duration, Size
from portico.config.settings.section import Section
from portico.config.settings.text import UrlPath


class Route(Section):
    """A path, and everything below it where it ends with a slash; what is not said is as for the site."""

    path: UrlPath = Field(
        examples=["/events"],
        description='The path; with a slash at its end also all below it. "/" is all that nothing else names.',
    )
    body: Size | None = Field(default=None, description="Largest request body.")
    timeout: Duration | None = Field(
        default=None, description="Longest silence of the application; not above Gunicorn's own unless it streams."
    )
    buffering: bool = Field(
        default=True, description="Collect the answer before it is sent: frees Gunicorn from slow clients."
    )
    request_buffering: bool = Field(
        default=True, description="Collect the request body before it is passed on: the same for uploads."
    )
    stream: bool = Field(default=False, description="Server-sent events: nothing is buffered, silence may be long.")
    websocket: bool = Field(default=False, description="WebSocket: the connection may be upgraded.")
    cache: Duration | None = Field(
        default=None,
        description="Keep answers this long for everybody, in whole seconds; never for cookies or Authorization. "
        "docs/caching.md says which are kept.",
    )
    rate: Rate | None = Field(default=None, description="Requests of one address over time.")

    @field_validator("path")
    @classmethod
    def _keep_error_page(cls, value: str) -> str:
        # With a slash, too: without it that path is written besides.
        if value.rstrip("/") == "/portico-unavailable.html":
            raise PydanticCustomError("route", '"{path}" is the error page; write another', {"path": value})
        return value

    def tell_clashes(self) -> Iterator[str]:
        """See Section."""
        if self.cache and (self.stream or self.websocket):
            yield "a stream cannot be cached; write cache, or stream or websocket"
        if self.cache and not self.buffering:
            yield "an answer that is not buffered cannot be cached; write cache, or buffering: false"
        if self.cache and self.cache < Duration.parse("1s"):
            yield f"cache is {self.cache}, and NGINX keeps an answer for a second at least; write one such as 5s"
        elif self.cache and self.cache.amount % 1000:
            yield f"cache is {self.cache}, and NGINX counts whole seconds; write {self.cache.seconds}s"
        if self.stream and self.websocket:
            yield "write stream (server-sent events) or websocket, not both"

    @property
    def longest_silence(self) -> Duration | None:
        """How long NGINX waits for the next byte: an hour for streams, where nothing else is said."""
        return self.timeout or (Duration.parse("1h") if self.stream or self.websocket else None)
