"""The containers of a task that answers no requests: a worker's, or that of a job, from the release's own image."""

from collections.abc import Mapping, Sequence
from typing import Final

from portico.config.release.launch import begin
from portico.config.release.release import Release
from portico.config.release.replica import describe_environment
from portico.config.settings.command import split_command
from portico.config.settings.ecs import INIT_MEMORY
from portico.config.settings.job import Job
from portico.config.settings.processes import SCHEDULE
from portico.config.settings.worker import Worker
from portico.config.targets.ecs.container import Container, bring_secrets, harden, make_init_container, mount, spell_log
from portico.config.targets.ecs.data import mount_data

# What such a task's containers have volumes of their own for.
PROCESS_VOLUMES: Final = ("gunicorn-tmp", "gunicorn-secrets")
# Seconds that a worker runs until it counts as one that keeps running; ECS asks every 5 s.
STEADY: Final = 10
# Seconds between SIGTERM and SIGKILL of a job that takes too long.
_GRACE: Final = 20
# Whether the first process of the container is that old. One that ends again and again never is, so that AWS gives
# the release up: by itself it takes a container that has begun for a healthy one.
_AGE = (
    "import os;"
    "began=int(open('/proc/1/stat').read().rpartition(')')[2].split()[19])/os.sysconf('SC_CLK_TCK');"
    f"raise SystemExit(float(open('/proc/uptime').read().split()[0])-began<{STEADY})"
)


def define_worker(
    release: Release,
    worker: Worker,
    *,
    application: str,
    log_group: str,
    region: str,
    secrets: Mapping[str, str] | None = None,
) -> list[Container]:
    """The containers of a task that runs `worker`; the arguments are those of `container_definitions` (task.py)."""
    words, variables = split_command(worker.command), {"PORTICO_PROCESS": worker.name}
    made = define_process(release, worker.name, words, worker.memory.mebibytes, application, variables)
    made |= {
        # SIGTERM goes to the command alone: the init process hands it to its own child, not to that one's.
        "stopTimeout": worker.stop.seconds,
        "healthCheck": {
            "command": ["CMD", "python3", "-I", "-S", "-c", _AGE],
            "interval": 5,
            "timeout": 5,
            "retries": 3,
            "startPeriod": STEADY + 20,
        },
    }
    return complete_process(made, release, application, spell_log(release.site.name, log_group, region), secrets or {})


def define_job(
    release: Release,
    job: Job,
    *,
    application: str,
    log_group: str,
    region: str,
    secrets: Mapping[str, str] | None = None,
) -> list[Container]:
    """The containers of a task that runs `job` once; it is ended after its timeout."""
    words = ["timeout", "-k", str(_GRACE), str(job.timeout.seconds), *split_command(job.command)]
    variables = {"PORTICO_PROCESS": SCHEDULE, "PORTICO_JOB": job.name}
    made = define_process(release, job.name, words, job.memory.mebibytes, application, variables) | {
        "stopTimeout": _GRACE
    }
    return complete_process(made, release, application, spell_log(release.site.name, log_group, region), secrets or {})


def sum_limits(process: Worker | Job) -> int:
    """What the containers of such a task may use together, in MiB."""
    return process.memory.mebibytes + INIT_MEMORY


def define_process(
    release: Release, name: str, words: Sequence[str], memory: int, image: str, own: Mapping[str, str]
) -> Container:
    """The container called `name` that runs `words`, with the variables of `own` besides the release's.

    `memory` is in MiB.
    """
    variables = {**describe_environment(release), **own}
    return harden(name, image, release.uid, memory=memory) | {
        "essential": True,
        # The words of the image's own come first: they may set what the command needs.
        "entryPoint": [*begin(release), words[0]],
        "command": [*words[1:]],
        "environment": [{"name": key, "value": value} for key, value in sorted(variables.items())],
        "mountPoints": [mount("gunicorn-tmp"), *mount_data(release.site)],
    }


def complete_process(
    made: Container, release: Release, image: str, log: Container, secrets: Mapping[str, str]
) -> list[Container]:
    """That container with its log, after the one that brings it the site's secrets. ValueError without a digest."""
    if "@sha256:" not in image:
        raise ValueError(f"{image} names no digest, and a tag may later mean another image")
    common = {"logConfiguration": log}
    if not secrets:
        return [made | common]
    made["mountPoints"].append(mount("gunicorn-secrets", read_only=True))
    # No worker and no job can have that name.
    made["dependsOn"] = [{"containerName": "portico_secrets", "condition": "SUCCESS"}]
    init = make_init_container("portico_secrets", image, release.uid, common) | bring_secrets(secrets)
    return [init, made | common]
