"""All sites of a stack on ECS, and what they share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.aws import FlowLogs, FlowLogsArgs
from portico.components.aws.tags import make_tags
from portico.components.ecs.access_logs import AccessLogs, AccessLogsArgs
from portico.components.ecs.balancer import Balancer, BalancerArgs
from portico.components.ecs.certificate import Certificate, CertificateArgs
from portico.components.ecs.files import Files, FilesArgs, Kept
from portico.components.ecs.firewall import Firewall, FirewallArgs
from portico.components.ecs.hosts import list_rules
from portico.components.ecs.images import Workshop
from portico.components.ecs.infrastructure import Infrastructure
from portico.components.ecs.names import lead_names
from portico.components.ecs.network import Network, NetworkArgs
from portico.components.ecs.preview import Planned, announce_changes
from portico.components.ecs.registry_contents import RegistryContents
from portico.components.ecs.site import Site, SiteArgs
from portico.components.managed.services import ManagedServices
from portico.components.partial_update import require_all
from portico.components.scope import name_resource
from portico.components.shutdown import expect_verdict, settle
from portico.config.load import Stack
from portico.config.public_address import spell_url
from portico.config.release.history import spell_history
from portico.config.render.layout import LISTEN, READY
from portico.config.targets.ecs import FleetSite, list_hosts, make_fleet

# What takes connections in a task, by what it is for.
_PORTS = {"web": LISTEN, "health": READY}


@dataclass(frozen=True, kw_only=True)
class FleetArgs:
    """`stack` is everything that the stack file says; `root` the folder of Pulumi.yaml, `zones` the availability zones.

    `previous` are the outputs of the last good update, `contents` is what the registry has. `builder` names where
    images are built; `hooks` are informed of builds that failed. `require_builder` is called before anything is made,
    where an image has to be built; it raises pulumi.RunError if that cannot be done. `kept` is what is known of data's
    file system, `done` which release commands are not run again, by site (for previews). `managed` are the services.
    """

    stack: Stack
    managed: ManagedServices
    zones: Sequence[str]
    contents: RegistryContents
    root: Path = field(default_factory=Path)
    previous: Mapping[str, Any] = field(default_factory=dict)
    builder: pulumi.Input[str] | None = None
    hooks: pulumi.ResourceHookBinding | None = None
    require_builder: Callable[[], None] = lambda: None
    kept: Kept = field(default_factory=Kept)
    done: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Fleet(pulumi.ComponentResource):
    """All sites of a stack: each as tasks of its own, all behind one load balancer.

    The order is the promise: images are built and checked before a task is touched, new tasks are healthy before old
    ones go, and a host name leads here only when what it leads to is live.

    Outputs: `address` (DNS name of the balancer), `url` (of the first site), `urls` ({site: url}), `releases`
    ({site: release id}), `trees` ({site: digest of NGINX's files}), `history` (earlier releases by site, newest first),
    `pinned` (the sites that stay at one of them).
    """

    address: pulumi.Output[str]
    url: pulumi.Output[str]
    urls: pulumi.Output[dict[str, str]]
    releases: pulumi.Output[dict[str, str]]
    trees: pulumi.Output[dict[str, str]]
    history: pulumi.Output[dict[str, list[dict[str, str]]]]
    pinned: dict[str, str]

    def __init__(self, name: str, args: FleetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.stack.settings
        assert settings.ecs
        sites = make_fleet(args.stack)
        args.contents.require_region()
        args.contents.require_earlier(sites)
        if not args.contents.is_complete(sites):
            args.require_builder()
        super().__init__("portico:ecs:Fleet", name, None, opts)
        self._name, self._args, self._settings, self._ecs = name, args, settings, settings.ecs
        self._child = pulumi.ResourceOptions(parent=self)
        planned = [Planned.of(one) for one in sites]
        releases = {one.site: one.release for one in planned}
        trees = {one.site: one.tree for one in planned}
        announce_changes(args.previous, planned, args.done)
        balancer, infrastructure = self._make_infrastructure(sites)
        workshop = Workshop(root=args.root, contents=args.contents, builder=args.builder, hooks=args.hooks)
        rules = list_rules([one.site for one in sites])
        made = [
            Site(
                name_resource(one.site.name),
                SiteArgs(
                    fleet=one,
                    settings=settings,
                    infrastructure=replace(
                        infrastructure, firewalls=[*infrastructure.firewalls, *args.managed.list_groups(one.site)]
                    ),
                    workshop=workshop,
                    rules=[rule for rule in rules if rule.site == one.site.name],
                    secrets=args.managed.fill_in(one.site, args.stack.secrets.get(one.site.name)),
                    pinned=one.site.name in args.stack.pinned,
                    served=str((args.previous.get("releases") or {}).get(one.site.name) or ""),
                ),
                self._child,
            )
            for one in sites
        ]
        # Known at once, but true only when everything is live.
        live = require_all({one.site.name: site.live for one, site in zip(sites, made, strict=True)})
        if not pulumi.runtime.is_dry_run():
            expect_verdict()
            live.apply(lambda _: settle())
        lead_names(name, self._ecs, list_hosts(sites), balancer, live, self)
        scheme = "https" if self._ecs.https else "http"
        urls = {one.site.name: spell_url(scheme, one.site) for one in sites}
        self.address = pulumi.Output.all(balancer.name, live).apply(lambda found: str(found[0]))
        self.urls = live.apply(lambda _: urls)
        self.url = live.apply(lambda _: next(iter(urls.values())))
        self.releases = live.apply(lambda _: releases)
        self.trees = live.apply(lambda _: trees)
        # It holds no secret, but is long: Pulumi shows a secret output in one word, and hides its environment.
        self.history = pulumi.Output.secret(spell_history(args.stack.history))
        self.pinned = dict(args.stack.pinned)
        self.outputs: dict[str, Any] = {
            "address": self.address,
            "url": self.url,
            "urls": self.urls,
            "releases": self.releases,
            "trees": self.trees,
            "history": self.history,
            "pinned": self.pinned,
            # For the next preview.
            "processes": live.apply(lambda _: {one.site: dict(one.processes) for one in planned if one.processes}),
            "data": live.apply(lambda _: {one.site: list(one.data) for one in planned if one.data}),
        }
        self.register_outputs(self.outputs)

    def _make_infrastructure(self, sites: tuple[FleetSite, ...]) -> tuple[Balancer, Infrastructure]:
        """Network, balancer and cluster, which are there before any site."""
        name, mine, tags, protect = self._name, self._ecs, self._ecs.tags, self._settings.protect
        region, zones, kind = mine.region, self._args.zones, mine.network
        network = Network(
            f"{name}-network",
            NetworkArgs(
                region=region,
                zones=zones,
                range=mine.range,
                kind=kind,
                closed=self._args.managed.any,
                tags=tags,
                protect=protect,
            ),
            self._child,
        )
        self._args.managed.start(network.id, network.closed_subnets, self._child)
        FlowLogs(f"{name}-flows", FlowLogsArgs(vpc=network.id, retention=mine.retention, tags=tags), self._child)
        firewall = Firewall(
            f"{name}-firewall",
            FirewallArgs(vpc=network.id, ports=_PORTS, https=mine.https, egress=mine.egress, tags=tags),
            self._child,
        )
        logs = AccessLogs(
            f"{name}-access-logs",
            AccessLogsArgs(
                account=network.account,
                partition=mine.partition,
                retention=mine.retention,
                protect=protect,
                tags=tags,
            ),
            self._child,
        )
        balancer = Balancer(
            f"{name}-balancer",
            BalancerArgs(
                vpc=network.id,
                subnets=network.balancer_subnets,
                firewall=firewall.balancer,
                logs=logs.bucket,
                idle=sites[0].timing.alb_idle,
                certificate=self._certify(sites),
                protect=protect,
                tags=tags,
            ),
            self._child,
        )
        cluster = aws.ecs.Cluster(
            f"{name}-cluster",
            # CPU, memory and requests are measured anyway; what this adds costs some dollars a month for each site.
            settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="disabled")],
            tags=make_tags("cluster", tags),
            opts=self._child,
        )
        return balancer, Infrastructure(
            files=self._keep_files(network, firewall),
            cluster_arn=cluster.arn,
            cluster_name=cluster.name,
            vpc=network.id,
            subnets=network.task_subnets,
            public=network.public_tasks,
            firewalls=[firewall.tasks],
            listener=balancer.listener,
            suffix=balancer.suffix,
        )

    def _keep_files(self, network: Network, firewall: Firewall) -> Files | None:
        """Where data lies; None where no site has any."""
        if (stored := self._args.kept.needed(self._settings)) is None:
            return None
        return Files(
            f"{self._name}-files",
            FilesArgs(
                vpc=network.id,
                subnets=network.task_subnets,
                tasks=firewall.tasks,
                left=self._args.kept.left,
                stored=stored,
                tags=self._ecs.tags,
            ),
            self._child,
        )

    def _certify(self, sites: tuple[FleetSite, ...]) -> pulumi.Input[str] | None:
        if not self._ecs.dns:
            return self._ecs.certificate
        hosts = list_hosts(sites)
        zone = self._ecs.dns.zone
        return Certificate(
            f"{self._name}-certificate", CertificateArgs(hosts=hosts, zone=zone, tags=self._ecs.tags), self._child
        ).arn
