"""Checks which release runs: AWS goes back to the one before by itself, and calls that a success."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.scope import name_resource

_LINES = 5
# What AWS's provider says, among much else, of a release that did not get healthy: newer ones name the circuit breaker,
# and all of them that they have waited long enough.
_UNHEALTHY = ("circuit breaker", "tasks failed to start", "timeout while waiting", "ROLLBACK_")


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


class Watch:
    """An error hook for the service of `site`: it says in plain words what the provider's own mean.

    `logs` is the name of the group of its logs.
    """

    def __init__(self, site: str, logs: pulumi.Input[str], region: str) -> None:
        self._site, self._region = site, region
        self._group = ""
        # Known by the time that it is needed: no task starts before its group of logs is there.
        pulumi.Output.from_input(logs).apply(self._remember)
        hook = pulumi.ErrorHook(name_resource(f"{site}-watch"), self._explain)
        self.hooks = pulumi.ResourceHookBinding(on_error=[hook])

    def _remember(self, group: str) -> None:
        self._group = group

    def _explain(self, args: pulumi.ErrorHookArgs) -> bool:
        if any(words in error for error in args.errors for words in _UNHEALTHY):
            pulumi.log.error(
                f"{self._site}: the tasks of this release were not healthy and AWS has given it up; a release before "
                f"it keeps serving.\n{_point(self._group, self._region)}"
            )
        return False


def explain(site: str, wanted: str, runs: str, events: Sequence[Any], logs: str, region: str) -> str:
    """What is said of a release that AWS has given up, with the last of what it noted."""
    noted = [str(one["message"] if isinstance(one, dict) else one.message) for one in events[:_LINES]]
    return "\n".join(
        [
            f"{site}: {_name(wanted)} was not healthy and AWS went back to {_name(runs)}; "
            "the release before keeps serving.",
            *(["Events of AWS, newest first:", *(f"  {line}" for line in noted)] if noted else []),
            _point(logs, region),
        ]
    )


def _point(logs: str, region: str) -> str:
    return f"Its log: aws logs tail {logs} --since 30m --region {region}"


def _name(task: str) -> str:
    """family:revision, from an ARN."""
    return task.rpartition("/")[2]
