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
    "securityGroups": lambda id: [id],
    "actions": lambda id: [{"type": "forward", "targetGroupArn": id}],
    "loadBalancers": lambda id: [{"targetGroupArn": id, "containerName": "web", "containerPort": 8080}],
}
made: dict[str, pulumi.CustomResource] = {}


def find(name: str, urns: list[str], inputs: dict[str, Any]) -> Any:
    """What an input is made from others: what it says, or else the id of the one; known only after the update."""
    if name in inputs:
        return pulumi.Output.all(*(made[urn].id for urn in urns)).apply(lambda _: inputs[name])
    (urn,) = urns
    return SHAPES.get(name, lambda id: id)(made[urn].id)


for one in json.loads(Path("graph.json").read_text()):
    inputs = one["inputs"] | {name: find(name, urns, one["inputs"]) for name, urns in one["needs"].items()}
    inputs |= {name: pulumi.Output.secret(inputs[name]) for name in one["secrets"]}
    provider = next((other for other in made.values() if isinstance(other, pulumi.ProviderResource)), None)
    if one["type"].startswith("pulumi:providers:"):
        made[one["urn"]] = pulumi.ProviderResource(one["type"].rpartition(":")[2], one["name"], inputs)
    else:
        made[one["urn"]] = pulumi.CustomResource(
            one["type"], one["name"], inputs, pulumi.ResourceOptions(provider=provider, protect=one["protected"])
        )
