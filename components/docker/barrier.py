"""What keeps containers of one site from being made once something before them has failed, while other sites go on."""

from collections.abc import Callable, Sequence
from typing import Any

import pulumi
from pulumi.output import Unknown

from portico.components.scope import name_resource

# By these words a failure is known that was told already (cli/failure.py).
HELD_BACK = "was held back: what comes before it failed"


class Barrier:
    """Nothing that is behind it is made before `outputs` are known, nor at all where `judge` finds them not well.

    The engine leaves out by itself what depends on a resource that failed. A container that ran and ended badly has not
    failed as a resource, so the engine asks this before it makes what comes next. What is there stays as it was.
    An output that is not known at the end of an update belongs to a resource that failed.
    """

    well: pulumi.Output[bool]

    def __init__(
        self, name: str, outputs: Sequence[pulumi.Output[Any]], judge: Callable[[list[Any]], bool] = all
    ) -> None:
        self._closed = False
        self._judge = judge
        self._hook = pulumi.ResourceHook(name_resource(f"{name}-barrier"), self._ask)
        self.well = pulumi.Output.all(*outputs).apply(self._decide, run_with_unknowns=True)

    def put_before(self, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """Make these the options of a container that is behind it."""
        # As a dependency, not by way of an input: a preview that cannot know it yet would show a replacement.
        opts.depends_on = self.well.apply(lambda _: [])
        opts.hooks = pulumi.ResourceHookBinding.merge(
            opts.hooks, pulumi.ResourceHookBinding(before_create=[self._hook])
        )
        return opts

    def _decide(self, values: Any) -> bool:
        if pulumi.runtime.is_dry_run():
            return True
        lost = isinstance(values, Unknown) or any(isinstance(value, Unknown) for value in values)
        self._closed = lost or not self._judge(values)
        return not self._closed

    def _ask(self, args: pulumi.ResourceHookArgs) -> None:
        if self._closed:
            raise RuntimeError(f"{args.name} {HELD_BACK}")
