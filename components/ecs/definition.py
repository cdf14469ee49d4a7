"""The definition of a task: what it is made of and what it may use, by revisions of a family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.components.scope import name_owner


@dataclass(frozen=True, kw_only=True)
class DataVolume:
    """A folder of data: the volume's name in the task, and the ids of the file system and the access point."""

    name: str
    system: pulumi.Input[str]
    point: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class DefinitionArgs:
    """`containers` are the container definitions (JSON), `volumes` the names of what they share, `data` what lasts.

    `cpu` is in AWS's units, 1024 a core, `memory` in MiB. `process` tells it from the site's web, "" for that. The
    roles are ARNs.
    """

    site: str
    architecture: str
    cpu: int
    memory: int
    containers: pulumi.Input[str]
    volumes: Sequence[str]
    execution_role: pulumi.Input[str]
    task_role: pulumi.Input[str]
    process: str = ""
    data: Sequence[DataVolume] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def define_task(
    name: str, args: DefinitionArgs, parent: pulumi.Resource, opts: pulumi.ResourceOptions | None = None
) -> aws.ecs.TaskDefinition:
    """A definition for Fargate, of the site's family; one before it stays. `opts` say what comes before it."""
    kind = {"arm64": "ARM64", "x86_64": "X86_64"}[args.architecture]
    # No name of a site holds an underscore.
    process = f"_{args.process}" if args.process else ""
    return aws.ecs.TaskDefinition(
        f"{name}-task",
        family=f"{name_owner().replace('.', '-')}-{pulumi.get_stack()}-{args.site}{process}",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu=str(args.cpu),
        memory=str(args.memory),
        runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
            cpu_architecture=kind, operating_system_family="LINUX"
        ),
        execution_role_arn=args.execution_role,
        task_role_arn=args.task_role,
        container_definitions=args.containers,
        volumes=[
            *(aws.ecs.TaskDefinitionVolumeArgs(name=volume) for volume in args.volumes),
            *map(_share, args.data),
        ],
        # The one before stays, for AWS to go back to: it costs nothing.
        skip_destroy=True,
        tags=make_tags(f"{args.site}{f'-{args.process}' if args.process else ''}", args.tags),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=parent)),
    )


def _share(volume: DataVolume) -> aws.ecs.TaskDefinitionVolumeArgs:
    """Over TLS, and with the task's own role, which may use its access points alone."""
    way = aws.ecs.TaskDefinitionVolumeEfsVolumeConfigurationAuthorizationConfigArgs(
        access_point_id=volume.point, iam="ENABLED"
    )
    return aws.ecs.TaskDefinitionVolumeArgs(
        name=volume.name,
        efs_volume_configuration=aws.ecs.TaskDefinitionVolumeEfsVolumeConfigurationArgs(
            file_system_id=volume.system, transit_encryption="ENABLED", authorization_config=way
        ),
    )
