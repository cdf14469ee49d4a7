"""One site on ECS: its images, what it is given, and the tasks that serve it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.components.barrier import hold_back
from portico.components.ecs.commands import CommandsArgs, offer_commands, run_release_command
from portico.components.ecs.definition import DefinitionArgs
from portico.components.ecs.hosts import HostRule
from portico.components.ecs.images import Images, Workshop
from portico.components.ecs.infrastructure import Infrastructure
from portico.components.ecs.processes import ProcessesArgs, run_processes
from portico.components.ecs.registry import Registry, RegistryArgs
from portico.components.ecs.roles import Roles, RolesArgs
from portico.components.ecs.scaling import Scaling, ScalingArgs
from portico.components.ecs.secrets import USERS, Secrets, SecretsArgs
from portico.components.ecs.service import Service, ServiceArgs
from portico.components.partial_update import or_none
from portico.config.render.layout import LISTEN, READY
from portico.config.settings import Settings
from portico.config.targets.ecs import VOLUMES, FleetSite, container_definitions


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """`settings` are the stack's. `secrets` are {NAME: value}, a secret output; `rules` say which hosts are its own.

    `pinned`: it goes back to an earlier release. `served` is the release that is live, "" where there is none.
    """

    fleet: FleetSite
    settings: Settings
    infrastructure: Infrastructure
    workshop: Workshop
    rules: Sequence[HostRule]
    secrets: pulumi.Output[Mapping[str, str]] | None = None
    pinned: bool = False
    served: str = ""


class Site(pulumi.ComponentResource):
    """A site, from its source to its tasks behind the balancer.

    NGINX's image is built, and with that its files are checked, before a task is touched; both images are in the
    registry before a task asks for them. The release command has ended well before a task is replaced.

    Outputs: `live` (ARN of the task definition, once it is what runs).
    """

    live: pulumi.Output[str]

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Site", name, None, opts)
        assert args.settings.ecs
        self._name, self._args, self._ecs = name, args, args.settings.ecs
        self._child = pulumi.ResourceOptions(parent=self)
        settings, fleet, infrastructure = args.settings, args.fleet, args.infrastructure
        site, tags = fleet.site.name, self._ecs.tags
        registry = Registry(
            f"{name}-registry",
            RegistryArgs(site=site, keep=settings.keep_releases, tags=tags),
            self._child,
        )
        application, nginx = Images(name, fleet, settings, registry, args.workshop, self).make()
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            retention_in_days=self._ecs.retention,
            tags=make_tags(f"{site}-logs", tags),
            opts=self._child,
        )
        secrets = self._keep_secrets()
        self._data, points = infrastructure.files.share(fleet.release) if infrastructure.files else ([], [])
        roles = Roles(
            f"{name}-roles",
            RolesArgs(
                site=site,
                repositories=list(registry.arns.values()),
                logs=logs.arn,
                secrets=[secrets.arn] if secrets else [],
                files=infrastructure.files.arn if infrastructure.files else None,
                points=points,
                tags=tags,
            ),
            self._child,
        )
        timing = fleet.timing
        self._reported = pulumi.Output.all(
            application=application.reference,
            nginx=nginx.reference,
            log_group=logs.name,
            secrets=secrets.references if secrets else {},
        )
        self._roles = roles
        commands = CommandsArgs(
            release=fleet.release,
            ecs=self._ecs,
            infrastructure=infrastructure,
            define=self._define,
            logs=logs.name,
            pinned=args.pinned,
            served=args.served,
        )
        barrier = run_release_command(name, commands, self._child)
        service = Service(
            name,
            ServiceArgs(
                site=site,
                region=self._ecs.region,
                definition=self._define(self._define_web, fleet.memory, list(VOLUMES)),
                replicas=fleet.replicas,
                most=self._ecs.most,
                rules=args.rules,
                listener=infrastructure.listener,
                vpc=infrastructure.vpc,
                subnets=infrastructure.subnets,
                firewalls=infrastructure.firewalls,
                public=infrastructure.public,
                cluster=infrastructure.cluster_arn,
                logs=logs.name,
                container="nginx",
                port=LISTEN,
                checked=READY,
                ready="/ready",
                drain=timing.deregistration,
                wait=timing.health_grace,
                algorithm=fleet.algorithm,
                barrier=barrier,
                tags=tags,
            ),
            self._child,
        )
        Scaling(
            f"{name}-scaling",
            ScalingArgs(
                site=site,
                cluster=infrastructure.cluster_name,
                service=service.name,
                least=fleet.replicas,
                most=self._ecs.most,
                cpu=self._ecs.cpu_target,
                requests=self._ecs.requests_target,
                label=pulumi.Output.concat(infrastructure.suffix, "/", service.suffix),
                tags=tags,
            ),
            self._child,
        )
        workers = run_processes(
            name,
            ProcessesArgs(
                release=fleet.release,
                ecs=self._ecs,
                infrastructure=infrastructure,
                define=self._define,
                web=service.live,
                logs=logs.name,
                barrier=barrier,
            ),
            self._child,
        )
        offer_commands(name, commands, service.live, barrier, self)
        self.live = hold_back(barrier, pulumi.Output.all(service.live, *workers).apply(lambda live: str(live[0])))
        self.register_outputs({"live": self.live})

    def _define(
        self, containers: Callable[[Mapping[str, Any]], Any], memory: int, volumes: Sequence[str], process: str = ""
    ) -> DefinitionArgs:
        """What tasks are made of, whose `containers` follow from what AWS has named by then."""
        return DefinitionArgs(
            site=self._args.fleet.site.name,
            architecture=self._ecs.architecture,
            cpu=self._ecs.cpu,
            memory=memory,
            containers=or_none(self._reported.apply(lambda found: json.dumps(containers(found))), none="[]"),
            volumes=volumes,
            execution_role=self._roles.execution,
            task_role=self._roles.task,
            process=process,
            data=self._data,
            tags=self._ecs.tags,
        )

    def _define_web(self, found: Mapping[str, Any]) -> list[dict[str, Any]]:
        secrets = dict(found["secrets"])
        users = secrets.pop(USERS, None)
        return container_definitions(
            self._args.fleet,
            application=found["application"],
            nginx=found["nginx"],
            log_group=found["log_group"],
            region=self._ecs.region,
            secrets=secrets,
            users=users,
        )

    def _keep_secrets(self) -> Secrets | None:
        args = self._args
        users = next(iter(args.fleet.private.files.values()), None)
        if args.secrets is None and users is None:
            return None
        return Secrets(
            f"{self._name}-secrets",
            SecretsArgs(
                site=args.fleet.site.name,
                values=args.secrets,
                users=users,
                protect=args.settings.protect,
                tags=self._ecs.tags,
            ),
            self._child,
        )
