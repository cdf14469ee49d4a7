"""NGINX, what holds the port and what orders certificates go on where somebody paused them or cut their network.

Neither is a difference that Pulumi's provider sees, and a switch would wait for such an NGINX until its time is over.
Nothing is made again for it: nobody's connection is cut.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from portico.cli.engine import Export, find_engine

if TYPE_CHECKING:
    from docker import DockerClient


def awaken(export: Export) -> Iterator[str]:
    """Let them go on; a sentence for each that was not as it was left."""
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
        # What is gone the update makes again; an engine that does not answer, it says itself.
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
