"""How many connections a site may open to a service, and what memory these need."""

from portico.config.settings import Settings, Site
from portico.config.settings.service import POSTGRES, Service

# Of each worker and of each job: what runs in them, nobody here knows.
_EACH = 4
# For commands by hand.
_BY_HAND = 5
# For Portico itself and whoever administers the database.
_RESERVED = 15
# A limit changes in steps, and begins with what most need: another one is another start of the server.
_STEP, _FEWEST = 50, 100
# MiB: what a server needs by itself, and for each connection.
_OWN, _PER_CONNECTION = 192, 3
# MiB that Docker's limit has to leave besides what Valkey keeps: while it writes its file again it needs a copy of
# what changes meanwhile.
_LEAST_CACHE = 64


def count_connections(settings: Settings, site: Site) -> int:
    """What the processes of a site may have open at once: two releases of them, while one replaces the other."""
    web = settings.count_replicas(site) * site.gunicorn.workers * site.gunicorn.threads
    beside = _EACH * (sum(one.replicas for one in site.workers) + len(site.schedule) + bool(site.release))
    return 2 * (web + beside) + _BY_HAND


def list_users(settings: Settings, service: Service) -> tuple[Site, ...]:
    """The sites that use a service."""
    return tuple(site for site in settings.sites if service.name in site.uses)


def limit_connections(settings: Settings, service: Service) -> int:
    """The most that a service accepts: those of all sites that use it, and some more."""
    wanted = sum(count_connections(settings, site) for site in list_users(settings, service)) + _RESERVED
    return max(_FEWEST, -(-wanted // _STEP) * _STEP)


def count_least(settings: Settings, service: Service) -> int:
    """The memory in MiB that a service needs at least."""
    if service.kind != POSTGRES:
        return _LEAST_CACHE
    return _OWN + _PER_CONNECTION * limit_connections(settings, service)


def limit_memory(settings: Settings, service: Service) -> int:
    """The limit of a service's memory in MiB."""
    if service.memory:
        return service.memory.mebibytes
    # To the next 64 MiB: a limit that nobody has written is a round number.
    least = count_least(settings, service) if service.kind == POSTGRES else 256
    return -(-least // 64) * 64
