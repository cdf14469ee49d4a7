"""Portico: Flask applications behind one NGINX."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker

from components.announcement import announce_changes
from components.context import write_context
from components.drift import read_live
from components.engine import Engine
from components.flask import FlaskApp, FlaskAppArgs
from components.gunicorn import Gunicorn, GunicornArgs
from components.image import forget_lost
from components.label import list_labels
from components.network import Network
from components.nginx import Nginx, NginxArgs
from components.past import read_resources
from components.port import Port, PortArgs
from components.predecessor import list_predecessors
from components.release import ConfigCheck, ConfigCheckArgs, ConfigRelease, ConfigReleaseArgs
from components.tags import list_tags
from config.announcement import foresee
from config.drift import compare_files
from config.history import spell_history
from config.load import Stack
from config.public import Public
from config.release import Release
from config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class PorticoArgs:
    """`stack` is everything that the stack file says; `root` the folder of Pulumi.yaml.

    `past` are the outputs of the last good update. `hooks` are told of containers that do not become
    healthy; `engine` is the one that the provider talks to, None where it does not run yet: then nothing is there.
    `builder` names where images are built. `place` is part of the names of what lies on a machine that another may
    replace: there, it is another thing.
    """

    stack: Stack
    root: Path = field(default_factory=Path)
    past: Mapping[str, Any] = field(default_factory=dict)
    hooks: pulumi.ResourceHookBinding | None = None
    engine: Engine | None = None
    builder: pulumi.Input[str] | None = None
    place: str = ""


class Portico(pulumi.ComponentResource):
    """All sites of a stack: their applications, their replicas, and the edge before them.

    The order is the promise: a configuration is checked before anything else is made, new replicas
    are healthy before NGINX is told of them, and old ones are deleted last.

    Outputs: `url` (of the first site), `urls` ({site: url}), `releases` ({site: release id}),
    `tree` (digest of the configuration that is live), `history` (past releases by site, newest
    first: what must be known to make one again), `held` (the sites that stay at one of them),
    `baseline` (what the next update compares itself with).
    """

    url: pulumi.Output[str]
    urls: pulumi.Output[dict[str, str]]
    releases: dict[str, str]
    tree: pulumi.Output[str]
    history: pulumi.Output[dict[str, list[dict[str, str]]]]
    held: dict[str, str]
    baseline: pulumi.Output[dict[str, Any]]

    def __init__(self, name: str, args: PorticoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Portico", name, None, opts)
        stack, settings = args.stack, args.stack.settings
        history = forget_lost(stack, _list_images(args.engine, stack))
        child = pulumi.ResourceOptions(parent=self)

        # What goes with its machine holds nothing that lasts: there the host protects what does.
        kept = pulumi.ResourceOptions(parent=self, protect=settings.protect and not args.place)
        network = Network(f"{name}-network", kept)
        config, sockets, static = (_keep(f"{name}-{role}", role, kept) for role in ("config", "sockets", "static"))
        image = docker.RemoteImage(f"{name}-nginx-image", name=settings.nginx_image, keep_locally=True, opts=child)

        past = {**args.past, **args.past.get("baseline", {})} if args.engine else {}
        repairs = _count_repairs(past, stack, args.engine)
        check = ConfigCheck(
            f"{name}-check",
            ConfigCheckArgs(
                tree=stack.tree,
                private=stack.private,
                image=image.image_id,
                config=config,
                repairs=repairs,
                hands_over=settings.hands_over,
                hooks=args.hooks,
            ),
            child,
        )
        longest = max(release.site.gunicorn.timeout.seconds for release in stack.releases)
        replicas: list[pulumi.Resource] = []
        for release in stack.releases:
            older = {record.image for record in history.get(release.site.name, ())}
            app = self._make_app(args, release, sockets, static, check.verdict, older)
            gunicorn = Gunicorn(
                f"{release.site.name}-gunicorn{args.place}",
                GunicornArgs(
                    release=release,
                    image=app.image,
                    files=app.files,
                    secrets=app.secrets,
                    network=network.id,
                    subnet=network.subnet,
                    sockets=sockets,
                    wait=settings.health_timeout,
                    hooks=args.hooks,
                ),
                child,
            )
            replicas += gunicorn.containers

        public, shared = Public.of(settings), settings.hands_over
        holders = (f"{name}-port-holder", f"{name}-nginx-edge")
        before = list_predecessors(public, read_resources(), *(holders if shared else reversed(holders)))
        nginx = Nginx(
            f"{name}-nginx",
            NginxArgs(
                settings=settings.nginx,
                image=image.image_id,
                network=network.id,
                config=config,
                sockets=sockets,
                static=static,
                verdict=check.verdict,
                replicas=replicas,
                public=public,
                takes=shared,
                past=() if shared else before,
            ),
            child,
        )
        live = ConfigRelease(
            f"{name}-release",
            ConfigReleaseArgs(
                verdict=check.verdict,
                image=image.image_id,
                config=config,
                nginx=nginx.container,
                repairs=repairs,
                # A reload, the longest request, and what a busy machine takes besides.
                wait=longest + 40,
                hooks=args.hooks,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=replicas),
        )
        done, made_of = live.live, nginx.made_of
        if shared:
            port = Port(
                f"{name}-port",
                PortArgs(public=public, image=image.image_id, network=network.id, config=config, past=before),
                # What is asked at the port is served by then.
                pulumi.ResourceOptions(parent=self, depends_on=live.switch),
            )
            done = pulumi.Output.all(done, port.container).apply(lambda ready: str(ready[0]))
            made_of = port.made_of | made_of

        edge = {"image": settings.nginx_image, **made_of}
        after = foresee(settings, stack.releases, stack.tree.digest, edge, repairs)
        announce_changes(past, after, stack.releases)
        # Of no use to people, and as one word not in their way.
        self.baseline = pulumi.Output.secret(after.export() | {"nginx": nginx.container})

        urls = {release.site.name: _make_url(release.site.hosts[0], settings) for release in stack.releases}
        # The URLs are known at once, but true only when the tree is live.
        self.urls = done.apply(lambda _: urls)
        self.url = done.apply(lambda _: next(iter(urls.values())))
        self.releases = {release.site.name: release.id for release in stack.releases}
        self.tree = done
        # No secret is in it, but it is long: a secret output is shown in one word, and its environment not in clear.
        self.history = pulumi.Output.secret(spell_history(history))
        self.held = dict(stack.held)
        outputs = ("url", "urls", "releases", "tree", "history", "held")
        self.register_outputs({name: getattr(self, name) for name in outputs})

    def _make_app(
        self,
        args: PorticoArgs,
        release: Release,
        sockets: pulumi.Output[str],
        static: pulumi.Output[str],
        verdict: pulumi.Output[str],
        past: set[str],
    ) -> FlaskApp:
        stack, held = args.stack, release.site.name in args.stack.held
        return FlaskApp(
            f"{release.site.name}{args.place}",
            FlaskAppArgs(
                release=release,
                context=None if held else write_context(args.root, release, stack.settings.ca_bundle),
                past=past,
                sockets=sockets,
                static=static,
                verdict=verdict,
                secrets=stack.secrets.get(release.site.name),
                hooks=args.hooks,
                builder=args.builder,
            ),
            pulumi.ResourceOptions(parent=self),
        )


def _keep(name: str, role: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """A volume that outlives its containers; its Docker name."""
    labels = [docker.VolumeLabelArgs(label=key, value=value) for key, value in list_labels(role).items()]
    return docker.Volume(name, labels=labels, opts=opts).name


def _count_repairs(past: Mapping[str, Any], stack: Stack, engine: Engine | None) -> int:
    """How often files changed by hand have been restored, this time included.

    A number that grows makes the check lay the same tree out again, and the switch load it again.
    """
    repairs = int(past.get("repairs", 0))
    if engine is None or not past.get("nginx") or past.get("tree") != stack.tree.digest:
        return repairs
    live = read_live(engine, str(past["nginx"]))
    found = compare_files(stack.tree.digest, stack.tree.files, live) if live else []
    for line in found if pulumi.runtime.is_dry_run() else []:
        pulumi.log.warn(f"{line}: somebody changed it by hand.")
    return repairs + bool(found)


def _list_images(engine: Engine | None, stack: Stack) -> frozenset[str] | None:
    """The names of the engine's images, as far as the stack's past asks for them; None where it could not be asked."""
    if engine is None:
        return frozenset()
    return list_tags(engine) if stack.history else None


def _make_url(host: str, settings: Settings) -> str:
    scheme, port = ("https", settings.tls.port) if settings.tls else ("http", settings.port)
    usual = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{host.replace('*', 'www')}" + ("" if port == usual else f":{port}")
