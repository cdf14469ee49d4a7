"""One-off tasks of a site on ECS: its release command, and the commands of `portico exec`."""

from dataclasses import dataclass
from functools import partial

import pulumi

from portico.components.barrier import Barrier, put_before
from portico.components.ecs.definition import define_task
from portico.components.ecs.infrastructure import Infrastructure
from portico.components.ecs.processes import Define, define_without_web
from portico.components.ecs.release_command import ReleaseCommand, ReleaseCommandArgs
from portico.config.release.release import Release
from portico.config.settings.ecs import Ecs
from portico.config.targets.ecs import (
    define_by_hand,
    define_release,
    sum_by_hand,
    sum_release,
)
from portico.config.task_names import BY_HAND, RELEASE


@dataclass(frozen=True, kw_only=True)
class CommandsArgs:
    """`define` and `logs` are those of ProcessesArgs, `pinned` and `served` those of ReleaseCommandArgs."""

    release: Release
    ecs: Ecs
    infrastructure: Infrastructure
    define: Define
    logs: pulumi.Output[str]
    pinned: bool = False
    served: str = ""


def run_release_command(name: str, args: CommandsArgs, opts: pulumi.ResourceOptions) -> Barrier | None:
    """The release command, which must end before anything of the release is rolled out; None where there is none."""
    if args.release.site.release is None:
        return None
    limits, make = sum_release(args.release.site), partial(define_release, args.release)
    return ReleaseCommand(
        f"{name}-release-command",
        ReleaseCommandArgs(
            release=args.release,
            region=args.ecs.region,
            definition=define_without_web(args.define, args.ecs, make, limits, RELEASE),
            infrastructure=args.infrastructure,
            logs=args.logs,
            pinned=args.pinned,
            served=args.served,
            tags=args.ecs.tags,
        ),
        opts,
    ).barrier


def offer_commands(
    name: str, args: CommandsArgs, web: pulumi.Output[str], barrier: Barrier | None, parent: pulumi.Resource
) -> None:
    """Define a task for `portico exec`: of the live release, so once `web` is known, which says that it is live."""
    limits, make = sum_by_hand(args.release), partial(define_by_hand, args.release)
    agreed: pulumi.Output[list[pulumi.Resource]] = web.apply(lambda _: [])
    define_task(
        f"{name}-exec",
        define_without_web(args.define, args.ecs, make, limits, BY_HAND),
        parent,
        put_before(barrier, pulumi.ResourceOptions(depends_on=agreed)),
    )
