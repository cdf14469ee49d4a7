"""How Gunicorn runs an application."""

from collections.abc import Iterator
from typing import Final, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from portico.config.mistake import is_off, show_text
from portico.config.settings.quantity import Duration, Size
from portico.config.settings.section import Section
from portico.config.settings.text import GunicornVersion

# More than this one process of NGINX's would wait for, and no processor serves.
THREADS: Final = 512
# What gevent itself makes in each worker, for what blocks, and some to spare.
_GEVENT: Final = 16


class Gunicorn(Section):
    """Gunicorn's processes and time limits; NGINX's side of each pair is derived from these."""

    version: GunicornVersion = Field(
        default="27.0.1",
        description="Gunicorn's version, installed where the requirements name none. 26.1 closed request smuggling.",
    )
    workers: int = Field(default=2, ge=1, le=64, description="Worker processes in each replica.")
    threads: int = Field(default=4, ge=1, le=128, description="Threads in each worker: requests it serves at once.")
    worker_class: Literal["gthread", "gevent"] = Field(
        default="gthread",
        description="The worker type. With `gevent` a worker serves up to 1000 connections at once and has no threads: "
        "for many WebSockets. `sync` never keeps a connection to NGINX, so it is not offered.",
    )
    timeout: Duration = Field(
        default=Duration.parse("30s"),
        description="Longest time for one request; NGINX waits 5 s more, so that the application answers first.",
    )
    hung_after: Duration | Literal["never"] | None = Field(
        default=None,
        description="A replica that for this long answers no health check, ends no request and runs no code restarts "
        "itself. Where its workers still run code, all threads may be in requests that are allowed to take longer: it "
        "has the time of the longest one then. "
        "Where not set: 15s, or the longest request of the site where that may take longer than 30s.",
    )
    memory: Size = Field(default=Size.parse("512M"), description="Memory limit of each replica.")
    access_log: bool = Field(
        default=False, description="Write an access log of Gunicorn's own, with the request id that NGINX gave."
    )
    preload: bool = Field(
        default=False,
        description="Load the application once and fork: less memory, but connections opened on import are shared.",
    )

    def count_processes(self) -> int:
        """The processes and threads that one container may have.

        Each thread of each worker, what Gunicorn, health checks and commands by hand need.
        """
        threads = _GEVENT if self.worker_class == "gevent" else self.threads
        return max(512, 2 * (self.workers * (threads + 4) + 32))

    def tell_clashes(self) -> Iterator[str]:
        """See Section."""
        every = self.workers * self.threads
        if self.worker_class == "gevent":
            if self.threads != Gunicorn.model_fields["threads"].default:
                yield f"threads is {self.threads}, and a worker of gevent has none; leave threads out"
            if self.preload:
                yield "preload loads the application before gevent can prepare Python for it; leave preload out"
        elif every > THREADS:
            yield (
                f"{self.workers} workers of {self.threads} threads are {every}, and a replica may have {THREADS}; "
                "write fewer threads, or more replicas"
            )

    @field_validator("worker_class", mode="before")
    @classmethod
    def _refuse_sync(cls, value: object) -> object:
        if value == "sync":
            raise PydanticCustomError(
                "worker",
                '"sync" closes the connection after each answer, so NGINX cannot reuse it; write gthread or gevent, or '
                "leave it out",
            )
        return value

    @field_validator("hung_after", mode="wrap")
    @classmethod
    def _read_hung_after(cls, value: object, _: object) -> Duration | Literal["never"] | None:
        if value is None or value == "never":
            return value
        if is_off(value):
            raise PydanticCustomError("never", "{value} is not a duration; write never", {"value": show_text(value)})
        duration = Duration.parse(value)
        if duration < Duration.parse("5s"):
            raise PydanticCustomError(
                "duration",
                '"{value}" is shorter than one health check may take; write at least 5s, or never',
                {"value": str(duration)},
            )
        return duration
