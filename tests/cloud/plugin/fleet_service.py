"""Services of ECS: what is refused, the process that runs one, and the wait until it is steady."""

import os
import time
from typing import Final

from tests.cloud.plugin.balancer.routing import find_balancers
from tests.cloud.plugin.cloud import Cloud, Thing, Unfinished
from tests.cloud.plugin.fargate import status
from tests.cloud.plugin.fargate.definition import read
from tests.cloud.plugin.fleet_kinds import DEFINITION
from tests.cloud.plugin.process import start, tell, tell_or_start

# The variable that lets the provider wait as it did before it looked at deployments: it took a rollback for a success.
SILENT: Final = "PORTICO_TEST_SILENT_ROLLBACK"
_WAIT: Final = 1200.0  # seconds, as the provider waits
# What makes ECS begin a deployment.
_DEPLOYED: Final = frozenset(
    {"loadBalancers", "networkConfiguration", "platformVersion", "taskDefinition", "forceNewDeployment", "triggers"}
)


class ServiceEffects:
    """Raises ValueError for what ECS refuses, and Unfinished where a service is there and not as it should be."""

    def __init__(self, cloud: Cloud, *, paper: bool) -> None:
        self._cloud, self._paper = cloud, paper

    def create(self, service: Thing, timeout: float) -> None:
        self._check(service)
        if self._paper:
            reported = {
                "status": "PRIMARY",
                "taskDefinition": service.inputs["taskDefinition"],
                "rolloutState": "COMPLETED",
            }
            status.write(self._cloud, service.id, deployments=[reported])
            return
        self._deploy(service, timeout)

    def update(self, service: Thing, changes: list[str], timeout: float) -> None:
        self._check(service)
        if self._paper:
            self.create(service, timeout)
        elif _DEPLOYED & {name.partition(".")[0].partition("[")[0] for name in changes}:
            self._deploy(service, timeout)
        elif service.inputs.get("waitForSteadyState"):
            self._wait_stable(service, timeout)

    def delete(self, service: Thing) -> None:
        """Its tasks are drained and stopped."""
        tell(status.name_process(self._cloud, service.id), {"end": True})
        status.remove(self._cloud, service.id)

    def _deploy(self, service: Thing, timeout: float) -> None:
        name, label = status.name_process(self._cloud, service.id), f"service-{service.inputs['name']}"
        id = tell_or_start(name, {"deploy": True}, lambda: start("fargate", self._cloud.folder, label, service.id))
        if not id.startswith("ecs-svc/"):
            raise ValueError(f"the process of {service.name} failed: its words are in {self._cloud.folder}/{label}.log")
        if not service.inputs.get("waitForSteadyState"):
            return
        if os.environ.get(SILENT):
            self._wait_stable(service, timeout)
        else:
            self._wait_deployed(service, id, timeout)

    def _wait_deployed(self, service: Thing, id: str, timeout: float) -> None:
        """As the provider does it: the deployment itself must succeed."""
        until = time.monotonic() + (timeout or _WAIT)
        while time.monotonic() < until:
            reported = status.read(self._cloud, service.id)
            if outcome := reported["outcomes"].get(id):
                if outcome[0] == "SUCCESSFUL":
                    return
                raise Unfinished(f"waiting for ECS Service ({service.id}): {outcome[1]}")
            time.sleep(0.2)
        raise Unfinished(
            f"waiting for ECS Service ({service.id}): timeout while waiting for state to become 'tfSTABLE'"
        )

    def _wait_stable(self, service: Thing, timeout: float) -> None:
        """As the provider did it, and does it where no deployment begins: one deployment, and all tasks run."""
        until = time.monotonic() + (timeout or _WAIT)
        while time.monotonic() < until:
            deployments = status.read(self._cloud, service.id)["deployments"]
            if len(deployments) == 1 and deployments[0]["rolloutState"] == "COMPLETED":
                first = deployments[0]
                if first["runningCount"] == first["desiredCount"]:
                    return
            time.sleep(0.2)
        raise Unfinished(
            f"waiting for ECS Service ({service.id}): timeout while waiting for state to become 'tfSTABLE'"
        )

    def _check(self, service: Thing) -> None:
        given = service.inputs
        if not given.get("networkConfiguration"):
            raise ValueError(
                "InvalidParameterException: Network Configuration must be provided when networkMode 'awsvpc'"
            )
        if given.get("launchType") != "FARGATE" and not given.get("capacityProviderStrategies"):
            raise ValueError("the double runs services on Fargate alone: launchType is not FARGATE")
        definition = self._cloud.find(str(given.get("taskDefinition")), DEFINITION)
        if definition is None:
            raise ValueError(f"ClientException: TaskDefinition not found: {given.get('taskDefinition')}")
        ports = {
            (one["name"], port["containerPort"])
            for one in read(definition.inputs)
            for port in one.get("portMappings") or []
        }
        for place in given.get("loadBalancers") or []:
            if (place["containerName"], place["containerPort"]) not in ports:
                raise ValueError(
                    f"InvalidParameterException: The container {place['containerName']} did not have a container port "
                    f"{place['containerPort']} defined."
                )
            if not list(find_balancers(self._cloud, place["targetGroupArn"])):
                raise ValueError(
                    f"InvalidParameterException: The target group with targetGroupArn {place['targetGroupArn']} does "
                    "not have an associated load balancer."
                )
