"""What is made for one site: its application, and the replicas that serve it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pulumi

from portico.components.barrier import Barrier, join_barriers
from portico.components.build_context import write_context
from portico.components.docker.attempts import Attempts
from portico.components.docker.data_volumes import DataVolumes
from portico.components.docker.engine_client import Engine
from portico.components.docker.flask_app import FlaskApp, FlaskAppArgs
from portico.components.docker.gunicorn import Gunicorn, GunicornArgs
from portico.components.docker.network import Networks
from portico.components.docker.release_command import ReleaseCommand, ReleaseCommandArgs
from portico.components.docker.replica import Replica
from portico.components.docker.switch_verdict import Ended
from portico.components.docker.workers import Running, Workers, WorkersArgs
from portico.components.partial_update import tell_failed
from portico.components.scope import name_resource
from portico.components.services.services import Services
from portico.config.load import Stack
from portico.config.release.history import History
from portico.config.release.release import Release
from portico.config.release.schedule import list_workers


@dataclass(frozen=True, kw_only=True)
class SiteScope:
    """What all sites of a stack share, and whose children their parts are: `parent`'s.

    `verdict` resolves once the configuration has been accepted. `builder` and `place` are PorticoArgs'. The volumes are
    names. `engine` is the one that is asked why something failed, and `served` are the releases that are live, by site.
    """

    parent: pulumi.Resource
    root: Path
    stack: Stack
    history: History
    attempts: Attempts
    networks: Networks
    data: DataVolumes
    services: Services
    sockets: pulumi.Output[str]
    static: pulumi.Output[str]
    verdict: pulumi.Output[str]
    builder: pulumi.Input[str] | None = None
    place: str = ""
    engine: Engine | None = None
    served: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Site:
    """The parts of one site; `faults` are what is wrong with those of its replicas that are made again.

    `barrier` is what all of its processes are behind, None where nothing comes before them: its services, and its
    release command, which there is none of where the site is pinned to an earlier release.
    """

    release: Release
    app: FlaskApp
    barrier: Barrier | None
    replicas: list[Replica]
    faults: list[str]


def make_site(scope: SiteScope, release: Release, app: FlaskApp) -> Site:
    """Everything of one release that is made before NGINX sends it requests; `app` comes from `make_app`."""
    opts = pulumi.ResourceOptions(parent=scope.parent)
    app.lay_out(scope.data.of(release.site.name))
    # What goes back runs nothing: the command of an older release knows less than the data has become since.
    runs = release.site.release and release.site.name not in scope.stack.pinned
    before = join_barriers(f"{release.site.name}-services{scope.place}", scope.services.list_barriers(release.site))
    command = _make_command(scope, release, app, before) if runs else None
    barrier = before
    if command:
        both = [before, command.barrier] if before else []
        barrier = join_barriers(f"{release.site.name}-before{scope.place}", both) or command.barrier
    name = name_resource(f"{release.site.name}-gunicorn{scope.place}")
    names = [f"{name}-{index}" for index in range(release.replicas)]
    gunicorn = Gunicorn(
        name,
        GunicornArgs(
            release=release,
            image=app.image,
            files=app.files,
            secrets=app.secrets,
            network=scope.networks.of(release.site.name),
            sockets=scope.sockets,
            attempts=[scope.attempts.of_replica(one) for one in names],
            barrier=barrier,
            data=scope.data.of(release.site.name),
            services=scope.services.list_networks(release.site),
        ),
        opts,
    )
    return Site(
        release=release,
        app=app,
        barrier=barrier,
        replicas=[Replica(release=release, index=i, container=one) for i, one in enumerate(gunicorn.containers)],
        faults=list(filter(None, map(scope.attempts.find_fault, names))),
    )


def make_workers(scope: SiteScope, site: Site, ended: pulumi.Output[Ended]) -> list[Running]:
    """The workers of one site, once the switch has `ended` and its release is live."""
    release = site.release
    if not list_workers(release.site):
        return []
    name = name_resource(f"{release.site.name}-worker{scope.place}")
    before = [site.barrier.well] if site.barrier else []
    barrier = Barrier(name, [ended, *before], lambda known: known[0].serves(release.site.name) and all(known[1:]))
    return Workers(
        name,
        WorkersArgs(
            release=release,
            image=site.app.image,
            files=site.app.files,
            secrets=site.app.secrets,
            network=scope.networks.of(release.site.name),
            sockets=scope.sockets,
            barrier=barrier,
            data=scope.data.of(release.site.name),
            services=scope.services.list_networks(release.site),
            attempts=scope.attempts,
        ),
        pulumi.ResourceOptions(parent=scope.parent),
    ).running


def list_failed(sites: Sequence[Site]) -> list[pulumi.Output[list[str]]]:
    """What is to be said at the end of each site whose release command failed, or one of its services."""
    return [site.barrier.well.apply(partial(_tell, site.release.site.name)) for site in sites if site.barrier]


def _tell(site: str, well: bool) -> list[str]:
    return [] if well else [tell_failed([site])]


def _make_command(scope: SiteScope, release: Release, app: FlaskApp, before: Barrier | None) -> ReleaseCommand:
    name = name_resource(f"{release.site.name}-release{scope.place}")
    return ReleaseCommand(
        name,
        ReleaseCommandArgs(
            release=release,
            image=app.image,
            files=app.files,
            secrets=app.secrets,
            data=scope.data.of(release.site.name),
            services=scope.services.list_networks(release.site),
            before=before,
            network=scope.networks.of(release.site.name),
            sockets=scope.sockets,
            attempt=scope.attempts.of_command(f"{name}-command"),
            engine=scope.engine,
            served=scope.served.get(release.site.name, ""),
        ),
        pulumi.ResourceOptions(parent=scope.parent),
    )


def make_app(scope: SiteScope, release: Release) -> FlaskApp:
    """The application of one release, as far as it needs no data: its image."""
    stack, site = scope.stack, release.site.name
    pinned = site in stack.pinned
    return FlaskApp(
        name_resource(f"{site}{scope.place}"),
        FlaskAppArgs(
            release=release,
            context=None if pinned else write_context(scope.root, release, stack.settings.ca_bundle),
            earlier={record.image for record in scope.history.get(site, ())},
            sockets=scope.sockets,
            static=scope.static,
            verdict=scope.verdict,
            secrets=scope.services.fill_in(release.site, stack.secrets.get(site)),
            builder=scope.builder,
        ),
        pulumi.ResourceOptions(parent=scope.parent),
    )
