"""The release command of one site on ECS: a task that runs once for each release, before its web is rolled out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags
from portico.components.barrier import Barrier
from portico.components.ecs.command_record import name_parameter
from portico.components.ecs.command_run import Asked, CommandFailed, run_once
from portico.components.ecs.definition import DefinitionArgs, define_task
from portico.components.ecs.infrastructure import Infrastructure
from portico.components.one_off_tasks import Cluster, Network
from portico.components.parameter_record import EMPTY
from portico.config.release.release import Release
from portico.config.release.release_command import key_command


@dataclass(frozen=True, kw_only=True)
class ReleaseCommandArgs:
    """`definition` is what its task is made of, `logs` the name of a log group.

    `pinned`: the site goes back to an earlier release, for which nothing is run. `served` is the release that is live,
    "" where there is none.
    """

    release: Release
    region: str
    definition: DefinitionArgs
    infrastructure: Infrastructure
    logs: pulumi.Input[str]
    pinned: bool = False
    served: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class ReleaseCommand(pulumi.ComponentResource):
    """Runs the release command of one site, once for what it depends on.

    Which ones ended well is written down in AWS's Parameter Store, and what runs AWS itself is asked. Where it fails,
    that is said at once, and `barrier` is closed: nothing that serves is touched, and other sites go live.

    Outputs: `record` (name of the parameter).
    """

    barrier: Barrier

    def __init__(self, name: str, args: ReleaseCommandArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:ecs:ReleaseCommand", name, None, opts)
        self._args, site = args, args.release.site.name
        task = define_task(name, args.definition, self)
        record = aws.ssm.Parameter(
            f"{name}-record",
            name=name_parameter(site),
            description=f"Which release commands of {site} were run",
            # A command may hold what not everybody is to read.
            type="SecureString",
            value=EMPTY,
            tags=make_tags(f"{site}-release-command", args.tags),
            # It is written by who runs them.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["value"]),
        )
        infrastructure = args.infrastructure
        named: pulumi.Output[dict[str, Any]] = pulumi.Output.all(
            definition=task.arn,
            family=task.family,
            record=record.name,
            cluster=infrastructure.cluster_arn,
            subnets=list(infrastructure.subnets),
            firewalls=list(infrastructure.firewalls),
            logs=args.logs,
        )
        self.barrier = Barrier(name, [named.apply(self._run)])
        self.register_outputs({"record": record.name})

    async def _run(self, found: dict[str, Any]) -> bool:
        args = self._args
        settings = args.release.site.release
        if pulumi.runtime.is_dry_run() or settings is None:
            return True
        asked = Asked(
            site=args.release.site.name,
            release=args.release.id,
            key=key_command(args.release),
            command=settings.command,
            timeout=settings.timeout.seconds,
            pinned=args.pinned,
            cluster=Cluster(region=args.region, arn=found["cluster"]),
            network=Network(subnets=found["subnets"], firewalls=found["firewalls"], public=args.infrastructure.public),
            definition=found["definition"],
            family=found["family"],
            logs=found["logs"],
            record=found["record"],
        )
        try:
            # In a thread: other sites go on meanwhile.
            await asyncio.to_thread(run_once, asked, pulumi.log.info, pulumi.log.warn)
        except CommandFailed as error:
            pulumi.log.error(self._tell(str(error)))
            return False
        return True

    def _tell(self, why: str) -> str:
        site = self._args.release.site.name
        keeps = (
            f"the release before it ({self._args.served}) keeps serving"
            if self._args.served
            else f"there is no release of {site} before it"
        )
        first, _, rest = why.partition("\n")
        said = f"{site}-release-command {first}. No task of release {self._args.release.id} was started; {keeps}."
        return f"{said}\n{rest}" if rest else said
