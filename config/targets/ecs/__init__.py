"""Sites as tasks on ECS: what is built, and what a task is made of. Plain data, no Pulumi."""

from portico.config.targets.ecs.site import RANGE, FleetSite, adapt, list_hosts, make_fleet
from portico.config.targets.ecs.task import VOLUMES, container_definitions, describe_task
from portico.config.targets.ecs.timing import Timing

__all__ = [
    "RANGE",
    "VOLUMES",
    "FleetSite",
    "Timing",
    "adapt",
    "container_definitions",
    "describe_task",
    "list_hosts",
    "make_fleet",
]
