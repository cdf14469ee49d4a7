"""What the registry has already: it is neither built nor pushed again."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

REPOSITORY = "aws:ecr/repository:Repository"
PUSHED = "docker:index/registryImage:RegistryImage"


class Stock:
    """The images in the stack's repositories, as the record of the stack and AWS know them.

    `resources` are those of the last update (components/past.py). AWS is asked only about a repository that the
    record knows, and only where the record does not say it all: with nothing to do, nobody is asked.
    """

    def __init__(self, resources: Mapping[str, Any], account: pulumi.ProviderResource) -> None:
        self._account = account
        self._repositories = {
            str(one["outputs"].get("name")) for one in resources.values() if one["type"] == REPOSITORY
        }
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
