"""Release commands on ECS that still run: the run that began them is gone, and they may finish."""

import json
from collections.abc import Iterator

from portico.cli.deployed_tasks import DEFINITION
from portico.cli.engine import CLUSTER, Export, list_resources
from portico.components.aws_command import AwsError
from portico.components.one_off_tasks import Cluster
from portico.config.task_names import RELEASE


def tell_unended(export: Export) -> Iterator[str]:
    """A sentence for each of them, by the stack's state; nothing where the stack is not on ECS."""
    arns = [str((one.get("outputs") or {}).get("arn")) for one in list_resources(export, CLUSTER)]
    for family, site in _list_families(export) if arns else ():
        cluster = Cluster(region=arns[0].split(":")[3], arn=arns[0])
        try:
            running = [task for task in cluster.list_family(family) if not task.over]
        except AwsError as error:
            yield f"Whether the release command of {site} still runs cannot be seen: {error}"
            continue
        for task in running:
            yield f"The release command of {site} still runs (task {task.id})."
            yield "It may finish; this command waits for it."


def _list_families(export: Export) -> Iterator[tuple[str, str]]:
    """The family of the tasks of each release command, and the site."""
    for one in list_resources(export, DEFINITION):
        reported = one.get("outputs") or {}
        for container in json.loads(reported.get("containerDefinitions") or "[]"):
            if container["name"] == RELEASE:
                yield str(reported["family"]), container["logConfiguration"]["options"]["awslogs-stream-prefix"]
