"""Portico: Flask applications behind one NGINX."""

from typing import Any

import pulumi
import pulumi_docker as docker

from portico.components.docker.attempts import Attempts, find_edge
from portico.components.docker.beside import announce_backups, make_beside
from portico.components.docker.certificate_handover import bring_over
from portico.components.docker.certificates import keep_certificates
from portico.components.docker.command_record import await_commands, read_done
from portico.components.docker.config_switch import ConfigCheck, ConfigCheckArgs, ConfigRelease, ConfigReleaseArgs
from portico.components.docker.data_volumes import DataVolumes, DataVolumesArgs
from portico.components.docker.failure_hooks import bind_hooks
from portico.components.docker.host_names import announce_names
from portico.components.docker.image_tags import list_earlier_tags
from portico.components.docker.images import forget_lost
from portico.components.docker.memory_limits import require_possible
from portico.components.docker.network import make_networks
from portico.components.docker.nginx import Nginx, NginxArgs
from portico.components.docker.observation import observe
from portico.components.docker.port_holder import Port, PortArgs
from portico.components.docker.port_predecessors import list_predecessors
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.preview import add_built, announce_changes
from portico.components.docker.process_limit import bound_processes
from portico.components.docker.repairs import count_repairs
from portico.components.docker.site import SiteScope, list_failed, make_app, make_site, make_workers
from portico.components.docker.volumes import keep_volume
from portico.components.docker.worker_verdict import require_running, verify
from portico.components.partial_update import list_made, or_none
from portico.components.services.services import Services, ServicesArgs
from portico.config.live.served import find_releases, tell_served
from portico.config.messages.change_summary import foresee
from portico.config.public_address import Public, make_url
from portico.config.release.history import spell_history


class Portico(pulumi.ComponentResource):
    """All sites of a stack: their applications, their replicas, and the edge before them.

    The order is the promise: a configuration is checked before anything else is made, new replicas
    are healthy before NGINX is sent to them, and old ones are deleted last.

    Outputs: `url` (of the first site), `urls` ({site: url}), `releases` ({site: release id}),
    `tree` (digest of the configuration that is live), `history` (earlier releases by site, newest
    first: what must be known to make one again), `pinned` (the sites that stay at one of them),
    `baseline` (what the next update compares itself with).
    """

    url: pulumi.Output[str]
    urls: pulumi.Output[dict[str, str]]
    releases: dict[str, str]
    tree: pulumi.Output[str]
    history: pulumi.Output[dict[str, list[dict[str, str]]]]
    pinned: dict[str, str]
    baseline: pulumi.Output[dict[str, Any]]

    def __init__(self, name: str, args: PorticoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Portico", name, None, bind_hooks(opts, args.hooks))
        stack, settings = args.stack, args.stack.settings
        require_possible(settings, args.engine)
        history = forget_lost(stack, list_earlier_tags(args.engine, stack))
        child = pulumi.ResourceOptions(parent=self)

        # On a machine that may be replaced, the host protects the data instead.
        kept = pulumi.ResourceOptions(parent=self, protect=settings.protect and not args.place)
        data = DataVolumes(
            DataVolumesArgs(
                settings=settings, engine=args.engine, resources=args.resources, disk=args.disk, place=args.place
            ),
            child,
        )
        services = Services(
            ServicesArgs(
                settings=settings,
                resources=args.resources,
                engine=args.engine,
                place=args.place,
                managed=args.managed,
            ),
            child,
        )
        networks = make_networks(f"{name}-network", settings, kept, args.place)
        config, sockets, static = (
            keep_volume(f"{name}-{role}", role, kept) for role in ("config", "sockets", "static")
        )
        announce_names(settings, args.resources, args.engine)
        announce_backups(name, settings, args.resources)
        image = docker.RemoteImage(f"{name}-nginx-image", name=settings.nginx_image, keep_locally=True, opts=child)
        nginx_image = or_none(image.image_id)
        watch = args.watch or args.engine
        ordered = bring_over(keep_certificates(name, settings, kept), args.serving, watch, nginx_image)
        edge = find_edge(args.resources, f"{name}-nginx")
        observed = await_commands(args.engine, edge, observe(args.engine, edge))
        live = observed.live if observed else None
        previous = tell_served({**args.previous, **args.previous.get("baseline", {})}, live) if args.engine else {}
        repairs = count_repairs(previous, stack, live)
        attempts = Attempts(resources=args.resources, observed=observed)
        check = ConfigCheck(
            f"{name}-check",
            ConfigCheckArgs(
                tree=stack.tree,
                private=stack.private,
                image=nginx_image,
                config=config,
                repairs=repairs,
                hands_over=settings.hands_over,
                ordered=[site.name for site in settings.ordered],
                volumes=ordered,
            ),
            child,
        )
        longest = max(release.site.gunicorn.timeout.seconds for release in stack.releases)
        scope = SiteScope(
            parent=self,
            data=data,
            services=services,
            root=args.root,
            stack=stack,
            history=history,
            attempts=attempts,
            networks=networks,
            sockets=sockets,
            static=static,
            verdict=check.verdict,
            builder=args.builder,
            place=args.place,
            engine=watch,
            served=find_releases(live) if live else {},
        )
        apps = [make_app(scope, release) for release in stack.releases]
        data.settle([app.image for app in apps])
        services.start(data, watch)
        sites = [make_site(scope, release, app) for release, app in zip(stack.releases, apps, strict=True)]
        asked = [one for site in sites for one in site.replicas]
        faults = {site.release.site.name: site.faults for site in sites}
        replicas = [one.container for one in asked]
        public, shared = Public.of(settings), settings.hands_over
        holders = (f"{name}-port-holder", f"{name}-nginx-edge")
        before = list_predecessors(public, args.resources, *(holders if shared else reversed(holders)))
        nginx = Nginx(
            f"{name}-nginx",
            NginxArgs(
                settings=settings.nginx,
                image=nginx_image,
                network=networks.shared.id,
                config=config,
                sockets=sockets,
                static=static,
                verdict=check.verdict,
                replicas=replicas,
                public=public,
                takes=shared,
                earlier=() if shared else before,
                data=data.served,
                sites={site: one.id for site, one in networks.apart.items()},
                certificates=ordered,
                served=len(settings.sites),
            ),
            child,
        )
        switched = ConfigRelease(
            f"{name}-release",
            ConfigReleaseArgs(
                verdict=check.verdict,
                image=nginx_image,
                config=config,
                sockets=sockets,
                nginx=nginx.container,
                replicas=asked,
                health_timeout=settings.health_timeout,
                # The longest request, and what a busy machine takes besides.
                longest=longest + 40,
                repairs=repairs,
                attempt=attempts.of_switch(f"{name}-release-switch", stack.tree.digest),
                engine=watch,
                served=scope.served,
                volumes=ordered,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=list_made(replicas)),
        )
        made_of = nginx.made_of
        opened: list[pulumi.Output[Any]] = []
        waits_for = [switched.switch]
        if shared:
            port = Port(
                f"{name}-port",
                PortArgs(
                    public=public,
                    # What is asked at the port is served by then.
                    image=or_none(pulumi.Output.all(nginx_image, switched.answers).apply(lambda ready: str(ready[0]))),
                    network=networks.shared.id,
                    config=config,
                    earlier=before,
                ),
                pulumi.ResourceOptions(parent=self, depends_on=switched.switch),
            )
            opened.append(port.container)
            waits_for.append(port.holder)
            made_of = port.made_of | made_of
        make_beside(name, scope, ordered, waits_for)

        workers = [one for site in sites for one in make_workers(scope, site, switched.ended)]
        verified = verify(watch, workers)
        bounded = bound_processes(watch, asked, workers)
        done = require_running(switched.require_live(*opened, verified), [*list_failed(sites), verified, bounded])
        parts = {"image": settings.nginx_image, **made_of}
        after = foresee(settings, stack.releases, stack.tree.digest, parts, repairs)
        done_before = read_done(args.engine, observed, stack)
        urls = {release.site.name: make_url(release.site, settings) for release in stack.releases}
        built = add_built(previous, args.engine, stack)
        announce_changes(built, after, stack.releases, faults, done_before, workers, urls, attempts.list_lost(name))
        # Internal; marked secret so that the CLI collapses it.
        self.baseline = pulumi.Output.secret(after.export() | {"nginx": nginx.container})

        # The URLs are known at once, but true only when the tree is live.
        self.urls = done.apply(lambda _: urls)
        self.url = done.apply(lambda _: next(iter(urls.values())))
        self.releases = {release.site.name: release.id for release in stack.releases}
        self.tree = done
        # It holds no secret, but is long: Pulumi shows a secret output in one word, and hides its environment.
        self.history = pulumi.Output.secret(spell_history(history))
        self.pinned = dict(stack.pinned)
        outputs = ("url", "urls", "releases", "tree", "history", "pinned")
        self.register_outputs({name: getattr(self, name) for name in outputs})
