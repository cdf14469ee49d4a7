"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from portico.policies.graph import Graph, Resource


class Finding(NamedTuple):
    """What is wrong with a resource, and what to write instead."""

    resource: Resource
    wrong: str
    write: str


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A finding, with the rule that found it."""

    rule: "Rule"
    finding: Finding

    def __str__(self) -> str:
        resource, wrong, write = self.finding
        return f"{resource}: {wrong}; {write} ({', '.join([self.rule.name, *self.rule.ids])})"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A function over the planned graph. `ids` are what Checkov and the CIS benchmark call it.

    `whole`: it compares resources with one another; any other may be asked about one resource at a time.
    """

    find: Callable[[Graph], Iterator[Finding]]
    ids: tuple[str, ...]
    whole: bool

    @property
    def name(self) -> str:
        """The function's name."""
        return self.find.__name__

    @property
    def about(self) -> str:
        """The first line of its docstring: what the rule demands."""
        return (self.find.__doc__ or "").strip().partition("\n")[0]

    def __call__(self, graph: Graph) -> list[Violation]:
        """All that it finds in a graph."""
        return [Violation(rule=self, finding=finding) for finding in self.find(graph)]


def rule(*ids: str, whole: bool = False) -> Callable[[Callable[[Graph], Iterator[Finding]]], Rule]:
    """Make a Rule of a function that yields findings."""
    return lambda find: Rule(find=find, ids=ids, whole=whole)
