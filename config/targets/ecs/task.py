"""The containers of one task, as ECS takes them: NGINX and Gunicorn of one site, and what runs before them."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from portico.config.in_container import read_script
from portico.config.release.launch import begin
from portico.config.release.release import Release
from portico.config.release.static_question import list_question
from portico.config.render.layout import LISTEN, PRIVATE, READY
from portico.config.settings import Nginx, Settings, Site
from portico.config.settings.hidden import list_hidden
from portico.config.targets.ecs.container import (
    VOLUMES,
    Container,
    bring_secrets,
    harden,
    make_init_container,
    mount,
    spell_log,
)
from portico.config.targets.ecs.data import SEEDER, bring_data, mount_data, mount_served
from portico.config.targets.ecs.image import EDGE, HEALTH
from portico.config.targets.ecs.site import FleetSite
from portico.config.targets.ecs.timing import Timing

# Seconds that one process of the health check goes on asking: it is started less often than ECS asks.
_WATCH: Final = "8"


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
            raise ValueError(f"{image} names no digest, and a tag may later mean another image")
    if bool(fleet.private.files) != bool(users):
        raise ValueError(f"{fleet.site.name}: the password hashes are handed over if and only if there are any")
    return _define(
        fleet.release,
        fleet.settings.nginx,
        fleet.timing,
        application=application,
        nginx=nginx,
        log=spell_log(fleet.site.name, log_group, region),
        secrets=secrets or {},
        users=users,
        folder=fleet.private.digest,
    )


def describe_task(settings: Settings, release: Release, secrets: Collection[str]) -> dict[str, Any]:
    """All that replaces the tasks of a release: what its task definition is made of, but for what AWS names.

    `settings` are the stack's, `secrets` are names. NGINX's own files are not in it: another digest names those.
    """
    assert settings.ecs
    return {
        "cpu": settings.ecs.cpu,
        "memory": settings.ecs.memory_of(release.site, settings.nginx),
        "architecture": settings.ecs.architecture,
        "volumes": VOLUMES,
        "containers": _define(
            release,
            settings.nginx,
            Timing.of(settings),
            application="",
            nginx="",
            log=spell_log(release.site.name, "", ""),
            secrets=dict.fromkeys(secrets, ""),
            users="" if release.site.users else None,
            folder="",
        ),
        # Static files are laid out while NGINX's image is built.
        "files": [
            *(release.static, release.site.locate(release.site.static_url), release.compress),
            *(list_hidden(release.site.publish), read_script("files.py")),
            *([list_question(release), read_script("static_tree.py")] if release.site.asked else []),
        ],
    }


def _define(
    release: Release,
    settings: Nginx,
    timing: Timing,
    *,
    application: str,
    nginx: str,
    log: Container,
    secrets: Mapping[str, str],
    users: str | None,
    folder: str,
) -> list[Container]:
    common = {"logConfiguration": log}
    found = []
    if secrets:
        found.append(make_init_container("secrets", application, release.uid, common) | bring_secrets(secrets))
    if users is not None:
        init = make_init_container("users", nginx, EDGE, common)
        found.append(init | _bring_users(release.site.name, folder, users))
    if release.site.data:
        found.append(make_init_container(SEEDER, application, release.uid, common) | bring_data(release.site))
    found.append(_make_gunicorn(release, timing, application, bool(secrets)) | common)
    found.append(_make_nginx(release.site, settings, timing, nginx, users is not None) | common)
    return found


def _bring_users(site: str, folder: str, users: str) -> Container:
    script = 'umask 077 && mkdir -p "$1" && printf %s "$PORTICO_USERS" >"$1/$2"'
    return {
        "entryPoint": ["sh", "-c", script, "users"],
        "command": [f"{VOLUMES['nginx-private']}/{folder}", f"{site}.users"],
        "secrets": [{"name": "PORTICO_USERS", "valueFrom": users}],
        "mountPoints": [mount("nginx-private")],
    }


def _make_gunicorn(release: Release, timing: Timing, image: str, secrets: bool) -> Container:
    site = release.site
    environment = {
        **site.environment,
        "HOME": "/tmp",
        "USER": site.name,
        "PORTICO_SITE": site.name,
        "PORTICO_RELEASE": release.id,
        "PORTICO_ADDRESS": release.bind[0],
        # For components/in_container/health.py: when the last request ended.
        "PORTICO_PROGRESS": "/tmp/.portico/progress",
    }
    made = harden("gunicorn", image, release.uid, memory=site.gunicorn.memory.mebibytes) | {
        "essential": True,
        "entryPoint": [*begin(release), "gunicorn"],
        "command": ["--config", "/etc/gunicorn/gunicorn.conf.py", site.entry],
        "environment": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "mountPoints": [mount("gunicorn-tmp"), *mount_data(site)],
        "healthCheck": {
            "command": [
                *("CMD", "python3", "-I", "-S", HEALTH),
                *(_WATCH, site.hang_limits, release.bind[0]),
                *(site.locate(site.health), site.hosts[0].replace("*", "www")),
                # ECS replaces a container that is unhealthy, and late is not dead.
                "patient",
            ],
            "interval": 5,
            # It ends by itself after 12 s, and must come to act.
            "timeout": 20,
            "retries": 3,
            "startPeriod": timing.start,
        },
        # Longer than Gunicorn's own graceful timeout, or its last requests would be cut.
        "stopTimeout": timing.stop_timeout,
    }
    if secrets:
        made["mountPoints"].append(mount("gunicorn-secrets", read_only=True))
    before = [*(["secrets"] if secrets else []), *([SEEDER] if site.data else [])]
    if before:
        made["dependsOn"] = [{"containerName": one, "condition": "SUCCESS"} for one in before]
    return made


def _make_nginx(site: Site, settings: Nginx, timing: Timing, image: str, users: bool) -> Container:
    files = settings.connections * 2
    made = harden("nginx", image, EDGE, memory=settings.memory.mebibytes) | {
        "essential": True,
        # The image says what it runs, and by which signal that ends: QUIT, so that requests end first.
        "portMappings": [{"containerPort": port, "hostPort": port, "protocol": "tcp"} for port in (LISTEN, READY)],
        "mountPoints": [
            *(mount(name) for name in ("nginx-tmp", "nginx-cache", "nginx-lib")),
            *mount_served(site),
        ],
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
        "stopTimeout": timing.stop_timeout,
    }
    if users:
        made["mountPoints"].append(mount("nginx-private", read_only=True))
        made["dependsOn"].append({"containerName": "users", "condition": "SUCCESS"})
    return made
