"""What dumps the services of a stack for its backups: a container for each, beside the server's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from portico.components.docker.hardening import start_first
from portico.components.docker.labels import list_labels
from portico.components.docker.volumes import keep_volume
from portico.config.services.dumper import ROLE, describe_dumper
from portico.config.services.labels import NAME
from portico.config.settings import Settings
from portico.config.settings.service import VALKEY, Service


@dataclass(frozen=True, kw_only=True)
class Served:
    """A service whose data is backed up: `image` is its server's (id), `volume` the name of that of its data."""

    service: Service
    image: pulumi.Input[str]
    volume: pulumi.Input[str]


@dataclass
class Dumpers:
    """Their volumes by the name of the service: what each shares with what makes backups."""

    settings: Settings
    served: Mapping[str, Served]
    spools: dict[str, pulumi.Output[str]] = field(default_factory=dict)

    def make(self, name: str, parent: pulumi.Resource) -> None:
        """Make them. Nobody waits for them: they are asked when a backup is made."""
        child = pulumi.ResourceOptions(parent=parent)
        for key, one in self.served.items():
            spool = self.spools[key] = keep_volume(f"{name}-{key}-spool", "backup-spool", child)
            labels = {**list_labels(ROLE), NAME: one.service.name}
            docker.Container(
                f"{name}-{key}-dumper",
                docker.ContainerArgs(
                    image=one.image,
                    labels=[docker.ContainerLabelArgs(label=key, value=value) for key, value in labels.items()],
                    **describe_dumper(self.settings, one.service, one.volume, spool),
                ),
                # Two at once would answer one another's questions.
                opts=start_first(parent, stop_first=True),
            )

    def mount(self, spools: str, servers: str) -> Iterator[docker.ContainerVolumeArgs]:
        """What of it the container has that makes backups, below these folders."""
        for key, one in self.served.items():
            yield docker.ContainerVolumeArgs(volume_name=self.spools[key], container_path=f"{spools}/{key}")
            if one.service.kind == VALKEY:
                path = f"{servers}/{key}/{one.service.data.name}"
                yield docker.ContainerVolumeArgs(volume_name=one.volume, container_path=path, read_only=True)
