"""The containers of one task, as ECS takes them: NGINX and Gunicorn of one site, and what runs before them."""

from collections.abc import Mapping
from typing import Any, Final

from config.fleet.image import EDGE, HEALTH, SECRETS
from config.fleet.site import FleetSite
from config.layout import LISTEN, PRIVATE, READY
from config.settings.ecs import BRINGER

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
# Seconds that one process of the health check goes on asking: it is started less often than ECS asks.
_WATCH: Final = "8"

Container = dict[str, Any]


def container_definitions(
    fleet: FleetSite,
    *,
    application: str,
    nginx: str,
    log_group: str,
    region: str,
    secrets: Mapping[str, str] | None = None,
    users: str | None = None,
) -> list[Container]:
    """The containers of a task of `fleet`, in the order in which they start; they stop in the reverse one.

    `application` and `nginx` are images by digest (repository@sha256:…); ValueError if one is not. `secrets` are
    {NAME: what ECS reads it from (`valueFrom`)}, and `users` is the same for the password hashes of a site that asks
    for a password.
    """
    for image in (application, nginx):
        if "@sha256:" not in image:
            raise ValueError(f"{image} is not an image by its digest: a tag may come to mean another one")
    if bool(fleet.private.files) != bool(users):
        raise ValueError(f"{fleet.site.name}: the password hashes are handed over if and only if there are any")
    common = {"logConfiguration": _log(fleet, log_group, region)}
    found = []
    if secrets:
        found.append(_make_bringer("secrets", application, fleet.release.uid, common) | _bring_secrets(secrets))
    if users:
        found.append(_make_bringer("users", nginx, EDGE, common) | _bring_users(fleet, users))
    found.append(_make_gunicorn(fleet, application, bool(secrets)) | common)
    found.append(_make_nginx(fleet, nginx, bool(users)) | common)
    return found


def _make_bringer(name: str, image: str, uid: int, common: Container) -> Container:
    """A container that ends once it has written files: ECS hands secrets over as environment variables alone.

    What it gets so is gone with it; the containers that serve have none in their environment.
    """
    return _harden(name, image, uid, memory=BRINGER) | common | {"essential": False, "stopTimeout": 10}


def _bring_secrets(secrets: Mapping[str, str]) -> Container:
    return {
        "entryPoint": ["python3", "-I", "-S", SECRETS],
        "secrets": [
            {"name": f"PORTICO_SECRET_{name}", "valueFrom": source} for name, source in sorted(secrets.items())
        ],
        "mountPoints": [_mount("gunicorn-secrets")],
    }


def _bring_users(fleet: FleetSite, users: str) -> Container:
    folder = f"{VOLUMES['nginx-private']}/{fleet.private.digest}"
    script = 'umask 077 && mkdir -p "$1" && printf %s "$PORTICO_USERS" >"$1/$2"'
    return {
        "entryPoint": ["sh", "-c", script, "users"],
        "command": [folder, f"{fleet.site.name}.users"],
        "secrets": [{"name": "PORTICO_USERS", "valueFrom": users}],
        "mountPoints": [_mount("nginx-private")],
    }


def _make_gunicorn(fleet: FleetSite, image: str, secrets: bool) -> Container:
    release, site = fleet.release, fleet.site
    environment = {
        **site.environment,
        "HOME": "/tmp",
        "PORTICO_SITE": site.name,
        "PORTICO_RELEASE": release.id,
        "PORTICO_ADDRESS": release.bind[0],
        # For components/scripts/health.py: when the last request ended.
        "PORTICO_PROGRESS": "/tmp/.portico/progress",
        # A task has one loopback: NGINX comes from there, and nobody else can.
        "FORWARDED_ALLOW_IPS": "127.0.0.1",
    }
    made = _harden("gunicorn", image, release.uid, memory=site.gunicorn.memory.mebibytes) | {
        "essential": True,
        "entryPoint": ["gunicorn"],
        "command": ["--config", "/etc/gunicorn/gunicorn.conf.py", site.entry],
        "environment": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "mountPoints": [_mount("gunicorn-tmp")],
        "healthCheck": {
            "command": [
                *("CMD", "python3", "-I", "-S", HEALTH),
                *(_WATCH, f"{site.hung_after:g}", release.bind[0], site.health, site.hosts[0].replace("*", "www")),
                # ECS replaces a container that is unhealthy, and late is not dead.
                "patient",
            ],
            "interval": 5,
            # It ends by itself after 12 s, and must come to act.
            "timeout": 20,
            "retries": 3,
            "startPeriod": fleet.timing.start,
        },
        # Longer than Gunicorn's own graceful timeout, or its last requests would be cut.
        "stopTimeout": fleet.timing.stop_timeout,
    }
    if secrets:
        made["mountPoints"].append(_mount("gunicorn-secrets", read_only=True))
        made["dependsOn"] = [{"containerName": "secrets", "condition": "SUCCESS"}]
    return made


def _make_nginx(fleet: FleetSite, image: str, users: bool) -> Container:
    settings = fleet.settings.nginx
    files = settings.connections * 2
    made = _harden("nginx", image, EDGE, memory=settings.memory.mebibytes) | {
        "essential": True,
        # The image says what it runs, and by which signal that ends: QUIT, so that requests end first.
        "portMappings": [{"containerPort": port, "hostPort": port, "protocol": "tcp"} for port in (LISTEN, READY)],
        "mountPoints": [_mount(name) for name in ("nginx-tmp", "nginx-cache", "nginx-lib")],
        "ulimits": [{"name": "nofile", "softLimit": files, "hardLimit": files}],
        "healthCheck": {
            "command": ["CMD", "curl", "-sf", "-m", "2", f"http://127.0.0.1:{PRIVATE}/healthz"],
            "interval": 5,
            "timeout": 3,
            "retries": 3,
            "startPeriod": 10,
        },
        # After Gunicorn, so before it when the task stops: what NGINX has taken is still answered.
        "dependsOn": [{"containerName": "gunicorn", "condition": "HEALTHY"}],
        # Longer than NGINX's own worker_shutdown_timeout.
        "stopTimeout": fleet.timing.stop_timeout,
    }
    if users:
        made["mountPoints"].append(_mount("nginx-private", read_only=True))
        made["dependsOn"].append({"containerName": "users", "condition": "SUCCESS"})
    return made


def _harden(name: str, image: str, uid: int, *, memory: int) -> Container:
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


def _mount(volume: str, *, read_only: bool = False) -> Container:
    return {"sourceVolume": volume, "containerPath": VOLUMES[volume], "readOnly": read_only}


def _log(fleet: FleetSite, group: str, region: str) -> Container:
    options = {
        "awslogs-group": group,
        "awslogs-region": region,
        "awslogs-stream-prefix": fleet.site.name,
        # Where logs cannot be written in time, lines are lost; else the application would stand still.
        "mode": "non-blocking",
        "max-buffer-size": "4m",
    }
    return {"logDriver": "awslogs", "options": options}
