"""The Docker engine that a stack is on, from the stack's own state: whichever host that is, its address is there."""

import json
import shlex
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from portico.components.docker.engine_client import Engine

PROVIDER = "pulumi:providers:docker"
CONTAINER = "docker:index/container:Container"
SERVICE = "aws:ecs/service:Service"
CLUSTER = "aws:ecs/cluster:Cluster"
Export = dict[str, Any]


def list_resources(export: Export, kind: str) -> list[Export]:
    """The resources of one type in `pulumi stack export`; those that only wait for their deletion are left out."""
    found = (export.get("deployment") or {}).get("resources") or []
    return [one for one in found if one["type"] == kind and not one.get("delete")]


def is_on_ecs(export: Export) -> bool:
    """Whether the stack runs there, also where nothing of it went live yet."""
    return bool(list_resources(export, CLUSTER) or list_resources(export, SERVICE))


def find_provider(export: Export) -> Export | None:
    """The provider of the engine that serves; None where nothing of the stack is up.

    An update that was interrupted while it moved to another machine has left two: the configuration is live on one.
    """
    switches = [one for one in list_resources(export, CONTAINER) if is_live(one)]
    serving = {name_provider(one) for one in switches}
    providers = list_resources(export, PROVIDER)
    return min(providers, key=lambda one: one.get("urn") not in serving, default=None)


def list_serving(export: Export) -> list[Export]:
    """The containers on the engine that serves."""
    provider = find_provider(export) or {}
    return [one for one in list_resources(export, CONTAINER) if name_provider(one) == provider.get("urn")]


def find_address(export: Export) -> str:
    """Where the engine that serves is: "" for this machine's own, and where nothing of the stack is up."""
    provider = find_provider(export)
    return str(((provider or {}).get("inputs") or {}).get("host") or "")


def find_engine(export: Export) -> "Engine | None":
    """The engine that serves; None where nothing of the stack is up."""
    provider = find_provider(export)
    return read_engine(provider) if provider else None


def read_engine(provider: Export) -> "Engine":
    """The engine that a provider of Docker talks to."""
    # It takes a second to load, and most commands ask for no engine.
    from portico.components.docker.engine_client import Engine

    inputs = provider.get("inputs") or {}
    options = inputs.get("sshOpts") or []
    # Settings of a provider are texts in the state.
    listed = json.loads(options) if isinstance(options, str) else options
    return Engine(inputs.get("host"), tuple(str(option) for option in listed))


def name_provider(resource: Export) -> str:
    """The URN of the provider that made it; an id follows in the state."""
    return str(resource.get("provider")).rpartition("::")[0]


def is_live(container: Export) -> bool:
    """Whether this is the container that made a configuration live, and did so."""
    labels = (container.get("inputs") or {}).get("labels") or []
    ended = (container.get("outputs") or {}).get("exitCode") or 0
    return {"label": "portico.role", "value": "switch"} in labels and not ended and not container.get("initErrors")


def name_docker(engine: "Engine", *words: str, terminal: bool) -> list[str]:
    """The command that runs `docker` with these words at the engine; behind SSH that is the host's own docker."""
    if not engine.address or not engine.address.startswith("ssh://"):
        return ["docker", *(["--host", engine.address] if engine.address else []), *words]
    there = urlsplit(engine.address)
    port = ["-p", str(there.port)] if there.port else []
    name = f"{there.username}@{there.hostname}" if there.username else str(there.hostname)
    return ["ssh", *engine.options, "-t" if terminal else "-T", *port, name, shlex.join(["docker", *words])]


def read_time(text: str) -> datetime:
    """Docker's times have nine digits of a second; six are enough."""
    head, _, rest = text.partition(".")
    zone = rest.lstrip("0123456789")
    digits = rest[: len(rest) - len(zone)]
    return datetime.fromisoformat(f"{head}.{digits[:6]}{zone}" if rest else text)


def has_terminal() -> bool:
    """Whether a person is at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()
