"""Backups of the folders of data: the container that makes and proves them, beside the sites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pulumi_docker as docker

from portico.components.build_context import write_files
from portico.components.docker.dumpers import Dumpers, Served
from portico.components.docker.hardening import drop_capabilities, harden, require_success
from portico.components.docker.images import build_image
from portico.components.docker.labels import label_container, list_labels
from portico.components.docker.volumes import keep_volume
from portico.components.partial_update import list_made, or_none
from portico.components.scope import name_owner
from portico.config.backups import (
    DATA,
    IMAGE,
    PROGRAM,
    ROLE,
    SECRETS,
    SERVERS,
    SPOOLS,
    TO,
    VARIABLE,
    WORK,
    make_context,
    spell_asked,
    tell,
)
from portico.config.release.digest import digest_files
from portico.config.settings import Settings

# Seconds that it has to end: restic ends at once, a copy of a database takes longer.
_GRACE = 60
# Of the processor, where others want it, too: theirs are 1024.
_SHARES = 256


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """`data` are the names of the volumes by "site/data", `services` what is dumped by its name, `files` its secrets.

    `verdict`, `network` and `builder` are those of CertificatesArgs. `after` is what is made first.
    """

    settings: Settings
    root: Path
    data: Mapping[str, pulumi.Input[str]]
    services: Mapping[str, Served]
    network: pulumi.Input[str]
    verdict: pulumi.Input[str]
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    builder: pulumi.Input[str] | None = None
    after: Sequence[pulumi.CustomResource] = ()


class Backups(pulumi.ComponentResource):
    """What makes backups and proves them (components/in_container/backups). It outlives releases.

    It reads the folders of data and can write none of them. What servers have is dumped by a container each
    (dumpers.py). Who brings a backup back makes a container of its own
    (cli/restoring.py).

    Outputs: `container` (id).
    """

    container: pulumi.Output[str]

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Backups", name, None, opts)
        assert args.settings.backups
        context = make_context(args.settings.backups)
        digest = digest_files(context)
        folder = write_files(args.root, IMAGE, digest, context, args.settings.ca_bundle)
        image = or_none(build_image(IMAGE, digest, folder, args.verdict, self, args.builder).image_id)
        child = pulumi.ResourceOptions(parent=self)
        work = keep_volume(f"{name}-work", "backup-work", child)
        secrets = docker.Volume(
            f"{name}-secrets",
            labels=[
                docker.VolumeLabelArgs(label=key, value=value) for key, value in list_labels("backup-secrets").items()
            ],
            opts=child,
        ).name
        laid = self._lay_out(name, args, image, secrets)
        dumpers = Dumpers(args.settings, args.services)
        dumpers.make(name, self)
        described = self._describe(args, image, work, secrets, laid, dumpers)
        maker = docker.Container(
            f"{name}-maker",
            harden(described, memory=args.settings.backups.memory.mebibytes),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list_made(args.after),
                # Two containers would each make every backup.
                delete_before_replace=True,
                replace_on_changes=["*"],
            ),
        )
        self.container = maker.id
        self.register_outputs({"container": self.container})

    def _lay_out(
        self, name: str, args: BackupsArgs, image: pulumi.Input[str], secrets: pulumi.Input[str]
    ) -> pulumi.Output[str]:
        """Write its secrets into their volume: Docker copies no file into a container with a read-only file system."""
        incoming = [
            docker.ContainerUploadArgs(file=f"/incoming/{file}", content=pulumi.Output.secret(text), permissions="0400")
            for file, text in sorted(args.files.items())
        ]
        laid = docker.Container(
            f"{name}-key",
            harden(
                docker.ContainerArgs(
                    image=image,
                    # What belonged to another key goes first.
                    entrypoints=["sh", "-c", f"rm -f {SECRETS}/* && cp -p /incoming/* {SECRETS}/"],
                    labels=label_container("backup-key"),
                    uploads=incoming,
                    volumes=[docker.ContainerVolumeArgs(volume_name=secrets, container_path=SECRETS)],
                    user="0:0",
                    read_only=False,
                    network_mode="none",
                    attach=True,
                    logs=True,
                    must_run=False,
                    restart="no",
                ),
                memory=64,
            ),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, replace_on_changes=["*"]),
        )
        return require_success(laid, "The key of the backups could not be written")

    def _describe(
        self,
        args: BackupsArgs,
        image: pulumi.Input[str],
        work: pulumi.Input[str],
        secrets: pulumi.Input[str],
        laid: pulumi.Input[str],
        dumpers: Dumpers,
    ) -> docker.ContainerArgs:
        backups = args.settings.backups
        assert backups
        reported = spell_asked(tell(args.settings, name_owner(), pulumi.get_stack()))
        local = backups.kind == "folder"
        return docker.ContainerArgs(
            image=image,
            entrypoints=[PROGRAM],
            # With another key it begins again.
            envs=[f"{VARIABLE}={reported}", pulumi.Output.concat("SECRETS=", laid)],
            labels=label_container(ROLE),
            # Root, who may read whatever mode a file has, and give what is brought back for the proof to its owner.
            # Not CAP_DAC_READ_SEARCH: with that one a file of the machine is opened by its number.
            user="0:0",
            capabilities=drop_capabilities("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"),
            volumes=[
                *(
                    docker.ContainerVolumeArgs(volume_name=volume, container_path=f"{DATA}/{key}", read_only=True)
                    for key, volume in args.data.items()
                ),
                *dumpers.mount(SPOOLS, SERVERS),
                docker.ContainerVolumeArgs(volume_name=work, container_path=WORK),
                docker.ContainerVolumeArgs(volume_name=secrets, container_path=SECRETS, read_only=True),
                *([docker.ContainerVolumeArgs(host_path=backups.to, container_path=TO)] if local else []),
            ],
            tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=32m,mode=1777"},
            cpu_shares=_SHARES,
            restart="unless-stopped",
            destroy_grace_seconds=_GRACE,
            **(
                {"network_mode": "none"}
                if local
                else {"networks_advanced": [docker.ContainerNetworksAdvancedArgs(name=args.network)]}
            ),
        )
