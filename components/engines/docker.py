"""The Docker engine: one NGINX before all sites, on the machine that the settings name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.hosts import make_host
from components.past import read_resources
from components.portico import Portico, PorticoArgs
from config.load import Stack


def deploy_containers(stack: Stack, root: Path, past: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of the stack on its host; the stack's outputs."""
    host = make_host("host", stack.settings, past)
    portico = Portico(
        f"portico{host.place}",
        PorticoArgs(
            stack=stack,
            root=root,
            past=past,
            hooks=host.hooks,
            engine=host.engine,
            watch=host.watch,
            resources=read_resources(),
            builder=host.builder,
            place=host.place,
        ),
        host.options,
    )
    return {
        "address": host.publish(portico.tree),
        "url": portico.url,
        "urls": portico.urls,
        "releases": portico.releases,
        "tree": portico.tree,
        "history": portico.history,
        "held": portico.held,
        "baseline": portico.baseline,
    }
