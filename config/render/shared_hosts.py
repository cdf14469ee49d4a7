"""Hosts with applications below paths: each has one server, whatever sites it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from portico.config.release.release import Release


@dataclass(frozen=True, kw_only=True)
class SharedHost:
    """The sites of one host, or of several that all of them have, the one with the shortest path first.

    `folder` is the name of its folder of NGINX's files.
    """

    folder: str
    releases: tuple[Release, ...]

    @property
    def rooted(self) -> bool:
        """Whether one of its applications answers what no other does."""
        return self.releases[0].site.path == "/"


def list_shared_hosts(releases: Sequence[Release]) -> tuple[SharedHost, ...]:
    """The hosts that several sites share, or whose only site is below a path.

    A site that has its host to itself has its server in its own file.
    """
    groups: dict[str, list[Release]] = {}
    for release in releases:
        # Those that share one host share all: config/shared_hosts.py.
        groups.setdefault(release.site.hosts[0], []).append(release)
    found = []
    for host, group in groups.items():
        group.sort(key=lambda release: (len(release.site.path), release.site.path))
        if len(group) > 1 or group[0].site.path != "/":
            # No host name has an underscore, and no name of a folder may have a star.
            found.append(SharedHost(folder=host.replace("*", "_"), releases=tuple(group)))
    return tuple(found)
