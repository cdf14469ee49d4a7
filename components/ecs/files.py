"""The data of all sites: a file system that tasks share over the network, and outlives the stack."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pulumi
import pulumi_aws as aws

from portico.components.aws.disk import list_stored
from portico.components.aws.gate import Gate
from portico.components.aws.short_names import shorten
from portico.components.aws.tags import make_tags
from portico.components.ecs.definition import DataVolume
from portico.components.scope import name_owner, name_resource
from portico.config.release.release import Release
from portico.config.settings import Settings
from portico.config.targets.ecs import name_volume

_NFS = 2049
_SYSTEM = "aws:efs/fileSystem:FileSystem"
# The most characters of a token.
_TOKEN = 64
# The role's part of the tags.
DATA = "data"


@dataclass(frozen=True, kw_only=True)
class FilesArgs:
    """`subnets` are those of the tasks, one a zone, and `tasks` is their security group (id).

    `left` is the id of a file system that is in no record, since `down` has left it: it is taken over. `stored` says
    whose data is on it, as tags.
    """

    vpc: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    tasks: pulumi.Input[str]
    left: str | None = None
    stored: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Files(pulumi.ComponentResource):
    """An encrypted file system with a backup each day, which Pulumi makes and never deletes.

    Each folder of data is reached by an access point of its own, as the site's user and as nobody else, and over TLS
    alone. The tasks of one site have no way to another one's folders.

    Outputs: `id`, `arn`.
    """

    id: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: FilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Files", name, None, opts)
        self._name, self._args, self._child = name, args, pulumi.ResourceOptions(parent=self)
        system = aws.efs.FileSystem(
            f"{name}-system",
            creation_token=spell_token(),
            encrypted=True,
            # Paid by what is read and written, so nothing is to be provisioned.
            throughput_mode="elastic",
            tags=make_tags(DATA, args.tags, **args.stored),
            opts=pulumi.ResourceOptions(
                parent=self,
                retain_on_delete=True,
                import_=args.left,
                ignore_changes=["tags", "tagsAll"] if args.left else None,
            ),
        )
        self.id, self.arn = system.id, system.arn
        aws.efs.BackupPolicy(
            f"{name}-backups",
            file_system_id=system.id,
            backup_policy=aws.efs.BackupPolicyBackupPolicyArgs(status="ENABLED"),
            opts=self._child,
        )
        aws.efs.FileSystemPolicy(
            f"{name}-policy", file_system_id=system.id, policy=system.arn.apply(_refuse_plain), opts=self._child
        )
        self._targets = [one.id for one in self._mount(system)]
        self.register_outputs({"id": self.id, "arn": self.arn})

    def share(self, release: Release) -> tuple[list[DataVolume], list[pulumi.Output[str]]]:
        """The folders of a site as its tasks have them, and the ARNs of its access points; both [] without data."""
        site = release.site
        volumes, arns = [], []
        for one in site.data:
            owner = aws.efs.AccessPointRootDirectoryCreationInfoArgs(
                owner_uid=release.uid, owner_gid=release.uid, permissions="0750"
            )
            point = aws.efs.AccessPoint(
                name_resource(f"{site.name}-data-{one.name}"),
                file_system_id=self.id,
                posix_user=aws.efs.AccessPointPosixUserArgs(uid=release.uid, gid=release.uid),
                root_directory=aws.efs.AccessPointRootDirectoryArgs(
                    path=f"/{site.name}/{one.name}", creation_info=owner
                ),
                tags=make_tags(f"{site.name}-{one.name}", self._args.tags),
                opts=self._child,
            )
            # A task that starts before the way there is open would not start.
            ready = pulumi.Output.all(point.id, *self._targets).apply(lambda found: str(found[0]))
            volumes.append(DataVolume(name=name_volume(one.name), system=self.id, point=ready))
            arns.append(point.arn)
        return volumes, arns

    def _mount(self, system: aws.efs.FileSystem) -> list[aws.efs.MountTarget]:
        """A way there in each zone, for tasks alone."""
        group = aws.ec2.SecurityGroup(
            f"{self._name}-group",
            vpc_id=self._args.vpc,
            description="Data: from the tasks alone",
            tags=make_tags(DATA, self._args.tags),
            opts=self._child,
        )
        inner, outer = (
            Gate(name=f"{self._name}-{part}", group=id, parent=self, tags=self._args.tags)
            for part, id in (("data", group.id), ("tasks", self._args.tasks))
        )
        inner.let_in("nfs", "tcp", _NFS, "Data: the tasks", peer=self._args.tasks)
        outer.let_out("nfs", "tcp", _NFS, "Tasks: their data", peer=group.id)
        return [
            aws.efs.MountTarget(
                f"{self._name}-target-{number}",
                file_system_id=system.id,
                subnet_id=subnet,
                security_groups=[group.id],
                opts=self._child,
            )
            for number, subnet in enumerate(self._args.subnets)
        ]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is known of the file system beforehand.

    `recorded` is whether Pulumi's record has one, and `stored` its tags; `left` is FilesArgs'.
    """

    recorded: bool = False
    left: str | None = None
    stored: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def find(cls, resources: Mapping[str, Any], account: aws.Provider, settings: Settings) -> Self:
        """From the resources that the last update left, or from AWS, if there is data to be kept."""
        known = [one["outputs"] for one in resources.values() if one["type"] == _SYSTEM]
        if known:
            return cls(recorded=True, stored=known[0].get("tags") or {})
        return cls(left=find_left(account) if any(site.data for site in settings.sites) else None)

    def needed(self, settings: Settings) -> dict[str, str] | None:
        """Whose data is on it, as tags; None where none is needed. Once there is one it stays."""
        data = [(site.name, one.name) for site in settings.sites for one in site.data]
        return list_stored(data, self.stored) if data or self.recorded else None


def spell_token() -> str:
    """By this word AWS knows the stack's file system, and makes no second one."""
    return shorten(f"{name_owner()}-{pulumi.get_stack()}-{DATA}", _TOKEN)


def find_left(account: aws.Provider) -> str | None:
    """The id of the file system that an earlier `down` has left in the account's region; None where there is none."""
    tags = {key: value for key, value in make_tags(DATA, {}).items() if key in ("Name", "Project", "Stack")}
    found = aws.resourcegroupstaggingapi.get_resources(
        resource_type_filters=["elasticfilesystem:file-system"],
        tag_filters=[
            aws.resourcegroupstaggingapi.GetResourcesTagFilterArgs(key=key, values=[value])
            for key, value in tags.items()
        ],
        opts=pulumi.InvokeOptions(provider=account),
    ).resource_tag_mapping_lists
    # AWS takes its token once, so there are not two.
    return next((str(one.resource_arn).rpartition("/")[2] for one in found), None)


def _refuse_plain(arn: str) -> str:
    """Nothing without TLS. Since there is a policy, nothing without a role either: which folders, that one says."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": {"AWS": "*"},
                    "Action": "*",
                    "Resource": arn,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        }
    )
