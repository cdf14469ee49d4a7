"""What is made for one site: its application, and the replicas that serve it."""

from dataclasses import dataclass
from pathlib import Path

import pulumi

from portico.components.build_context import write_context
from portico.components.docker.attempts import Attempts
from portico.components.docker.flask_app import FlaskApp, FlaskAppArgs
from portico.components.docker.gunicorn import Gunicorn, GunicornArgs
from portico.components.docker.network import Network
from portico.components.docker.replica import Replica
from portico.components.scope import name_resource
from portico.config.load import Stack
from portico.config.release.history import History
from portico.config.release.release import Release


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all sites of a stack stand on, and whose children their parts are: `parent`'s.

    `verdict` resolves once the configuration has been accepted. `builder` and `place` are PorticoArgs'. The volumes are
    names.
    """

    parent: pulumi.Resource
    root: Path
    stack: Stack
    history: History
    attempts: Attempts
    network: Network
    sockets: pulumi.Output[str]
    static: pulumi.Output[str]
    verdict: pulumi.Output[str]
    builder: pulumi.Input[str] | None = None
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Site:
    """The parts of one site; `faults` are what is wrong with those of its replicas that are made anew."""

    release: Release
    app: FlaskApp
    replicas: list[Replica]
    faults: list[str]


def make_site(ground: Ground, release: Release) -> Site:
    """Everything of one release that is made before NGINX hears of it."""
    opts = pulumi.ResourceOptions(parent=ground.parent)
    app = _make_app(ground, release)
    name = name_resource(f"{release.site.name}-gunicorn{ground.place}")
    names = [f"{name}-{index}" for index in range(release.replicas)]
    gunicorn = Gunicorn(
        name,
        GunicornArgs(
            release=release,
            image=app.image,
            files=app.files,
            secrets=app.secrets,
            network=ground.network.id,
            subnet=ground.network.subnet,
            sockets=ground.sockets,
            attempts=[ground.attempts.of_replica(one) for one in names],
        ),
        opts,
    )
    return Site(
        release=release,
        app=app,
        replicas=[Replica(release=release, index=i, container=one) for i, one in enumerate(gunicorn.containers)],
        faults=list(filter(None, map(ground.attempts.find_fault, names))),
    )


def _make_app(ground: Ground, release: Release) -> FlaskApp:
    stack, site = ground.stack, release.site.name
    held = site in stack.held
    return FlaskApp(
        name_resource(f"{site}{ground.place}"),
        FlaskAppArgs(
            release=release,
            context=None if held else write_context(ground.root, release, stack.settings.ca_bundle),
            past={record.image for record in ground.history.get(site, ())},
            sockets=ground.sockets,
            static=ground.static,
            verdict=ground.verdict,
            secrets=stack.secrets.get(site),
            builder=ground.builder,
        ),
        pulumi.ResourceOptions(parent=ground.parent),
    )
