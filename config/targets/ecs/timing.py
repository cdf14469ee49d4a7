"""How long everybody between a visitor and the application waits for the next one: all from the longest request."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from portico.config.settings import Mistake, Settings

# Seconds that one waits longer than the next.
_STEP: Final = 10
# Connections between NGINX and Gunicorn that are kept, in seconds: written in the templates of both.
UPSTREAM_KEEPALIVE: Final = 60
GUNICORN_KEEPALIVE: Final = 75
# What AWS allows, in seconds.
_MOST_IDLE: Final = 4000
_MOST_STOP: Final = 120
_MOST_START: Final = 300


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Everything in seconds.

    `request` is the longest request of any site, from which the others follow; `silence` the longest time that an
    answer may pause, which is more than that where a route streams.
    """

    request: int
    silence: int
    start: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The times of a stack, from the limits of its sites."""
        request = max(site.gunicorn.timeout.seconds for site in settings.sites)
        streams = [
            route.longest_silence.seconds for site in settings.sites for route in site.routes if route.longest_silence
        ]
        return cls(request=request, silence=max([request, *streams]), start=settings.health_timeout)

    @property
    def graceful(self) -> int:
        """How long Gunicorn lets requests end once it is to stop."""
        return self.request

    @property
    def read(self) -> int:
        """How long NGINX waits for Gunicorn: longer than Gunicorn itself, whose own answer is the better one."""
        return self.request + 5

    @property
    def alb_idle(self) -> int:
        """How long the load balancer keeps a silent connection: longer than any answer may pause."""
        return self.silence + _STEP

    @property
    def nginx_keepalive(self) -> int:
        """How long NGINX keeps an idle connection: longer than the load balancer, which never meets a closed one."""
        return self.alb_idle + _STEP

    @property
    def deregistration(self) -> int:
        """How long a task that goes may end what it was asked: no shorter than the longest request."""
        return self.request + _STEP

    @property
    def stop_timeout(self) -> int:
        """When a container that was asked to stop is killed: after it has stopped by itself."""
        return self.request + _STEP

    @property
    def upstream_keepalive(self) -> int:
        """How long NGINX keeps an idle connection to Gunicorn."""
        return UPSTREAM_KEEPALIVE

    @property
    def gunicorn_keepalive(self) -> int:
        """How long Gunicorn keeps it: longer, so that NGINX never writes into a closed one."""
        return GUNICORN_KEEPALIVE

    @property
    def health_grace(self) -> int:
        """How long a new task may take until the load balancer's opinion of it counts."""
        return self.start + 30


def list_contradictions(settings: Settings) -> Iterator[Mistake]:
    """Times that AWS does not allow."""
    longest = _MOST_STOP - _STEP
    for index, site in enumerate(settings.sites):
        if site.gunicorn.timeout.seconds > longest:
            yield Mistake(
                f"sites[{index}].gunicorn.timeout",
                f"{site.gunicorn.timeout} is longer than a task on Fargate may take to stop, {_MOST_STOP} s with "
                f"{_STEP} s to spare; write at most {longest}s",
            )
        for place, route in enumerate(site.routes):
            if route.longest_silence and route.longest_silence.seconds > _MOST_IDLE - _STEP:
                yield Mistake(
                    f"sites[{index}].routes[{place}].timeout",
                    f"{route.longest_silence} is longer than the load balancer keeps a silent connection, "
                    f"{_MOST_IDLE} s; write at most {_MOST_IDLE - _STEP}s",
                )
    if settings.health_timeout > _MOST_START:
        yield Mistake(
            "healthTimeout",
            f"{settings.health_timeout} is longer than ECS waits for a container, {_MOST_START} s; write at most "
            f"{_MOST_START}",
        )
