"""Registers the graph in graph.json: a program of Pulumi's whose plan is that graph."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi

# Inputs in which an id is not all there is.
SHAPES: dict[str, Callable[[Any], Any]] = {
    "vpcSecurityGroupIds": lambda id: [id],
    "dimensions": lambda id: {"InstanceId": id},
}
made: dict[str, pulumi.CustomResource] = {}


def find(name: str, urns: list[str]) -> Any:
    """The id of the one that an input is made from; it is known only after the update."""
    (urn,) = urns
    return SHAPES.get(name, lambda id: id)(made[urn].id)


for one in json.loads(Path("graph.json").read_text()):
    inputs = one["inputs"] | {name: find(name, urns) for name, urns in one["needs"].items()}
    inputs |= {name: pulumi.Output.secret(inputs[name]) for name in one["secrets"]}
    provider = next((other for other in made.values() if isinstance(other, pulumi.ProviderResource)), None)
    if one["type"].startswith("pulumi:providers:"):
        made[one["urn"]] = pulumi.ProviderResource(one["type"].rpartition(":")[2], one["name"], inputs)
    else:
        made[one["urn"]] = pulumi.CustomResource(
            one["type"], one["name"], inputs, pulumi.ResourceOptions(provider=provider)
        )
