"""Says in a preview what the update will do to those who send requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One site as it will be: the ids of its `release` and of NGINX's `tree`, and how many tasks it begins with."""

    site: str
    release: str
    tree: str
    replicas: int


def announce(past: Mapping[str, Any], planned: Sequence[Planned]) -> list[str]:
    """One line for each site that changes. `past` are the outputs of the last good update."""
    releases: Mapping[str, str] = past.get("releases") or {}
    # Another engine names one tree for all sites: then everything here is new.
    trees: Mapping[str, str] = past.get("trees") or {}
    said = []
    for one in planned:
        tasks = "1 task" if one.replicas == 1 else f"{one.replicas} tasks"
        parts = []
        if releases.get(one.site) != one.release:
            parts.append("the application")
        if trees.get(one.site) != one.tree:
            parts.append("NGINX's files")
        if one.site not in trees:
            said.append(f"{one.site}: new, {tasks}; it is served as soon as they are healthy.")
        elif parts:
            said.append(
                f"{one.site}: rolling replacement, since {' and '.join(parts)} changed: new tasks are healthy before "
                "old ones finish their requests and go; no request is lost."
            )
    names = [one.site for one in planned]
    said += [f"{site}: removed; its host names get a 404." for site in trees if site not in names]
    return said


def announce_changes(past: Mapping[str, Any], planned: Sequence[Planned]) -> None:
    """Print them; only in previews, so that it is said once."""
    for line in announce(past, planned) if pulumi.runtime.is_dry_run() else ():
        pulumi.log.info(line)
