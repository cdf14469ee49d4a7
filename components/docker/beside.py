"""Containers that outlive releases: the one that orders certificates, and the one that makes backups."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from portico.components.docker.attempts import find_container
from portico.components.docker.backups import Backups, BackupsArgs
from portico.components.docker.certificates import Certificates, CertificatesArgs, CertificateVolumes
from portico.components.docker.preview import is_announced
from portico.components.docker.site import SiteScope
from portico.components.scope import name_owner
from portico.config.backups import VARIABLE, tell
from portico.config.messages.backup_changes import tell_backups
from portico.config.settings import Settings


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


def announce_backups(name: str, settings: Settings, resources: Mapping[str, Any]) -> None:
    """Announce their changes; `resources` are those of the stack (components/previous_outputs.py)."""
    if not is_announced():
        return
    made = find_container(resources, f"{name}-backups-maker")
    backups = settings.backups
    after = tell(settings, name_owner(), pulumi.get_stack()) if backups else None
    if change := tell_backups(_read_asked(made) if made else None, after, backups.to if backups else ""):
        pulumi.log.info(str(change))


def _read_asked(made: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the container was asked for; {} where its record does not tell."""
    texts = [str(one).partition("=") for one in made.get("envs") or []]
    asked: dict[str, Any] = next((json.loads(text) for name, _, text in texts if name == VARIABLE), {})
    return asked
