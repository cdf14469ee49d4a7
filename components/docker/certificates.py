"""Certificates that are ordered: their volume, and the client that orders and renews them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker

from portico.components.build_context import write_files
from portico.components.docker.hardening import harden
from portico.components.docker.images import build_image
from portico.components.docker.labels import label_container, list_labels
from portico.components.docker.volumes import keep_volume
from portico.components.partial_update import list_made, or_none
from portico.components.scope import name_owner
from portico.config.release.digest import digest_files, digest_secrets
from portico.config.render.layout import CERTIFICATES, CHALLENGES
from portico.config.settings import Settings
from portico.config.tls.ordering import CLIENT, USER, make_context, write_words

ROLE = "certificates"
# Seconds that an order has to end; a client that waits ends at once.
_GRACE = 60


@dataclass(frozen=True)
class CertificateVolumes:
    """The names of the volumes: certificates with their keys, and the answers to challenges."""

    certificates: pulumi.Output[str]
    challenges: pulumi.Output[str]

    def mount(self, *, writes: bool = False) -> list[docker.ContainerVolumeArgs]:
        """Their mounts in NGINX's container. The answers to challenges are read-only without `writes`."""
        return [
            # NGINX itself chooses in it which are live: the folder `live` alone is its own.
            docker.ContainerVolumeArgs(volume_name=self.certificates, container_path=CERTIFICATES),
            docker.ContainerVolumeArgs(volume_name=self.challenges, container_path=CHALLENGES, read_only=not writes),
        ]


def name_volume() -> str:
    """What Docker calls the volume of certificates: what `down` has left is taken over by the next `up`.

    No data's name holds an underscore, and none of theirs has this one.
    """
    return f"{name_owner()}.{pulumi.get_stack()}.ordered_certificates"


def keep_certificates(name: str, settings: Settings, opts: pulumi.ResourceOptions) -> CertificateVolumes | None:
    """The volumes, where certificates are ordered; None elsewhere.

    Few certificates of the same names are given in a week, so Pulumi never deletes them.
    """
    if not settings.ordered:
        return None
    labels = [docker.VolumeLabelArgs(label=key, value=value) for key, value in list_labels(ROLE).items()]
    kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True, protect=False))
    certificates = docker.Volume(f"{name}-certificates", name=name_volume(), labels=labels, opts=kept).name
    return CertificateVolumes(certificates, keep_volume(f"{name}-challenges", "challenges", opts))


@dataclass(frozen=True, kw_only=True)
class CertificatesArgs:
    """`verdict` resolves once the configuration has been accepted; `network` is a name, `builder` PorticoArgs'.

    `after` are what must be there before an authority may ask: NGINX with its port, and the switch.
    """

    settings: Settings
    root: Path
    volumes: CertificateVolumes
    network: pulumi.Input[str]
    verdict: pulumi.Input[str]
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    builder: pulumi.Input[str] | None = None
    after: Sequence[pulumi.CustomResource] = ()


class Certificates(pulumi.ComponentResource):
    """The client that orders certificates and renews them (components/in_container/certificates.py).

    It outlives releases; other host names make another one, after the old one has ended.

    Outputs: `container` (id).
    """

    container: pulumi.Output[str]

    def __init__(self, name: str, args: CertificatesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Certificates", name, None, opts)
        context = make_context(args.settings)
        digest = digest_files(context)
        folder = write_files(args.root, CLIENT, digest, context, args.settings.ca_bundle)
        image = build_image(CLIENT, digest, folder, args.verdict, self, args.builder)
        client = docker.Container(
            f"{name}-client",
            harden(self._describe(args, image), memory=192),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list_made(args.after),
                # Two at once would order twice.
                delete_before_replace=True,
                replace_on_changes=["*"],
            ),
        )
        self.container = client.id
        self.register_outputs({"container": self.container})

    def _describe(self, args: CertificatesArgs, image: Any) -> docker.ContainerArgs:
        return docker.ContainerArgs(
            image=or_none(image.image_id),
            entrypoints=write_words(args.settings),
            # It reads them when it starts.
            envs=[f"FILES={digest_secrets(args.files)}"],
            labels=label_container("acme"),
            user=USER,
            volumes=args.volumes.mount(writes=True),
            tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=32m,mode=1777"},
            networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=args.network)],
            restart="unless-stopped",
            destroy_grace_seconds=_GRACE,
        )
