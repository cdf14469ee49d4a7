"""What an IAM policy grants, statement by statement."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from portico.policies.graph import Graph, Resource, look, members, of_type
from portico.policies.kinds import POLICY, ROLE, ROLE_POLICY


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One statement that allows something. `inverted` are the NotAction and NotResource that it uses."""

    resource: Resource
    actions: tuple[str, ...]
    targets: tuple[str, ...]
    inverted: tuple[str, ...]


def list_grants(graph: Graph) -> Iterator[Grant]:
    """All of them that are known: of policies, of roles' own ones and of those written into a role."""
    for one in of_type(graph, POLICY, ROLE_POLICY):
        yield from _read(one, look(one.inputs, "policy"))
    for one in of_type(graph, ROLE):
        for inner in members(one.inputs, "inlinePolicies"):
            yield from _read(one, look(inner, "policy"))


def list_statements(document: Any) -> list[dict[str, Any]]:
    """The statements of a policy's text; none where it is not known yet, or no JSON, which AWS itself refuses."""
    try:
        parsed = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return []
    found = parsed.get("Statement", []) if isinstance(parsed, dict) else []
    return [found] if isinstance(found, dict) else list(found)


def as_tuple(value: Any) -> tuple[str, ...]:
    """IAM writes one text where there is one."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def _read(one: Resource, document: Any) -> Iterator[Grant]:
    for statement in list_statements(document):
        if statement.get("Effect") == "Allow":
            yield Grant(
                resource=one,
                actions=as_tuple(statement.get("Action")),
                targets=as_tuple(statement.get("Resource")),
                inverted=tuple(key for key in ("NotAction", "NotResource") if key in statement),
            )
