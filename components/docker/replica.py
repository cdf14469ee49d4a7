"""A replica: one container of a release."""

from dataclasses import dataclass

import pulumi_docker as docker

from portico.config.release.release import Release


@dataclass(frozen=True, kw_only=True)
class Replica:
    """The `index`th container of a release."""

    release: Release
    index: int
    container: docker.Container

    @property
    def name(self) -> str:
        """Its name in messages, which is that of its resource but for the machine."""
        return f"{self.release.site.name}-gunicorn-{self.index}"

    def describe(self, id: str) -> str:
        """A line for components/in_container/prove.sh; `id` is the container's."""
        release, site, short = self.release, self.release.site, id[:12]
        bind = release.bind[self.index]
        # The container's own address: another one of this release may have the known name.
        own = f"{bind}.{short}" if bind.startswith("unix:") else f"{short}:{bind.rpartition(':')[2]}"
        known = release.upstream[min(self.index, len(release.upstream) - 1)]
        words = (site.name, release.id, self.index, short, site.gunicorn.workers, own, known)
        return " ".join(str(word) for word in (*words, site.hosts[0].replace("*", "www"), site.locate(site.health)))
