"""The stacks that `make test` tries each property of rendered files on: made, rendered and read back once for all.

To make a stack takes longer than to look at it, so the properties share them. `make soak` makes new ones for each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from tests.config.nginx_file import Directive
from tests.property.profile import SOAK, collect, holds_for
from tests.property.rendered import Rendered, parse, render
from tests.property.settings import LAYOUTS, fleets, stacks
from tests.property.simple_values import Strategy, Values

# By what makes most of a difference; "any" leaves that to the settings.
KINDS: Final[Mapping[str, Callable[[], Strategy]]] = {
    "any": stacks,
    "socket": lambda: stacks(upstream="socket"),
    "container": lambda: stacks(upstream="container"),
    "tcp": lambda: stacks(upstream="tcp"),
    "ecs": fleets,
}
_OF_EACH: Final = 16


@dataclass(frozen=True)
class Tried:
    """The values of a stack, what is written for it, and NGINX's part of that read back. Nobody changes it."""

    values: Values
    layout: str
    root: Path

    @cached_property
    def rendered(self) -> Rendered:
        return render(self.values, self.root, self.layout)

    @cached_property
    def main(self) -> Directive:
        return parse(self.rendered)


def holds_for_stacks(kind: str = "any", *, every: int = 1) -> Callable[[Callable[[Tried], None]], Callable[..., None]]:
    """The test is a property of each stack of that kind; by "any", of all kinds.

    `every` is 1 or the distance between those that `make test` takes, for a property that takes long.
    """

    def decorate(test: Callable[[Tried], None]) -> Callable[..., None]:
        def on_new(root: Path, values: dict[str, Any], layout: str) -> None:
            test(Tried(values, layout, root))

        def on_pool(root: Path) -> None:
            for tried in list_stacks(root, kind)[::every]:
                try:
                    test(tried)
                except BaseException as error:
                    error.add_note(f"The stack, laid out as {tried.layout}: {tried.values}")
                    raise

        # A name of its own, by which hypothesis chooses what it makes and pytest tells it from others.
        on_new.__name__ = on_pool.__name__ = test.__name__
        on_new.__doc__ = on_pool.__doc__ = test.__doc__
        on_new.__module__ = on_pool.__module__ = test.__module__
        return holds_for(values=KINDS[kind](), layout=st.sampled_from(LAYOUTS))(on_new) if SOAK else on_pool

    return decorate


def list_stacks(root: Path, kind: str = "any") -> tuple[Tried, ...]:
    """The same stacks in each run, of one kind or of all; `root` has the applications."""
    return tuple(tried for one in KINDS if kind in (one, "any") for tried in _make(root, one))


@cache
def _make(root: Path, kind: str) -> tuple[Tried, ...]:
    found = collect(_OF_EACH, KINDS[kind](), beginning=list(KINDS).index(kind))
    return tuple(Tried(values, LAYOUTS[number % 2], root) for number, values in enumerate(found))
