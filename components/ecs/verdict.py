"""Whether a release is what runs: AWS goes back to the one before by itself, and calls that a success."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

_LINES = 5


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A `service` of a `cluster` (ARN), its `site`, and the `task` definition (ARN) that it was asked to run.

    `logs` is the name of the group of its logs.
    """

    site: str
    cluster: pulumi.Input[str]
    service: aws.ecs.Service
    task: pulumi.Input[str]
    logs: pulumi.Input[str]
    region: str


def require_live(asked: Asked, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The task definition that runs, once it is the one that was asked for.

    pulumi.RunError says that AWS went back to the release before, and what it has noted meanwhile. Pulumi's own
    provider reports success then: pulumi/pulumi-aws#4487. A preview changes nothing, so it asks for nothing.
    """
    if pulumi.runtime.is_dry_run():
        return pulumi.Output.from_input(asked.task)
    found = aws.ecs.get_service_output(
        cluster_arn=asked.cluster,
        service_name=asked.service.name,
        opts=pulumi.InvokeOutputOptions(parent=parent, depends_on=[asked.service]),
    )

    def judge(values: list[Any]) -> str:
        wanted, runs, events, group = values
        if runs != wanted:
            raise pulumi.RunError(explain(asked.site, wanted, runs, events or [], group, asked.region))
        return str(wanted)

    return pulumi.Output.all(asked.task, found.task_definition, found.events, asked.logs).apply(judge)


def explain(site: str, wanted: str, runs: str, events: Sequence[Any], logs: str, region: str) -> str:
    """What is said of a release that AWS has given up, with the last of what it noted."""
    noted = [str(one["message"] if isinstance(one, dict) else one.message) for one in events[:_LINES]]
    return "\n".join(
        [
            f"{site}: {_name(wanted)} was not healthy and AWS went back to {_name(runs)}; "
            "the release before keeps serving.",
            *(["What AWS noted, the newest first:", *(f"  {line}" for line in noted)] if noted else []),
            f"Its own words: aws logs tail {logs} --since 30m --region {region}",
        ]
    )


def _name(task: str) -> str:
    """family:revision, from an ARN."""
    return task.rpartition("/")[2]
