"""What is deployed of a stack on ECS, by its state: for what is done by hand there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from portico.cli.engine import CLUSTER, SERVICE, Export, list_resources
from portico.cli.refused import Refused
from portico.cli.site_choice import choose_site
from portico.cli.spelling import spell
from portico.components.one_off_tasks import Cluster, Network
from portico.config.task_names import BY_HAND

STACK = "pulumi:pulumi:Stack"
DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"


@dataclass(frozen=True)
class DeployedTasks:
    """A stack that is up on ECS: its cluster and where tasks are in the network, and the live release of each site.

    `groups` are the groups of logs and `definitions` what `portico exec` starts (ARNs), both by site.
    """

    stack: str
    cluster: Cluster
    network: Network
    releases: Mapping[str, str]
    groups: Mapping[str, str]
    definitions: Mapping[str, str]

    @classmethod
    def find(cls, stack: str, export: Export) -> Self | None:
        """From the state; None where the stack is not on ECS."""
        clusters = [one.get("outputs") or {} for one in list_resources(export, CLUSTER)]
        if not clusters:
            return None
        cluster = str(clusters[0]["arn"])
        services = [one.get("outputs") or {} for one in list_resources(export, SERVICE)]
        # Where no site went live yet there is none, and nothing to start by hand either.
        place = (services or [{}])[0].get("networkConfiguration") or {}
        groups, definitions = {}, {}
        for one in list_resources(export, DEFINITION):
            reported = one.get("outputs") or {}
            for container in json.loads(reported.get("containerDefinitions") or "[]"):
                options = container["logConfiguration"]["options"]
                groups[options["awslogs-stream-prefix"]] = options["awslogs-group"]
                if container["name"] == BY_HAND:
                    definitions[options["awslogs-stream-prefix"]] = str(reported["arn"])
        outputs: dict[str, Any] = next((one.get("outputs") or {} for one in list_resources(export, STACK)), {})
        return cls(
            stack=stack,
            cluster=Cluster(region=cluster.split(":")[3], arn=cluster),
            network=Network(
                subnets=tuple(place.get("subnets") or ()),
                firewall=str((place.get("securityGroups") or [""])[0]),
                public=bool(place.get("assignPublicIp")),
            ),
            releases=outputs.get("releases") or {},
            groups=groups,
            definitions=definitions,
        )

    def choose_site(self, site: str, command: str) -> str:
        """The site of that name, or the only one. Raises Refused."""
        return choose_site(self.stack, self.releases, site, command)

    def choose_logs(self, site: str, process: str) -> list[str]:
        """Whose logs are shown: of all sites or of that one, also where it did not go live. Raises Refused."""
        return [choose_site(self.stack, self.groups, site, "logs")] if site or process else [*self.groups]

    def find_definition(self, site: str) -> str:
        """What a command for that site is run by. Raises Refused where an older Portico has deployed it."""
        if site not in self.definitions:
            raise Refused(
                f"{site} was deployed before commands could be run on ECS; {spell('up', self.stack)} fixes it"
            )
        return self.definitions[site]
