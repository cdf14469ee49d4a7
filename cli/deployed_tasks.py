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
    """A stack that is up on ECS: its cluster, and the live release of each site.

    `networks` say where its tasks are, `groups` are the groups of logs and `definitions` what `portico exec` starts
    (ARNs), all three by site.
    """

    stack: str
    cluster: Cluster
    networks: Mapping[str, Network]
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
        groups, definitions, owners = {}, {}, {}
        for one in list_resources(export, DEFINITION):
            reported = one.get("outputs") or {}
            for container in json.loads(reported.get("containerDefinitions") or "[]"):
                options = container["logConfiguration"]["options"]
                groups[options["awslogs-stream-prefix"]] = options["awslogs-group"]
                owners[_name_family(reported.get("arn"))] = options["awslogs-stream-prefix"]
                if container["name"] == BY_HAND:
                    definitions[options["awslogs-stream-prefix"]] = str(reported["arn"])
        outputs: dict[str, Any] = next((one.get("outputs") or {} for one in list_resources(export, STACK)), {})
        return cls(
            stack=stack,
            cluster=Cluster(region=cluster.split(":")[3], arn=cluster),
            # A site that did not go live has none, and nothing to start by hand either.
            networks={
                owners[_name_family(one["taskDefinition"])]: _read_network(one.get("networkConfiguration") or {})
                for one in (one.get("outputs") or {} for one in list_resources(export, SERVICE))
                if _name_family(one.get("taskDefinition")) in owners
            },
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

    def find_network(self, site: str) -> Network:
        """Where a command for that site runs, which its services let in. Raises Refused where it is not live."""
        if site not in self.networks:
            raise Refused(f"{site} has no tasks yet; {spell('up', self.stack)} starts them")
        return self.networks[site]


def _name_family(definition: Any) -> str:
    """The family of a definition's ARN: an update that failed has made a newer one than the tasks have."""
    return str(definition).rpartition(":")[0]


def _read_network(place: Mapping[str, Any]) -> Network:
    return Network(
        subnets=tuple(place.get("subnets") or ()),
        firewalls=tuple(place.get("securityGroups") or ()),
        public=bool(place.get("assignPublicIp")),
    )
