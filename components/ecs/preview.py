"""Announces in a preview what the update will do to requests."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pulumi

from portico.config.release.digest import digest_values
from portico.config.release.release_command import key_command
from portico.config.settings.job import Job
from portico.config.settings.worker import Worker
from portico.config.targets.ecs import FleetSite


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One site as it will be: the ids of its `release` and of NGINX's `tree`, and how many tasks it begins with.

    `processes` are what runs beside its web, {what it is called: what it is, by a digest}, and `data` its folders.
    `command` is its release command and `key` what that depends on, both "" where there is none.
    """

    site: str
    release: str
    tree: str
    replicas: int
    processes: Mapping[str, str] = field(default_factory=dict)
    data: Sequence[str] = ()
    command: str = ""
    key: str = ""

    @classmethod
    def of(cls, fleet: FleetSite) -> Self:
        """What the settings ask for."""
        site = fleet.site
        kinds: dict[str, tuple[Worker | Job, ...]] = {"worker": site.workers, "job": site.schedule}
        return cls(
            site=site.name,
            release=fleet.release.id,
            tree=fleet.tree.digest,
            replicas=fleet.replicas,
            processes={
                f"{kind} {one.name}": digest_values({"is": one.model_dump(mode="json")})
                for kind, found in kinds.items()
                for one in found
            },
            data=[one.name for one in site.data],
            command=site.release.command if site.release else "",
            key=key_command(fleet.release),
        )


def announce(
    previous: Mapping[str, Any], planned: Sequence[Planned], done: Mapping[str, Collection[str]] | None = None
) -> list[str]:
    """One line for each site that changes. `previous` are the outputs of the last good update.

    `done` are the keys of release commands that ended well before, by site.
    """
    releases: Mapping[str, str] = previous.get("releases") or {}
    # Another engine names one tree for all sites: then everything here is new.
    trees: Mapping[str, str] = previous.get("trees") or {}
    before: Mapping[str, Mapping[str, str]] = previous.get("processes") or {}
    kept: Mapping[str, Sequence[str]] = previous.get("data") or {}
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
        if one.command and one.key not in (done or {}).get(one.site, ()):
            said.append(f"{one.site}: it runs `{one.command}` first.")
        elif one.command and releases.get(one.site) != one.release:
            said.append(f"{one.site}: `{one.command}` is not run again.")
        said += _announce_processes(one, before.get(one.site) or {}, another=releases.get(one.site) != one.release)
        said += [
            f"{one.site}: its data {name} begins with what the image has there; no release and no `down` removes it."
            for name in one.data
            if name not in (kept.get(one.site) or ())
        ]
    names = [one.site for one in planned]
    said += [f"{site}: removed; its host names get a 404." for site in trees if site not in names]
    return said


def _announce_processes(one: Planned, before: Mapping[str, str], *, another: bool) -> Iterator[str]:
    """The changes of workers and jobs; `another` says whether the release changes."""
    for name, digest in one.processes.items():
        if name not in before:
            yield f"{one.site}: its {name} begins once the web is live."
        elif another or before[name] != digest:
            way = "runs in the new release from then on" if name.startswith("job ") else "is replaced"
            yield f"{one.site}: its {name} {way}, once the web is live."
    for name in before:
        if name not in one.processes:
            yield f"{one.site}: its {name} is removed."


def announce_changes(
    previous: Mapping[str, Any], planned: Sequence[Planned], done: Mapping[str, Collection[str]]
) -> None:
    """Print them; only in previews, so that it is said once."""
    for line in announce(previous, planned, done) if pulumi.runtime.is_dry_run() else ():
        pulumi.log.info(line)
