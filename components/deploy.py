"""Runs the sites: each engine takes the same stack, and returns the same outputs.

Docker runs them on a machine (components/hosts/), ECS without one of the user's. No module outside this folder asks
which engine it is, and no module of one engine knows of the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portico.config.load import Stack


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What is live: the stack's outputs by name, in the order that they are shown in."""

    outputs: Mapping[str, Any]


def deploy(stack: Stack, root: Path, previous: Mapping[str, Any]) -> Deployment:
    """Bring all sites of `stack` live on the engine that the setting `target` names.

    `root` is the folder of Pulumi.yaml, `previous` are the outputs of the last good update.
    Raises pulumi.RunError where the engine cannot be used, before anything is changed.
    """
    # Read late: who deploys onto Docker never waits for what the other needs.
    if stack.settings.target == "ecs":
        from portico.components.ecs.deploy import deploy_tasks

        return Deployment(outputs=deploy_tasks(stack, root, previous))
    from portico.components.docker.deploy import deploy_containers

    return Deployment(outputs=deploy_containers(stack, root, previous))
