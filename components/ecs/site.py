"""One site on ECS: its images, what it is told, and the tasks that serve it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker

from components.aws.tags import make_tags
from components.context import write_context
from components.ecs.hosts import HostRule
from components.ecs.image import Image, ImageArgs
from components.ecs.registry import Registry, RegistryArgs, name_repository
from components.ecs.roles import Roles, RolesArgs
from components.ecs.scaling import Scaling, ScalingArgs
from components.ecs.secrets import USERS, Secrets, SecretsArgs
from components.ecs.service import Service, ServiceArgs
from components.ecs.stock import Stock
from config.fleet import VOLUMES, FleetSite, container_definitions
from config.layout import LISTEN, READY
from config.release import Release
from config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all sites of a stack share: the cluster, the network, the way in.

    `suffix` names the balancer in metrics.
    """

    cluster_arn: pulumi.Input[str]
    cluster_name: pulumi.Input[str]
    vpc: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    public: bool
    firewall: pulumi.Input[str]
    listener: pulumi.Input[str]
    suffix: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where images are made: contexts below `root`, by the `builder` of that name; `login` opens the registry.

    `stock` is what the registry has already; `hooks` are told of builds that failed.
    """

    root: Path
    stock: Stock
    login: docker.RegistryImageAuthConfigArgs
    builder: pulumi.Input[str] | None = None
    hooks: pulumi.ResourceHookBinding | None = None


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """`settings` are the stack's. `secrets` are {NAME: value}, a secret output; `rules` say which hosts are its own."""

    fleet: FleetSite
    settings: Settings
    ground: Ground
    workshop: Workshop
    rules: Sequence[HostRule]
    secrets: pulumi.Output[Mapping[str, str]] | None = None


class Site(pulumi.ComponentResource):
    """A site, from its source to its tasks behind the balancer.

    NGINX's image is built, and with that its files are checked, before a task is touched; both images are in the
    registry before a task asks for them.

    Outputs: `live` (ARN of the task definition, once it is what runs).
    """

    live: pulumi.Output[str]

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:Site", name, None, opts)
        assert args.settings.ecs
        self._name, self._args, self._ecs = name, args, args.settings.ecs
        self._child = pulumi.ResourceOptions(parent=self)
        settings, fleet, ground = args.settings, args.fleet, args.ground
        site, tags = fleet.site.name, self._ecs.tags
        self._registry = Registry(
            f"{name}-registry",
            RegistryArgs(site=site, keep=settings.keep_releases, protect=settings.protect, tags=tags),
            self._child,
        )
        application, nginx = self._make_images()
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            retention_in_days=self._ecs.retention,
            tags=make_tags(f"{site}-logs", tags),
            opts=self._child,
        )
        secrets = self._keep_secrets()
        roles = Roles(
            f"{name}-roles",
            RolesArgs(
                site=site,
                repositories=list(self._registry.arns.values()),
                logs=logs.arn,
                secrets=[secrets.arn] if secrets else [],
                tags=tags,
            ),
            self._child,
        )
        timing = fleet.timing
        service = Service(
            name,
            ServiceArgs(
                site=site,
                region=self._ecs.region,
                architecture=self._ecs.architecture,
                cpu=self._ecs.cpu,
                memory=fleet.memory,
                containers=pulumi.Output.all(
                    application=application.reference,
                    nginx=nginx.reference,
                    log_group=logs.name,
                    secrets=secrets.references if secrets else {},
                ).apply(lambda found: json.dumps(self._define(found))),
                volumes=list(VOLUMES),
                execution_role=roles.execution,
                task_role=roles.task,
                replicas=fleet.replicas,
                most=self._ecs.most,
                rules=args.rules,
                listener=ground.listener,
                vpc=ground.vpc,
                subnets=ground.subnets,
                firewall=ground.firewall,
                public=ground.public,
                cluster=ground.cluster_arn,
                logs=logs.name,
                container="nginx",
                port=LISTEN,
                checked=READY,
                ready="/ready",
                drain=timing.deregistration,
                wait=timing.health_grace,
                algorithm=fleet.algorithm,
                tags=tags,
            ),
            self._child,
        )
        Scaling(
            f"{name}-scaling",
            ScalingArgs(
                site=site,
                cluster=ground.cluster_name,
                service=service.name,
                least=fleet.replicas,
                most=self._ecs.most,
                cpu=self._ecs.cpu_target,
                requests=self._ecs.requests_target,
                label=pulumi.Output.concat(ground.suffix, "/", service.suffix),
                tags=tags,
            ),
            self._child,
        )
        self.live = service.live
        self.register_outputs({"live": self.live})

    def _define(self, found: Mapping[str, Any]) -> list[dict[str, Any]]:
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

    def _make_images(self) -> tuple[Image, Image]:
        """The application's image, and NGINX's, whose static files come out of the first."""
        fleet = self._args.fleet
        release = fleet.release
        known = self._find("application", release.image)
        laid = self._find("nginx", fleet.digest)
        wanted = laid is None and release.static is not None
        # Built also for its static files alone: on another machine than the last time it is not there.
        built = bool(release.context) and (known is None or wanted)
        application = self._make_image(
            "application", release.image, release if built else None, known, of=fleet.digest if wanted else ""
        )
        if laid is not None:
            return application, self._make_image("nginx", fleet.digest, None, laid)
        arguments: dict[str, pulumi.Input[str]] = {}
        if wanted:
            arguments["APPLICATION"] = application.local or self._fetch(application.reference)
        context = replace(release, image=f"nginx-{fleet.digest}", context=fleet.nginx)
        return application, self._make_image("nginx", fleet.digest, context, None, arguments=arguments)

    def _find(self, role: str, tag: str) -> str | None:
        """The digest of an image that the registry has, and not from a push that the stack's record knows.

        That one stays as it is, with its push.
        """
        stock, repository = self._args.workshop.stock, name_repository(self._args.fleet.site.name, role)
        # A past release is in no record: what was pushed is remembered by the registry alone.
        if self._args.fleet.release.context and stock.is_ours(repository, tag):
            return None
        return stock.find(repository, tag)

    def _make_image(
        self,
        role: str,
        tag: str,
        source: Release | None,
        held: str | None,
        *,
        of: str = "",
        arguments: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> Image:
        """The image of that tag, built from the context of `source`, or `held` by the registry."""
        workshop, ca_bundle = self._args.workshop, self._args.settings.ca_bundle
        return Image(
            f"{self._name}-{role}",
            ImageArgs(
                site=self._args.fleet.site.name,
                tag=tag,
                of=of,
                repository=self._registry.urls[role],
                context=write_context(workshop.root, source, ca_bundle) if source else None,
                platform=self._ecs.platform,
                login=workshop.login,
                arguments=arguments or {},
                held=held,
                builder=workshop.builder,
                hooks=workshop.hooks,
            ),
            self._child,
        )

    def _fetch(self, reference: pulumi.Output[str]) -> pulumi.Output[str]:
        """A past release's image on the user's own Docker, from the registry; its name there."""
        login = self._args.workshop.login
        opened = docker.Provider(
            f"{self._name}-registry-docker",
            host=self._args.settings.docker,
            registry_auth=[
                docker.ProviderRegistryAuthArgs(address=login.address, username=login.username, password=login.password)
            ],
            opts=self._child,
        )
        fetched = docker.RemoteImage(
            f"{self._name}-application-{self._args.fleet.release.image}-fetched",
            name=reference,
            platform=self._ecs.platform,
            keep_locally=False,
            force_remove=True,
            opts=pulumi.ResourceOptions(parent=self, provider=opened),
        )
        return pulumi.Output.all(fetched.name, fetched.image_id).apply(lambda found: str(found[0]))
