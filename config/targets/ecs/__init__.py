"""Sites as tasks on ECS: what is built, and what a task is made of. Plain data, no Pulumi."""

from portico.config.targets.ecs.command import (
    define_by_hand,
    define_release,
    sum_by_hand,
    sum_release,
)
from portico.config.targets.ecs.container import VOLUMES
from portico.config.targets.ecs.cron import spell_cron
from portico.config.targets.ecs.data import name_volume
from portico.config.targets.ecs.process import PROCESS_VOLUMES, define_job, define_worker, sum_limits
from portico.config.targets.ecs.site import FleetSite, adapt, list_hosts, make_fleet
from portico.config.targets.ecs.task import container_definitions, describe_task
from portico.config.targets.ecs.timing import Timing

__all__ = [
    "PROCESS_VOLUMES",
    "VOLUMES",
    "FleetSite",
    "Timing",
    "adapt",
    "container_definitions",
    "define_by_hand",
    "define_job",
    "define_release",
    "define_worker",
    "describe_task",
    "list_hosts",
    "make_fleet",
    "name_volume",
    "spell_cron",
    "sum_by_hand",
    "sum_limits",
    "sum_release",
]
