"""What runs beside the sites and outlives their releases: who orders certificates, and who makes backups."""

from collections.abc import Sequence

import pulumi

from portico.components.docker.backups import Backups, BackupsArgs
from portico.components.docker.certificates import Certificates, CertificatesArgs, CertificateVolumes
from portico.components.docker.site import SiteScope


def make_beside(
    name: str, scope: SiteScope, ordered: CertificateVolumes | None, after: Sequence[pulumi.CustomResource]
) -> None:
    """Make what the settings ask for; `name` is the stack's, and nothing is made before `after`."""
    stack, settings, network = scope.stack, scope.stack.settings, scope.networks.shared.id
    child = pulumi.ResourceOptions(parent=scope.parent)
    if ordered:
        Certificates(
            f"{name}-certificates",
            CertificatesArgs(
                settings=settings,
                root=scope.root,
                volumes=ordered,
                network=network,
                verdict=scope.verdict,
                files=stack.private.client,
                builder=scope.builder,
                after=after,
            ),
            child,
        )
    if settings.backups:
        volumes = {
            f"{site.name}/{data}": volume
            for site in settings.sites
            for data, volume in scope.data.of(site.name).items()
        }
        Backups(
            f"{name}-backups",
            BackupsArgs(
                settings=settings,
                root=scope.root,
                data=volumes,
                services=dict(scope.services.list_served(scope.data)),
                network=network,
                verdict=scope.verdict,
                files=stack.private.backups,
                builder=scope.builder,
                after=after,
            ),
            child,
        )
