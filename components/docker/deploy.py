"""The Docker engine: one NGINX before all sites, on the machine that the settings name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from portico.components.hosts.host import make_host
from portico.components.previous_outputs import read_resources
from portico.components.scope import name_resource, place
from portico.config.load import Stack


def deploy_containers(stack: Stack, root: Path, previous: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of the stack on its host; the stack's outputs."""
    host = make_host(name_resource("host"), stack.settings, previous)
    portico = Portico(
        name_resource(f"portico{host.place}"),
        PorticoArgs(
            stack=stack,
            root=root,
            previous=previous,
            hooks=host.hooks,
            engine=host.engine,
            watch=host.watch,
            resources=read_resources(),
            builder=host.builder,
            place=host.place,
            disk=host.disk,
            serving=host.serving,
            managed=host.managed,
        ),
        place(host.options),
    )
    return {
        "address": host.publish(portico.tree),
        "url": portico.url,
        "urls": portico.urls,
        "releases": portico.releases,
        "tree": portico.tree,
        "history": portico.history,
        "pinned": portico.pinned,
        "baseline": portico.baseline,
    }
