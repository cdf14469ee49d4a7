"""Brings a backup back into the folders of data of a stack that runs: beside them first, then in their place."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from docker.errors import APIError, NotFound
from docker.models.containers import Container

from portico.cli.backups import read_asked
from portico.cli.deployed import Deployed
from portico.cli.engine import Export, list_serving
from portico.cli.refused import Refused
from portico.config.backups import DATA, ROLE, SERVERS
from portico.config.services.dumper import ROLE as DUMPER
from portico.config.services.labels import ROLE as SERVER

# What reads data, and has nothing of it open for long.
_READERS = (ROLE, "nginx", DUMPER)
# Who uses a server, and no volume of it.
_CLIENTS = ("gunicorn", "worker")
_GRACE = 10
# What is said where nothing seems to be other.
_SAME = {
    "rows": "each table has the same number of rows",
    "keys": "it has the same number of keys",
    None: "all files are the same, and each table has the same number of rows",
}
_LONGEST_START = 120  # seconds until what was started again is healthy


def choose_sources(maker: Container, site: str, service: str) -> list[Mapping[str, str]]:
    """What is backed up; of one site, or one service, where it is named. Raises Refused."""
    every: list[Mapping[str, str]] = read_asked(maker)["sources"]
    found = [one for one in every if site in ("", find_site(one)) and service in ("", find_service(one))]
    if not found:
        what, find = (f'a site "{site}"', find_site) if site else (f'a service "{service}"', find_service)
        having = " ".join(dict.fromkeys(filter(None, map(find, every))))
        raise Refused(f"nothing of {what} is backed up; write one of: {having}")
    return found


def find_site(source: Mapping[str, str]) -> str:
    """Whose it is."""
    return source.get("site") or source["name"].split("/")[0]


def find_service(source: Mapping[str, str]) -> str:
    """Of which service it is; "" for a folder."""
    return source["name"].split("/")[0] if "site" in source else ""


def list_proven(listed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that were brought back and compared, in the order of `listed`."""
    return [one for one in listed if (one.get("run") or {}).get("outcome") == "proven"]


def choose_snapshot(listed: Sequence[Mapping[str, Any]], at: str) -> Mapping[str, Any]:
    """The backup of that id, or the last one of that time or before; the newest proven one where `at` is "".

    `listed` are all, the oldest first. Raises Refused.
    """
    if not listed:
        raise Refused("there is no backup")
    if not at:
        return (list_proven(listed) or [*listed])[-1]
    if found := [one for one in listed if len(at) >= 4 and str(one["id"]).startswith(at)]:
        return found[-1]
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        known = " ".join(str(one["id"]) for one in listed[-5:])
        what = f'"{at}" is neither a backup nor a time such as 2026-11-30T03:15'
        raise Refused(f"{what}; the last ones are: {known}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    before = [one for one in listed if datetime.fromisoformat(str(one["at"])) <= moment]
    if not before:
        raise Refused(f"there is no backup of {at} (UTC) or before; the first one is of {listed[0]['at']}")
    return before[-1]


def describe(maker: Mapping[str, Any], folders: Sequence[str]) -> dict[str, Any]:
    """The container that brings these back, in the engine's own words: as what makes backups is, and may write there.

    It does nothing by itself, for as long as a person may take to answer.
    """
    config, host = maker["Config"], maker["HostConfig"]
    mounts = []
    for one in maker["Mounts"]:
        name = str(one["Destination"]).removeprefix(f"{DATA}/").removeprefix(f"{SERVERS}/")
        of_data = name != one["Destination"]
        if of_data and name not in folders:
            continue
        mounts.append(
            {
                "Type": one["Type"],
                "Source": one["Name"] if one["Type"] == "volume" else one["Source"],
                "Target": one["Destination"],
                "ReadOnly": not one["RW"] and not of_data,
            }
        )
    return {
        "Image": maker["Image"],
        "User": config["User"],
        "Entrypoint": ["sleep"],
        "Cmd": [str(86400)],
        "Env": config["Env"],
        "Labels": {**config["Labels"], "portico.role": "restore"},
        "HostConfig": {
            **host,
            "Binds": None,
            "Mounts": mounts,
            "RestartPolicy": {"Name": "no"},
            "AutoRemove": True,
        },
        "NetworkingConfig": {
            "EndpointsConfig": {} if host["NetworkMode"] == "none" else {host["NetworkMode"]: {}},
        },
    }


@contextmanager
def make_helper(deployed: Deployed, maker: Container, folders: Sequence[str]) -> Iterator[Container]:
    """A container that may write into these folders; it is removed at the end."""
    made: dict[str, Any] = deployed.client.api.create_container_from_config(  # type: ignore[no-untyped-call]
        describe(maker.attrs, folders), f"restore-{secrets.token_hex(4)}"
    )
    container = deployed.client.containers.get(made["Id"])
    try:
        container.start()
        yield container
    finally:
        # The engine may be removing it already.
        with suppress(NotFound, APIError):
            container.remove(force=True)


def list_users(deployed: Deployed, helper: Container, sources: Sequence[Mapping[str, str]]) -> list[Container]:
    """The containers that run and have a folder of the helper's, or are clients of its servers; not who only reads."""
    below = (f"{DATA}/", f"{SERVERS}/")
    volumes = {one["Name"] for one in helper.attrs["Mounts"] if str(one["Destination"]).startswith(below)}
    found: dict[str, Container] = {}
    for site in {find_site(one) for one in sources if find_service(one)}:
        clients = [one for role in _CLIENTS for one in deployed.list_containers(role=role, site=site)]
        found |= {str(one.id): one for one in clients if one.status == "running"}
    for volume in sorted(volumes):
        for one in deployed.client.containers.list(filters={"volume": volume}):
            if one.id != helper.id and one.labels.get("portico.role") not in _READERS:
                found[str(one.id)] = one
    return sorted(found.values(), key=lambda one: str(one.name))


@contextmanager
def pause(users: Sequence[Container], export: Export) -> Iterator[None]:
    """Stop these, each with the time that it has for its last request or job; they start again at the end.

    Workers stop first: visitors are answered while a worker ends a long job. Servers of services stop last and start
    first, so that no request that is still being answered finds its server gone.
    """
    made = [one["outputs"] for one in list_serving(export)]
    graces = {str(one["name"]): int(one.get("destroyGraceSeconds") or 0) for one in made}

    def stop(one: Container) -> None:
        one.stop(timeout=graces.get(str(one.name)) or _GRACE)

    def start(one: Container) -> None:
        one.start()

    web = [one for one in users if one.labels.get("portico.role") == "gunicorn"]
    servers = [one for one in users if one.labels.get("portico.role") == SERVER]
    others = [one for one in users if one not in web and one not in servers]
    with ThreadPoolExecutor(max(len(users), 1)) as pool:
        try:
            for stage in (others, web, servers):
                list(pool.map(stop, stage))
            yield
        finally:
            for stage in (servers, web, others):
                list(pool.map(start, stage))


def await_health(users: Sequence[Container]) -> list[str]:
    """The names of those that are still unhealthy after a while."""
    until = time.monotonic() + _LONGEST_START
    waiting = list(users)
    while waiting and time.monotonic() < until:
        for one in waiting:
            one.reload()
        waiting = [one for one in waiting if one.status != "running" or one.health in ("starting", "unhealthy")]
        if waiting:
            time.sleep(0.5)
    return [str(one.name) for one in waiting]


def tell_difference(reported: Mapping[str, Any]) -> Iterator[str]:
    """What a backup would change in a folder, in lines."""
    unit = reported.get("unit", "rows")
    yield f"{reported['folder']}:"
    quiet = True
    for key, what in (("comes", "come back"), ("goes", "go"), ("changes", "get another content")):
        found = reported[key]
        if found["count"]:
            quiet = False
            more = ", …" if found["count"] > len(found["first"]) else ""
            yield f"  {found['count']} {what}: {', '.join(map(str, found['first']))}{more}"
    for path, rows in reported["databases"].items():
        quiet = False
        now, then = rows["now"], rows["then"]
        if now is None:
            yield f"  {path}: cannot be read now; of the backup: {_spell_rows(then)}"
            continue
        names = [name for name in {**now, **then} if now.get(name) != then.get(name)]
        changes = [f"{name} {_spell_count(now, name)} -> {_spell_count(then, name)}" for name in names]
        yield f"  {path}: {unit} {', '.join(changes)}"
    if quiet:
        yield f"  {_SAME.get(reported.get('unit'), _SAME[None])}"


def _spell_count(rows: Mapping[str, int | None], name: str) -> str:
    return "none" if name not in rows else "?" if rows[name] is None else str(rows[name])


def _spell_rows(rows: Mapping[str, int | None]) -> str:
    return ", ".join(f"{name} {_spell_count(rows, name)}" for name in rows) or "no tables"
