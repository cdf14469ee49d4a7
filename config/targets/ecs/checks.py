"""What is the load balancer's on ECS, so that no setting can say it."""

from collections.abc import Iterator
from typing import Any, Final

from portico.config.services.checks import check_key
from portico.config.services.urls import VARIABLES
from portico.config.settings import Mistake, Settings, Site
from portico.config.settings.quantity import Size
from portico.config.targets.ecs.command import sum_release
from portico.config.targets.ecs.cron import spell_cron
from portico.config.targets.ecs.process import sum_limits

# What an Application Load Balancer of AWS lets through; it refuses what is longer itself.
_BALANCED: Final = Size.parse("16K")
# Seconds that Fargate gives a container to end.
_MOST_STOP: Final = 120


def list_taken(settings: Settings) -> Iterator[Mistake]:
    """Settings that say something about what the load balancer does.

    Defaults are no choice of the user's: Pulumi.yaml hands over its own.
    """
    assert settings.ecs
    # What it does anyway may stay written, so that a stack moves between aws and ecs by one setting.
    if settings.address not in (_default("address"), "0.0.0.0", "::"):
        yield Mistake(
            "address",
            f'"{settings.address}" has no meaning on ecs, where the load balancer has its own addresses; leave it out',
        )
    if settings.port not in (_default("port"), 80):
        yield Mistake(
            "port", f"{settings.port} cannot be used on ecs, where the load balancer has ports 80 and 443; leave it out"
        )
    if settings.upstream != _default("upstream"):
        text = f'"{settings.upstream}" has no meaning on ecs, where NGINX and Gunicorn share a loopback; leave it out'
        yield Mistake("upstream", text)
    if settings.tls:
        yield Mistake("tls", "is the load balancer's on ecs; write ecs.certificate or ecs.dns instead")
    if settings.client:
        yield Mistake("client", "follows on ecs: only the load balancer is in front; leave it out")
    if settings.backups:
        text = "are AWS's on ecs: it copies the file system of data and each service every day; leave it out"
        yield Mistake("backups", text)
    if settings.nginx.handover is not None:
        yield Mistake("nginx.handover", "is for a port of one machine, and ecs has none; leave it out")
    if settings.nginx.request_header > _BALANCED:
        text = f"the load balancer on ecs takes no header above {_BALANCED}; write that, or less"
        yield Mistake("nginx.requestHeader", text)
    if "keepalive" in settings.nginx.model_fields_set:
        yield Mistake("nginx.keepalive", "follows on ecs from the longest request; leave it out")
    for index, service in enumerate(settings.services):
        if not service.managed:
            text = (
                "is a container on one machine, and ecs has none; write managed: true, so that AWS runs it, or take "
                "it and `uses` out and set the address of one of your own: pulumi config set --secret --path "
                f"portico:secrets.SITE.{VARIABLES[service.kind]}"
            )
            yield Mistake(f"services[{index}]", text)
        else:
            yield from check_key(f"services[{index}]", service, settings.ecs.region)
    for index, site in enumerate(settings.sites):
        if site.certificate:
            text = "is the load balancer's on ecs; write ecs.certificate or ecs.dns instead"
            yield Mistake(f"sites[{index}].certificate", text)
        if site.release:
            yield from _check_memory(settings, sum_release(site), f"sites[{index}].release.memory")
            if site.release.rehearse or site.release.rehearse_paths:
                key = "rehearse" if site.release.rehearse else "rehearsePaths"
                text = "needs a Docker engine and a backup of Portico's, and ecs has neither; leave it out"
                yield Mistake(f"sites[{index}].release.{key}", text)
        yield from _check_workers(settings, site, f"sites[{index}]")
        yield from _check_jobs(settings, site, f"sites[{index}]")
        if site.weights:
            text = "is for replicas of one machine, and tasks on ecs are all alike; leave it out"
            yield Mistake(f"sites[{index}].weights", text)
        if site.balance == "ip_hash":
            text = '"ip_hash" is not supported by the load balancer; write round_robin, least_conn or random'
            yield Mistake(f"sites[{index}].balance", text)
        for name, value in site.environment.items() if site.data else ():
            if value.startswith("sqlite:"):
                text = (
                    "is a SQLite database, and data on ecs is shared over the network, where its locks do not hold; "
                    "write the address of a database server, or target: aws"
                )
                yield Mistake(f"sites[{index}].environment.{name}", text)


def _check_workers(settings: Settings, site: Site, path: str) -> Iterator[Mistake]:
    for index, worker in enumerate(site.workers):
        if worker.stop.seconds > _MOST_STOP:
            text = f"{worker.stop} is longer than a task on Fargate may take to stop; write at most {_MOST_STOP}s"
            yield Mistake(f"{path}.workers[{index}].stop", text)
        yield from _check_memory(settings, sum_limits(worker), f"{path}.workers[{index}].memory")


def _check_jobs(settings: Settings, site: Site, path: str) -> Iterator[Mistake]:
    for index, job in enumerate(site.schedule):
        where = f"{path}.schedule[{index}]"
        if job.overlap != "allow":
            text = (
                f'"{job.overlap}" is not supported by AWS\'s scheduler: it starts a task, whether the one before it '
                "has ended or not; write overlap: allow, and let the command look itself"
            )
            yield Mistake(f"{where}.overlap", text)
        try:
            spell_cron(job.cron)
        except ValueError as error:
            yield Mistake(f"{where}.cron", f'"{job.cron}": {error}')
        yield from _check_memory(settings, sum_limits(job), f"{where}.memory")


def _check_memory(settings: Settings, needed: int, path: str) -> Iterator[Mistake]:
    assert settings.ecs
    if settings.ecs.find_memory(needed) is None:
        yield Mistake(path, settings.ecs.refuse_memory(needed))


def _default(name: str) -> Any:
    return Settings.model_fields[name].default
