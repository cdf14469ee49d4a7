"""What could be made, where an update goes on after a failure (`pulumi up --continue-on-error`, which `make up` runs).

The engine then answers for a resource that failed, or that depends on one that did, and its outputs stay unknown. What
depends on it is not made. So whoever has to act on a failure may not depend on what failed.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.output import Unknown

# Stands for the id of what could not be made.
NONE = "-"


def find_id(resource: pulumi.CustomResource) -> pulumi.Output[str]:
    """Its id, NONE if it could not be made. In a preview, it is unknown as ever."""
    if pulumi.runtime.is_dry_run():
        return resource.id

    async def look() -> str:
        return str(await resource.id.future()) if await resource.id.is_known() else NONE

    async def depend() -> set[pulumi.Resource]:
        return {resource} if await resource.id.is_known() else set()

    return _make_output(depend(), look())


def list_made(resources: Sequence[pulumi.CustomResource]) -> pulumi.Input[Sequence[pulumi.Resource]]:
    """Those of them that could be made, to depend on; in a preview, all."""
    if pulumi.runtime.is_dry_run():
        return resources

    async def look() -> list[pulumi.Resource]:
        return [one for one in resources if await one.id.is_known()]

    async def depend() -> set[pulumi.Resource]:
        return set(await look())

    return _make_output(depend(), look())


def or_none(output: pulumi.Output[str], none: str = NONE) -> pulumi.Output[str]:
    """It, or `none` where what it comes from could not be made.

    For arguments that must be there: the provider refuses what has none before the engine sees that it must be skipped.
    """
    if pulumi.runtime.is_dry_run():
        return output
    return output.apply(lambda value: none if isinstance(value, Unknown) else value, run_with_unknowns=True)


def skip_unless(well: pulumi.Output[bool], output: pulumi.Output[str]) -> pulumi.Output[str]:
    """It, where all is `well`; else it stays unknown, as if what it comes from could not be made."""

    async def look() -> str:
        return str(await output.future()) if await known() else ""

    async def known() -> bool:
        return bool(await well.future()) and await output.is_known()

    loop = asyncio.ensure_future
    return pulumi.Output(loop(output.resources()), loop(look()), loop(known()))


def require_all(sites: Mapping[str, pulumi.Output[Any]]) -> pulumi.Output[list[Any]]:
    """The values of all sites. Raises pulumi.RunError, once each has ended, with those that have none."""
    if pulumi.runtime.is_dry_run():
        return pulumi.Output.all(*sites.values())

    async def look() -> list[Any]:
        failed = [site for site, value in sites.items() if not await value.is_known()]
        if failed:
            raise pulumi.RunError(tell_failed(failed))
        return [await value.future() for value in sites.values()]

    async def depend() -> set[pulumi.Resource]:
        return {one for value in sites.values() for one in await value.resources()}

    return _make_output(depend(), look())


def tell_failed(sites: Iterable[str]) -> str:
    """What is said of sites that could not be made, below the causes."""
    return f"{join_names(list(sites))} did not go live; see the error above."


def join_names(names: Sequence[str]) -> str:
    """The names as people write them: a, b and c."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _make_output(
    resources: Coroutine[Any, Any, set[pulumi.Resource]], value: Coroutine[Any, Any, Any]
) -> pulumi.Output[Any]:
    known: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
    known.set_result(True)
    # As tasks: Python complains of a coroutine that nobody awaits because the program ends before.
    return pulumi.Output(asyncio.ensure_future(resources), asyncio.ensure_future(value), known)
