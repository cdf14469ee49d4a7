"""Volumes: what NGINX and the replicas share."""

import pulumi
import pulumi_docker as docker

from portico.components.docker.labels import list_labels


def keep_volume(name: str, role: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """A volume that outlives its containers; its Docker name."""
    labels = [docker.VolumeLabelArgs(label=key, value=value) for key, value in list_labels(role).items()]
    return docker.Volume(name, labels=labels, opts=opts).name
