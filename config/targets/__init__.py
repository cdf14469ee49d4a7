"""Where sites run: what differs between targets lies here, and nobody else asks which one it is.

Each target is a module with the functions of `Target`.
"""

from portico.config.settings import Settings
from portico.config.targets import docker
from portico.config.targets.ecs import target as ecs
from portico.config.targets.target import Planned, Target

__all__ = ["Planned", "Target", "find_target"]


def find_target(settings: Settings) -> Target:
    """The target that the setting `target` names: local, ssh and aws are machines with Docker."""
    return ecs if settings.target == "ecs" else docker
