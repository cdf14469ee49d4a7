"""How planned stacks are changed before they are made on moto, and how that is asked afterwards."""

from dataclasses import replace
from typing import Any

from portico.policies.graph import Graph, of_type
from portico.policies.kinds import ACCOUNT
from tests.cloud.replay import given

REGION = "eu-central-1"


def ask(service: str, call: str, **parameters: Any) -> Any:
    return getattr(given.call(service, REGION), call)(**parameters)


def alter(graph: Graph, part: str, **inputs: Any) -> Graph:
    """The graph with inputs of one resource changed; None takes one out."""
    (found,) = (one for one in graph if one.type.startswith("aws:") and one.name.endswith(part))
    changed = {key: value for key, value in {**found.inputs, **inputs}.items() if value is not None}
    return [replace(one, inputs=changed) if one is found else one for one in graph]


def list_needed(graph: Graph, part: str) -> Graph:
    """Of a graph, one resource and what it is made from, so that not all of it is made each time."""
    wanted = {one.urn for one in graph if one.name.endswith(part)} | {one.urn for one in of_type(graph, ACCOUNT)}
    for one in reversed(graph):
        if one.urn in wanted:
            wanted |= {urn for urns in one.needs.values() for urn in urns}
    return [one for one in graph if one.urn in wanted]
