"""Under which Pythons and processors something is installed: a marker as the set of images it holds in.

Markers are evaluated for Linux and CPython, once for each of these; so conditions are joined by counting, and what an
image is given in the end is short whatever a lock says on the way there.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

from packaging.markers import Marker

MINORS: Final = tuple(f"3.{minor}" for minor in range(9, 16))
_MACHINES: Final = ("x86_64", "aarch64", "armv7l", "ppc64le", "s390x")
_GRID: Final = tuple((minor, machine) for minor in MINORS for machine in _MACHINES)
# The images of all Pythons and processors.
ALWAYS: Final = (1 << len(_GRID)) - 1
NEVER: Final = 0

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True)
class Edge:
    """A requirement inside a lock: which package, with which extras, under which condition."""

    target: Hashable
    extras: tuple[str, ...] = ()
    condition: int = ALWAYS


@cache
def read_marker(marker: str, extra: str = "") -> int:
    """The images in which `marker` holds. Raises packaging.markers.InvalidMarker."""
    if not marker:
        return ALWAYS
    parsed, found = Marker(marker), 0
    for place, (minor, machine) in enumerate(_GRID):
        environment = {
            "sys_platform": "linux",
            "platform_system": "Linux",
            "os_name": "posix",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "python_version": minor,
            # Late patches: an image has the newest.
            "python_full_version": f"{minor}.40",
            "implementation_version": f"{minor}.40",
            "platform_machine": machine,
            "extra": extra,
        }
        found |= parsed.evaluate(environment) << place
    return found


def write_marker(condition: int) -> str:
    """A marker that holds in these images alone; empty for all of them."""
    if condition == ALWAYS:
        return ""
    groups: dict[tuple[str, ...], list[str]] = {}
    for minor in MINORS:
        machines = tuple(
            machine for place, (other, machine) in enumerate(_GRID) if other == minor and condition >> place & 1
        )
        if machines:
            groups.setdefault(machines, []).append(minor)
    parts = []
    for machines, minors in groups.items():
        said = _spell_range(minors)
        said += [] if len(machines) == len(_MACHINES) else [_either("platform_machine", machines)]
        parts.append(" and ".join(said))
    return " or ".join(f"({part})" if len(parts) > 1 else part for part in parts)


def holds(condition: int, minor: str) -> bool:
    """Whether it holds with Python `minor`, whatever the processor is."""
    return any(condition >> place & 1 for place, (other, _) in enumerate(_GRID) if other == minor)


def spread(roots: Iterable[Edge], follow: Callable[[Hashable, str], Iterable[Edge]]) -> dict[Hashable, int]:
    """All that the `roots` bring, and when; `follow` lists what a package requires, by itself or with an extra."""
    found: dict[tuple[Hashable, str], int] = {}
    waiting = [(edge, ALWAYS) for edge in roots]
    while waiting:
        edge, above = waiting.pop()
        condition = edge.condition & above
        for extra in ("", *edge.extras):
            known = found.get((edge.target, extra), NEVER)
            if condition | known == known:
                continue
            found[edge.target, extra] = condition | known
            waiting += [(inner, condition) for inner in follow(edge.target, extra)]
    total: dict[Hashable, int] = {}
    for (target, _), condition in found.items():
        total[target] = total.get(target, NEVER) | condition
    return total


def _spell_range(minors: list[str]) -> list[str]:
    """What says that Python is one of these: a range where they follow one another."""
    first, last = MINORS.index(minors[0]), MINORS.index(minors[-1])
    if last - first + 1 != len(minors):
        return [_either("python_version", minors)]
    said = [f'python_version >= "{minors[0]}"'] if first else []
    return said + ([f'python_version <= "{minors[-1]}"'] if last + 1 < len(MINORS) else [])


def _either(name: str, values: Iterable[str]) -> str:
    said = [f'{name} == "{value}"' for value in values]
    return said[0] if len(said) == 1 else f"({' or '.join(said)})"
