"""ECS on Fargate: AWS runs each site as tasks of its own, behind one load balancer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws
import pulumi_docker

from portico.components.aws.account import require_account
from portico.components.aws.enclosure import require_range
from portico.components.aws.hosted_zone import list_names, require_zone
from portico.components.aws.short_names import BUCKET, ROLE, require_short
from portico.components.aws.zones import choose_zones, list_known
from portico.components.aws_command import has_command
from portico.components.docker.buildx_builder import name_builder
from portico.components.docker.diagnosis import Diagnosis
from portico.components.docker.engine_client import Engine
from portico.components.ecs import Fleet, FleetArgs, RegistryContents
from portico.components.ecs.command_record import read_done
from portico.components.ecs.emulation import require_platform
from portico.components.ecs.files import Kept
from portico.components.ecs.image import open_registry
from portico.components.managed.services import ManagedServices, ManagedServicesArgs
from portico.components.previous_outputs import read_resources
from portico.components.scope import name_resource, name_scope, place
from portico.config.load import Stack

# Names in a certificate of ACM that an account has by itself.
_NAMES = 10


def deploy_tasks(stack: Stack, root: Path, previous: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of the stack on AWS; the stack's outputs. Images are built on the user's own Docker."""
    settings = stack.settings
    assert settings.ecs
    longest = [(name_resource(f"{one.name}-roles-execution"), ROLE) for one in settings.sites]
    require_short(name_scope(), [*longest, (name_resource("fleet-access-logs-bucket"), BUCKET)])
    region, platform, here = settings.ecs.region, settings.ecs.platform, Engine(settings.docker)
    account = pulumi_aws.Provider(name_resource(f"fleet-{region}"), region=region)
    docker = pulumi_docker.Provider(
        name_resource("fleet-docker"), host=here.address, registry_auth=[open_registry(account)]
    )
    if not settings.ecs.https:
        pulumi.log.warn(
            "The sites are served over plain HTTP, which anyone on the way can read and change; write ecs.dns, or "
            "the ARN of a certificate at ecs.certificate."
        )
    resources = read_resources()
    network = name_resource("fleet-network")
    require_account(resources, network, account)
    require_range("ecs.range", settings.ecs.range, resources, network)
    if dns := settings.ecs.dns:
        names = list_names([(one.hosts, one.aliases) for one in settings.sites])
        require_zone("ecs.dns.zone", dns.zone, names, account)
        if (count := len(set(names.values()))) > _NAMES and not list_known(resources, region, network):
            pulumi.log.warn(
                f"The certificate is for {count} names, and an account has {_NAMES} in one until it asks for more; "
                "otherwise the update ends with LimitExceededException. portico doctor tells how."
            )
    _require_command(stack)
    managed = ManagedServices(
        ManagedServicesArgs(
            settings=settings,
            region=region,
            retention=settings.ecs.retention,
            resources=resources,
            tags=settings.ecs.tags,
        )
    )
    fleet = Fleet(
        name_resource("fleet"),
        FleetArgs(
            stack=stack,
            managed=managed,
            zones=choose_zones(settings.ecs, list_known(resources, region, network), account),
            contents=RegistryContents(resources, account, region),
            root=root,
            previous=previous,
            builder=name_builder(here, pulumi.get_stack()),
            hooks=Diagnosis(here).hooks,
            require_builder=lambda: require_platform(here, platform),
            kept=Kept.find(resources, account, settings),
            done=read_done(stack, resources) if pulumi.runtime.is_dry_run() else {},
        ),
        place(pulumi.ResourceOptions(providers=[account, docker])),
    )
    return fleet.outputs


def _require_command(stack: Stack) -> None:
    """Refuse with pulumi.RunError a release command on a machine that cannot start it."""
    if has_command():
        return
    for index, site in enumerate(stack.settings.sites):
        if site.release:
            raise pulumi.RunError(
                f"sites[{index}].release: the AWS CLI starts the release command on ecs, and there is no `aws` on this "
                "machine; install it. Nothing was changed."
            )
