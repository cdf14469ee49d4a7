"""The planned graph: what a program asks the engine for, before anything is made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final


class Unknown(Enum):
    """The value of an input that only an update can tell, such as the id of what does not exist yet."""

    UNKNOWN = "known after the update"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One planned resource. `inputs` is plain and in camelCase, UNKNOWN where a value is not known yet.

    `secrets` are the inputs that hold a secret. `needs` are the URNs of the resources that an input was made from: the
    only link between two resources that is known before either exists. `provider` is the URN of its provider, and
    `protected` is what Pulumi refuses to delete.
    """

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    secrets: frozenset[str] = frozenset()
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    provider: str = ""
    protected: bool = False

    def __str__(self) -> str:
        return f"{self.type.rpartition(':')[2]} {self.name}"


Graph = Sequence[Resource]


def of_type(graph: Graph, *types: str) -> Iterator[Resource]:
    """All resources of these types."""
    return (one for one in graph if one.type in types)


def look(value: Any, path: str) -> Any:
    """The value at a path such as `metadataOptions.httpTokens`; None where there is none, UNKNOWN below an UNKNOWN."""
    for key in path.split("."):
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def members(value: Any, path: str) -> list[Any]:
    """The members of the list at that path; none where it is missing or not known."""
    found = look(value, path)
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []


def may_be(value: Any, *wanted: Any) -> bool:
    """Whether it is one of `wanted`, or not known yet. AWS writes some booleans as texts."""
    return value is UNKNOWN or value in wanted or (isinstance(value, str) and value in map(_spell, wanted))


def points_at(one: Resource, name: str, other: Resource) -> bool:
    """Whether the input `name` was made from `other`."""
    return other.urn in one.needs.get(name, ())


def _spell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
