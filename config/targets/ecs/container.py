"""What containers of all tasks on ECS have in common, as ECS takes them."""

from collections.abc import Mapping
from typing import Any, Final

from portico.config.settings.ecs import INIT_MEMORY
from portico.config.targets.ecs.image import SECRETS

# What a task's containers write to, or hand over: empty volumes of the task's own, gone with it. By name: where the
# container of that name's first word has them.
VOLUMES: Final = {
    "gunicorn-tmp": "/tmp",
    "gunicorn-secrets": "/run/secrets",
    "nginx-tmp": "/tmp",
    "nginx-cache": "/var/cache/nginx",
    "nginx-lib": "/var/lib/nginx",
    "nginx-private": "/etc/portico/private",
}

Container = dict[str, Any]


def harden(name: str, image: str, uid: int, *, memory: int) -> Container:
    """What every container has in common: a user without powers, a file system that nobody writes to, a limit."""
    return {
        "name": name,
        "image": image,
        "user": f"{uid}:{uid}",
        "memory": memory,
        "readonlyRootFilesystem": True,
        "privileged": False,
        # A first process that ends the children of others, too: health checks are some.
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
    }


def mount(volume: str, *, read_only: bool = False) -> Container:
    """A place of the task's own volumes."""
    return {"sourceVolume": volume, "containerPath": VOLUMES[volume], "readOnly": read_only}


def spell_log(site: str, group: str, region: str) -> Container:
    """Where a container's lines go: the `group` of logs, in streams that begin with the site's name."""
    options = {
        "awslogs-group": group,
        "awslogs-region": region,
        "awslogs-stream-prefix": site,
        # Where logs cannot be written in time, lines are lost; else the application would stand still.
        "mode": "non-blocking",
        "max-buffer-size": "4m",
    }
    return {"logDriver": "awslogs", "options": options}


def make_init_container(name: str, image: str, uid: int, common: Container) -> Container:
    """A container that ends once it has written files: ECS hands secrets over as environment variables alone.

    What it gets so is gone with it; the containers that serve have none in their environment.
    """
    return harden(name, image, uid, memory=INIT_MEMORY) | common | {"essential": False, "stopTimeout": 10}


def bring_secrets(secrets: Mapping[str, str]) -> Container:
    """The rest of the one that writes the site's secrets, {NAME: what ECS reads it from}, below /run/secrets."""
    return {
        "entryPoint": ["python3", "-I", "-S", SECRETS],
        "secrets": [
            {"name": f"PORTICO_SECRET_{name}", "valueFrom": source} for name, source in sorted(secrets.items())
        ],
        "mountPoints": [mount("gunicorn-secrets")],
    }
