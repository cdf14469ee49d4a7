"""Stops one site's containers from being made once an earlier step of it has failed, while other sites go on."""

from collections.abc import Callable, Sequence
from typing import Any

import pulumi
from pulumi.output import Unknown

from portico.components.partial_update import skip_unless
from portico.components.scope import name_resource

# The CLI recognizes by this text a failure that was reported already (cli/failure.py).
PUT_OFF = "was skipped: an earlier step failed"


class Barrier:
    """Nothing behind it is made before `outputs` are known, or at all where `judge` finds a failure in them.

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

    def put_before(self, opts: pulumi.ResourceOptions, *, updates: bool = False) -> pulumi.ResourceOptions:
        """These as the options of what is behind it; with `updates`, what is there is not changed in place either."""
        hooks = pulumi.ResourceHookBinding(before_create=[self._hook], before_update=[self._hook] if updates else None)
        # As a dependency, not by way of an input: a preview that cannot know it yet would show a replacement.
        after: pulumi.Output[list[pulumi.Resource]] = self.well.apply(lambda _: [])
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=after, hooks=hooks))

    def _decide(self, values: Any) -> bool:
        if pulumi.runtime.is_dry_run():
            return True
        lost = isinstance(values, Unknown) or any(isinstance(value, Unknown) for value in values)
        self._closed = lost or not self._judge(values)
        return not self._closed

    def _ask(self, args: pulumi.ResourceHookArgs) -> None:
        if self._closed:
            raise RuntimeError(f"{args.name} {PUT_OFF}")


def join_barriers(name: str, barriers: Sequence[Barrier]) -> Barrier | None:
    """A barrier that is open once all of these are; None where there are none."""
    return Barrier(name, [one.well for one in barriers]) if barriers else None


def put_before(barrier: Barrier | None, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """The options of what is behind a barrier, also where it is changed in place; as they are where there is none."""
    return barrier.put_before(opts, updates=True) if barrier else opts


def hold_back(barrier: Barrier | None, value: pulumi.Output[str]) -> pulumi.Output[str]:
    """The value, which is never known where the barrier is closed: as of a resource that could not be made."""
    if barrier is None or pulumi.runtime.is_dry_run():
        return value
    return skip_unless(barrier.well, value)
