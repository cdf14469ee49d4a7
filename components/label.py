"""Labels: by them, and never by a name, Portico knows its own on an engine that others use too."""

import pulumi
import pulumi_docker as docker


def list_labels(role: str, site: str | None = None, release: str | None = None) -> dict[str, str]:
    """What a thing is for; the edge and the network belong to no single site or release."""
    labels = {
        "portico.project": pulumi.get_project(),
        "portico.stack": pulumi.get_stack(),
        "portico.role": role,
        "portico.site": site,
        "portico.release": release,
    }
    return {key: value for key, value in labels.items() if value is not None}


def label_container(role: str, site: str | None = None, release: str | None = None) -> list[docker.ContainerLabelArgs]:
    """The labels in the form that docker.Container takes."""
    labels = list_labels(role, site, release)
    return [docker.ContainerLabelArgs(label=key, value=value) for key, value in labels.items()]
