"""Resumes NGINX, the port holder and the ACME client where somebody paused them or cut their network.

Pulumi's provider sees neither as a difference, and a switch would wait for such an NGINX until its time is over.
No container is replaced for it, so no connection is cut.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from portico.cli.engine import Export, find_engine

if TYPE_CHECKING:
    from docker import DockerClient


def awaken(export: Export) -> Iterator[str]:
    """Resume them; a sentence for each that had been paused or disconnected."""
    from docker.errors import DockerException

    from portico.cli.commands.check import find

    engine = find_engine(export)
    if engine is None:
        return
    try:
        client = engine.connect()
        for role in ("port", "nginx", "acme"):
            for outputs in find(export, role):
                yield from _put_right(client, outputs)
    except (DockerException, OSError):
        # The update replaces a container that is gone, and reports an engine that does not answer.
        return


def _put_right(client: "DockerClient", outputs: Export) -> Iterator[str]:
    one = client.containers.get(outputs["id"])
    if one.status == "paused":
        one.unpause()
        yield f"{one.name} was paused; it has been resumed."
    there = one.attrs["NetworkSettings"]["Networks"]
    for wanted in outputs.get("networksAdvanced") or []:
        if wanted["name"] not in there:
            client.networks.get(wanted["name"]).connect(one, aliases=wanted.get("aliases") or None)
            yield f"{one.name} was disconnected from its network; it is connected again."
