"""The planned graph as `pulumi preview --json --show-sames` writes it."""

import json
from typing import Any

from portico.policies.graph import Graph, Resource
from portico.policies.wire import find_secrets, read_inputs


def read_plan(text: str) -> Graph:
    """What would be there after the update. Raises ValueError where the text is no such plan."""
    steps = json.loads(text)["steps"]
    # A replacement has several steps, with the same state.
    states = {step["urn"]: step["newState"] for step in steps if "newState" in step}
    return [_read(state) for state in states.values()]


def _read(state: dict[str, Any]) -> Resource:
    wire = state.get("inputs", {})
    return Resource(
        type=state["type"],
        name=state["urn"].rpartition("::")[2],
        urn=state["urn"],
        inputs=read_inputs(wire),
        secrets=find_secrets(wire),
        needs={name: frozenset(urns) for name, urns in state.get("propertyDependencies", {}).items()},
        # Its own id follows the URN.
        provider=state.get("provider", "").rpartition("::")[0],
        protected=state.get("protect", False),
    )
