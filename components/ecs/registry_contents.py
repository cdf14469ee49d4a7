"""Which images the registry has already: those are neither built nor pushed again."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.ecs.registry import name_repository
from portico.config.targets.ecs import FleetSite

REPOSITORY = "aws:ecr/repository:Repository"
PUSHED = "docker:index/registryImage:RegistryImage"


class RegistryContents:
    """The images in the stack's repositories, as the record of the stack and AWS know them.

    `resources` are those of the last update (components/previous_outputs.py). AWS is asked only about a repository
    that the record knows, and only where the record does not say it all: with nothing to do, nobody is asked.
    """

    def __init__(self, resources: Mapping[str, Any], account: pulumi.ProviderResource, region: str) -> None:
        self._account = account
        self._region = region
        found = [one["outputs"] for one in resources.values() if one["type"] == REPOSITORY]
        self._repositories = {str(one.get("name")) for one in found}
        self._regions = {str(one["region"]) for one in found if one.get("region")}
        self._pushed = {str(one["outputs"].get("name")) for one in resources.values() if one["type"] == PUSHED}
        self._asked: dict[str, Mapping[str, str]] = {}

    def is_ours(self, repository: str, tag: str) -> bool:
        """Whether the record knows the image: then it stays as it is."""
        return any(name.endswith(f"/{repository}:{tag}") for name in self._pushed)

    def find(self, repository: str, tag: str) -> str | None:
        """The digest of the image with that tag; None where the registry has none."""
        if repository not in self._repositories:
            return None
        if repository not in self._asked:
            found = aws.ecr.get_images(repository_name=repository, opts=pulumi.InvokeOptions(provider=self._account))
            self._asked[repository] = {one.image_tag: one.image_digest for one in found.image_ids}
        return self._asked[repository].get(tag)

    def require_region(self) -> None:
        """Refuse, with pulumi.RunError, to lead a live stack into another region."""
        for known in self._regions - {self._region}:
            raise pulumi.RunError(
                f"ecs.region: this stack serves in {known}; nothing was changed. Tasks, balancer and images stay in "
                f"their region. Write {known} again, or the new region into a stack file of its own, as in "
                "docs/outgrowing.md: both serve until the names have moved."
            )

    def is_complete(self, sites: Sequence[FleetSite]) -> bool:
        """Whether it has both images of each site, so that none has to be built."""
        return all(
            self.is_ours(repository, tag) or self.find(repository, tag) is not None
            for one in sites
            for repository, tag in (
                (name_repository(one.site.name, "application"), one.release.image),
                (name_repository(one.site.name, "nginx"), one.digest),
            )
        )

    def require_earlier(self, sites: Sequence[FleetSite]) -> None:
        """Refuse, with pulumi.RunError, a site pinned to a release whose image the registry has forgotten."""
        for one in sites:
            name, release = one.site.name, one.release
            # What has a source is built where it is missing.
            if not release.context and self.find(name_repository(name, "application"), release.image) is None:
                raise pulumi.RunError(
                    f"rollback.{name}: the image of release {release.id} is not in the registry any more; nothing was "
                    f"changed. To fix it, write a newer one, or remove the line: make resume SITE={name}"
                )
