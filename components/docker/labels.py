"""Labels: by them, never by names, Portico finds its own resources on an engine that others use too."""

import pulumi
import pulumi_docker as docker

from portico.components.scope import name_owner
from portico.config.release import hardening as plain


def list_labels(role: str, site: str | None = None, release: str | None = None) -> dict[str, str]:
    """What a thing is for; the edge and the network belong to no single site or release."""
    return plain.list_labels(name_owner(), pulumi.get_stack(), role, site, release)


def label_container(role: str, site: str | None = None, release: str | None = None) -> list[docker.ContainerLabelArgs]:
    """The labels in the form that docker.Container takes."""
    labels = list_labels(role, site, release)
    return [docker.ContainerLabelArgs(label=key, value=value) for key, value in labels.items()]
