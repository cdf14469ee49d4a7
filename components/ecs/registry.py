"""Where the images of one site lie, for ECS to fetch them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.components.docker.images import name_image

# The roles of images: each has a repository of its own, so that many of one kind never push out the other.
ROLES = ("application", "nginx")

# Releases in a row that may fail before the image of the one that serves would be forgotten for them.
_FAILED = 10


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """`keep` is how many images of each kind stay to go back to, besides the one that serves."""

    site: str
    keep: int
    tags: Mapping[str, str] = field(default_factory=dict)


class Registry(pulumi.ComponentResource):
    """Two repositories of ECR: of the application's images and of NGINX's.

    Outputs: `urls` ({role: URL}), `arns` ({role: ARN}); roles are those of ROLES.
    """

    urls: dict[str, pulumi.Output[str]]
    arns: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Registry", name, None, opts)
        self.urls, self.arns = {}, {}
        for role in ROLES:
            repository = aws.ecr.Repository(
                f"{name}-{role}",
                name=name_repository(args.site, role),
                # A tag is the digest of what it was made of: never does it come to mean something else.
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
                encryption_configurations=[aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS")],
                # A removed site goes with its images, in a protected stack too: ECR refuses to
                # remove a repository that holds some. What keeps a protected stack is Pulumi, which removes nothing.
                force_delete=True,
                tags=make_tags(f"{args.site}-{role}", args.tags),
                opts=pulumi.ResourceOptions(parent=self),
            )
            aws.ecr.LifecyclePolicy(
                f"{name}-{role}-lifecycle",
                repository=repository.name,
                policy=json.dumps(_forget(args.keep + 1 + _FAILED)),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.urls[role], self.arns[role] = repository.repository_url, repository.arn
        self.register_outputs({"urls": self.urls, "arns": self.arns})


def name_repository(site: str, role: str) -> str:
    """The name of a site's repository, known before it exists; the stack is in it, as in every image's name."""
    return name_image(site, role).replace(":", "/")


def _forget(number: int) -> dict[str, object]:
    """The newest `number` images stay, and nothing that has lost its name."""

    def expire(priority: int, description: str, **selection: object) -> dict[str, object]:
        return {
            "rulePriority": priority,
            "description": description,
            "selection": selection,
            "action": {"type": "expire"},
        }

    return {
        "rules": [
            expire(
                1,
                "Delete images without a tag after one day",
                tagStatus="untagged",
                countType="sinceImagePushed",
                countUnit="days",
                countNumber=1,
            ),
            expire(
                2,
                f"The newest {number} images stay",
                tagStatus="any",
                countType="imageCountMoreThan",
                countNumber=number,
            ),
        ]
    }
