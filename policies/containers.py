"""The containers of a task, as its definition lists them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portico.policies.graph import Graph, Resource, look, of_type
from portico.policies.kinds import TASK


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container definition; `inputs` are its keys, in ECS's own camelCase."""

    resource: Resource
    name: str
    inputs: Mapping[str, Any]


def list_containers(graph: Graph) -> Iterator[Container]:
    """All of them, of every definition that is known: it is not before the images are in their registry."""
    for one in of_type(graph, TASK):
        for number, inner in enumerate(_read(look(one.inputs, "containerDefinitions"))):
            yield Container(resource=one, name=f"container {inner.get('name') or number}", inputs=inner)


def _read(definitions: Any) -> list[dict[str, Any]]:
    """None where they are not known yet, or no JSON, which AWS itself refuses."""
    try:
        parsed = json.loads(definitions) if isinstance(definitions, str) else definitions
    except ValueError:
        return []
    return [inner for inner in parsed if isinstance(inner, dict)] if isinstance(parsed, list) else []
