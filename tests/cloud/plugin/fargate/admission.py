"""Whether a task may begin: its execution role, its way out, its log groups, and its secrets."""

import re
from collections.abc import Mapping
from typing import Any

from tests.cloud.plugin.cloud import ACCOUNT, Cloud
from tests.cloud.plugin.databases.ways import list_ways
from tests.cloud.plugin.fargate.definition import read
from tests.cloud.plugin.fargate.permission import find_denied, find_obstacles, list_wanted
from tests.cloud.plugin.fargate.secrets import Lost, resolve
from tests.cloud.plugin.fargate.shared_folders import open_folders
from tests.cloud.plugin.fleet_kinds import REPOSITORY
from tests.cloud.plugin.fleet_made import name_registry

_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


class Admission:
    """For the tasks of one definition in one network."""

    def __init__(self, cloud: Cloud, definition: Mapping[str, Any], network: Mapping[str, Any]) -> None:
        self._cloud, self._definition, self._network = cloud, definition, network

    def admit(self) -> None:
        """Raises ValueError with what ECS says of a task that never begins."""
        containers = read(self._definition)
        registry = name_registry(self._cloud)
        names = {one["image"].removeprefix(f"{registry}/") for one in containers if one["image"].startswith(registry)}
        repositories = {re.split(r"[:@]", name)[0] for name in names}
        for name in sorted(repositories):
            if self._cloud.find(name, REPOSITORY) is None:
                raise ValueError(f"CannotPullContainerError: the repository {name} does not exist")
        logs = {
            one["logConfiguration"]["options"]["awslogs-group"] for one in containers if one.get("logConfiguration")
        }
        for name in sorted(logs):
            if self._cloud.find(name, _LOG_GROUP) is None:
                raise ValueError(
                    f"ResourceInitializationError: failed to validate logger args: ResourceNotFoundException: {name}"
                )
        # Of a source, the secret alone.
        sources = [one["valueFrom"] for container in containers for one in container.get("secrets") or []]
        secrets = sorted({":".join(source.split(":")[:7]) for source in sources})
        arns = [str(one.outputs["arn"]) for name in logs if (one := self._cloud.find(name, _LOG_GROUP))]
        pulled = [str(one.outputs["arn"]) for name in repositories if (one := self._cloud.find(name, REPOSITORY))]
        wanted = list_wanted(pulled, arns, secrets)
        denied = list(find_denied(self._cloud, str(self._definition.get("executionRoleArn")), wanted))
        if denied and (repositories or logs or secrets):
            raise ValueError(f"ResourceInitializationError: AccessDeniedException: not allowed: {'; '.join(denied)}")
        if obstacles := find_obstacles(self._cloud, self._network, secrets=bool(secrets)):
            raise ValueError(f"CannotPullContainerError: i/o timeout. (The double knows why: {'; '.join(obstacles)}.)")

    def open_folders(self) -> dict[str, str]:
        """The folders of EFS that the task has, by its volumes. Raises ValueError as `admit` does."""
        return open_folders(self._cloud, self._definition, self._network)

    def list_ways(self) -> list[str]:
        """Docker's networks of the databases that the task gets to."""
        return list_ways(self._cloud, self._network)

    def resolve(self, source: str) -> str:
        """The value of a secret."""
        try:
            return resolve(self._cloud, source)
        except Lost as error:
            raise ValueError(f"ResourceInitializationError: unable to pull secrets: {error} ({ACCOUNT})") from error
