"""What the containers of a release are handed, whatever runs in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from portico.components.docker.attempts import LABEL
from portico.components.docker.hardening import spell_environment
from portico.components.scope import name_owner
from portico.config.release.release import Release
from portico.config.release.replica import Described, Place


@dataclass(frozen=True, kw_only=True)
class ProcessArgs:
    """`image`, `files` and `secrets` come from FlaskApp; `network` and `sockets` are names.

    `data` are the names of the volumes of the site's data, by the data's name, and `services` those of the networks of
    its services, by the service's name.
    """

    release: Release
    image: pulumi.Input[str]
    files: pulumi.Input[str]
    network: pulumi.Input[str]
    sockets: pulumi.Input[str]
    secrets: pulumi.Input[str] | None = None
    data: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    services: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    def find_place(self) -> Place:
        """Where the release's containers are made."""
        return Place(
            project=name_owner(),
            stack=pulumi.get_stack(),
            sockets=self.sockets,
            secrets=self.secrets,
            network=self.network,
            data=self.data,
            services=self.services,
        )

    def complete(self, made: Described, attempt: int) -> docker.ContainerArgs:
        """The container that `made` describes; another `attempt` is another container of the same release."""
        made["labels"].append({"label": LABEL, "value": str(attempt)})
        # `files` is waited for: by then the folder for the socket and the secrets are there.
        made["envs"] = spell_environment(made["envs"], self.files)
        return docker.ContainerArgs(image=self.image, **made)
