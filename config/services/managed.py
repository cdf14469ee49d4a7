"""Services that AWS runs, as plain values by the names of Pulumi's arguments: RDS for PostgreSQL, ElastiCache."""

import re
from collections.abc import Iterator
from typing import Any, Final

from portico.config.services.connections import count_connections, list_users
from portico.config.services.urls import OWNER
from portico.config.settings import Settings
from portico.config.settings.service import POSTGRES, Service

# What connects to it, by kind.
PORTS: Final = {POSTGRES: 5432, "valkey": 6379}
# The most characters of a name, by kind, and those of the word that makes it another one after each `down`.
_LONGEST: Final = {POSTGRES: 63, "valkey": 40}
_TOKEN: Final = 8
# GiB that the smaller sizes of a machine have, and bytes that RDS's own system takes of it.
_MEMORY: Final = {"micro": 1, "small": 2, "medium": 4, "large": 8}
_SYSTEM: Final = 300 * 2**20
_MOST: Final = 5000
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = 24 * 60
# Minutes: each window lasts an hour, and the backup's ends half an hour before the other begins.
_WINDOW: Final = 60
_BEFORE: Final = 90
# Days that Performance Insights keeps for nothing.
_INSIGHTS: Final = 7


def name_managed(owner: str, stack: str, service: Service, token: str) -> str:
    """What AWS calls it, and the snapshot that stays of it: of `owner` (the project) and stack, with a `token`."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{owner}-{stack}-{service.name}".lower()).strip("-")
    begin = words if words[:1].isalpha() else f"p-{words}"
    return f"{begin[: _LONGEST[service.kind] - _TOKEN - 1].rstrip('-')}-{token[:_TOKEN]}"


def name_family(service: Service) -> str:
    """The family of its parameters."""
    return f"postgres{service.release_line}" if service.kind == POSTGRES else "valkey8"


def list_parameters(service: Service) -> dict[str, str]:
    """What differs from AWS's own parameters."""
    if service.kind == POSTGRES:
        # Nobody connects in plain text.
        return {"rds.force_ssl": "1"}
    return {"maxmemory-policy": "allkeys-lru" if service.evict else "noeviction"}


def spell_windows(service: Service) -> tuple[str, str]:
    """When AWS may change it, once a week, and when it makes a backup, each day; both in UTC and an hour long."""
    day, hour, minute = service.window.split(":")
    begin = _DAYS.index(day) * _DAY + int(hour) * 60 + int(minute)
    end = (begin + _WINDOW) % (7 * _DAY)
    copy = (begin - _BEFORE) % _DAY
    week = "-".join(f"{_DAYS[one // _DAY]}:{_spell_time(one)}" for one in (begin, end))
    return week, f"{_spell_time(copy)}-{_spell_time((copy + _WINDOW) % _DAY)}"


def describe_managed(settings: Settings, service: Service, name: str) -> dict[str, Any]:
    """All of it but the password, the network and the parameters' group; `name` is `name_managed`'s."""
    describe = _describe_database if service.kind == POSTGRES else _describe_cache
    return {name: value for name, value in describe(settings, service, name).items() if value is not None}


def tell_managed(service: Service, name: str, site: str, region: str) -> dict[str, Any]:
    """What is compared by the next update, as plain values. `site` is the one that uses it, "" for none."""
    postgres = service.kind == POSTGRES
    return {
        "kind": service.kind,
        "name": name,
        "region": region,
        "version": service.release_line,
        "machine": service.machine,
        "key": service.key or "",
        "standby": service.standby,
        "evict": service.evict,
        "site": site,
        "storage": service.storage.gibibytes if postgres else 0,
    }


def offer_connections(service: Service) -> int:
    """About how many connections RDS accepts: it derives them from the memory that its system leaves.

    Its parameter is `DBInstanceClassMemory/9531392`, 5000 at most. What the system takes is seen, not documented.
    """
    family, size = service.machine.split(".")[1:]
    times = re.fullmatch(r"([0-9]*)xlarge", size)
    gibibytes = 16 * int(times[1] or 1) if times else _MEMORY.get(size)
    if gibibytes is None:
        return _MOST
    memory = gibibytes * (2 if family.startswith(("r", "x")) else 1) * 2**30
    return int(min(_MOST, (memory - _SYSTEM) // 9531392))


def advise_connections(settings: Settings) -> Iterator[str]:
    """A sentence for each database that its site may open more connections to than there are."""
    for service in settings.services:
        for site in list_users(settings, service) if service.managed and service.kind == POSTGRES else ():
            offered, wanted = offer_connections(service), count_connections(settings, site)
            if wanted > offered:
                yield (
                    f"{site.name} may open {wanted} connections to {service.name} while a release replaces another, "
                    f"and {service.machine} accepts about {offered}; write a larger `instance` of {service.name}, or "
                    f"fewer replicas, workers or threads of {site.name}."
                )


def _describe_database(settings: Settings, service: Service, name: str) -> dict[str, Any]:
    week, day = spell_windows(service)
    grows = service.storage_limit.gibibytes > service.storage.gibibytes
    return {
        "identifier": name,
        "engine": "postgres",
        # AWS chooses the patch release, and goes on to newer ones.
        "engine_version": service.release_line,
        "auto_minor_version_upgrade": True,
        "allow_major_version_upgrade": False,
        "maintenance_window": week,
        # What is announced happens with this update, not in the window to come.
        "apply_immediately": True,
        "instance_class": service.machine,
        "multi_az": service.standby,
        "storage_type": "gp3",
        "allocated_storage": service.storage.gibibytes,
        "max_allocated_storage": service.storage_limit.gibibytes if grows else None,
        "storage_encrypted": True,
        "kms_key_id": service.key,
        "db_name": OWNER,
        "username": OWNER,
        "port": PORTS[POSTGRES],
        "publicly_accessible": False,
        "backup_retention_period": service.backup_days,
        "backup_window": day,
        "copy_tags_to_snapshot": True,
        # Backups of the last days stay too, until they are too old.
        "delete_automated_backups": False,
        "deletion_protection": settings.protect,
        "skip_final_snapshot": False,
        "final_snapshot_identifier": name,
        "snapshot_identifier": service.snapshot,
        "performance_insights_enabled": True,
        "performance_insights_retention_period": _INSIGHTS,
        "performance_insights_kms_key_id": service.key,
        "enabled_cloudwatch_logs_exports": ["postgresql"],
    }


def _describe_cache(settings: Settings, service: Service, name: str) -> dict[str, Any]:
    week, day = spell_windows(service)
    return {
        "replication_group_id": name,
        "description": f"The cache {service.name}",
        "engine": "valkey",
        "engine_version": service.release_line,
        "auto_minor_version_upgrade": True,
        "maintenance_window": week,
        "apply_immediately": True,
        "node_type": service.machine,
        "num_cache_clusters": 2 if service.standby else 1,
        "automatic_failover_enabled": service.standby,
        "multi_az_enabled": service.standby,
        "port": PORTS["valkey"],
        "at_rest_encryption_enabled": True,
        "kms_key_id": service.key,
        "transit_encryption_enabled": True,
        "snapshot_retention_limit": service.backup_days,
        "snapshot_window": day,
        "final_snapshot_identifier": name,
        "snapshot_name": service.snapshot,
    }


def _spell_time(minutes: int) -> str:
    return f"{minutes % _DAY // 60:02}:{minutes % 60:02}"
