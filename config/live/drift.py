"""What has been changed by hand since the last update, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass

# A container that restarted within so many seconds may do so again: Docker waits a minute at most between two starts.
_RECENT = 90.0


@dataclass(frozen=True)
class Live:
    """What lies in the volume that NGINX reads: where `live` leads, and the files there by their path."""

    target: str
    files: Mapping[str, str]


def compare_files(digest: str, files: Mapping[str, str], live: Live) -> list[str]:
    """How NGINX's files differ from those that the tree `digest` is made of; [] where they do not."""
    if live.target != f"trees/{digest}":
        return [f"NGINX's link `live` leads to {live.target or 'nothing'}, not to trees/{digest}"]
    return [
        f"NGINX's file {path} is {'gone' if path not in live.files else 'changed' if path in files else 'foreign'}"
        for path in sorted({*files, *live.files})
        if files.get(path) != live.files.get(path)
    ]


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container that the last update left, or one that the engine has."""

    id: str
    name: str
    status: str = "running"
    health: str = ""
    restarts: int = 0
    up: float = float("inf")  # seconds since its last start
    networks: frozenset[str] = frozenset()


def compare_releases(wanted: Mapping[str, str], served: Mapping[str, str]) -> list[str]:
    """What was made and is not live; both are releases by site. [] where all that was made is."""
    return [
        f"{site}: release {release} is not live; "
        + (f"release {served[site]} serves" if site in served else "nothing serves this site")
        for site, release in wanted.items()
        if served.get(site) != release
    ]


def compare_containers(expected: list[Container], observed: list[Container]) -> list[str]:
    """What became of the containers that should run; [] where all of them do."""
    by_id = {found.id: found for found in observed}
    names = {found.name for found in observed}
    found = []
    for one in expected:
        seen = by_id.get(one.id)
        if seen is None:
            found.append(f"container {one.name} {'was replaced by hand' if one.name in names else 'is gone'}")
        elif seen.status != "running":
            found.append(f"container {one.name} is stopped ({seen.status})")
        elif cut := sorted(one.networks - seen.networks):
            found.append(f"container {one.name} is disconnected from its network {cut[0]}")
        elif seen.health == "unhealthy":
            found.append(f"container {one.name} does not pass its health check")
        elif seen.restarts and seen.up < _RECENT:
            found.append(f"container {one.name} has restarted {seen.restarts} times, {seen.up:.0f} s ago the last time")
    return found
