"""What a site runs on ECS beside its web: workers and jobs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi

from portico.components.barrier import Barrier
from portico.components.ecs.definition import DefinitionArgs
from portico.components.ecs.infrastructure import Infrastructure
from portico.components.ecs.jobs import Jobs, JobsArgs
from portico.components.ecs.secrets import USERS
from portico.components.ecs.worker import WorkerArgs, WorkerService
from portico.config.release.release import Release
from portico.config.settings.ecs import Ecs
from portico.config.settings.job import Job
from portico.config.settings.worker import Worker
from portico.config.targets.ecs import PROCESS_VOLUMES, define_job, define_worker, sum_limits

Containers = Callable[[Mapping[str, Any]], list[dict[str, Any]]]
# From containers, memory in MiB, names of volumes, and the name of the process.
Define = Callable[[Containers, int, Sequence[str], str], DefinitionArgs]


@dataclass(frozen=True, kw_only=True)
class ProcessesArgs:
    """`define` makes a definition of containers, which follow from what AWS has named by then.

    `web` is known once the site's web is live; `logs` is the name of a log group, and `barrier` comes before all.
    """

    release: Release
    ecs: Ecs
    infrastructure: Infrastructure
    define: Define
    web: pulumi.Output[str]
    logs: pulumi.Output[str]
    barrier: Barrier | None = None


def run_processes(name: str, args: ProcessesArgs, opts: pulumi.ResourceOptions) -> list[pulumi.Output[str]]:
    """All of them; for each worker what is known once it is live."""
    site, infrastructure = args.release.site, args.infrastructure
    workers = [
        WorkerService(
            f"{name}-worker-{worker.name}",
            WorkerArgs(
                site=site.name,
                worker=worker,
                region=args.ecs.region,
                definition=_define(args, worker),
                web=args.web,
                subnets=infrastructure.subnets,
                firewalls=infrastructure.firewalls,
                public=infrastructure.public,
                cluster=infrastructure.cluster_arn,
                logs=args.logs,
                barrier=args.barrier,
                tags=args.ecs.tags,
            ),
            opts,
        )
        for worker in site.workers
    ]
    if site.schedule:
        Jobs(
            f"{name}-jobs",
            JobsArgs(
                site=site.name,
                jobs=[(job, _define(args, job)) for job in site.schedule],
                web=args.web,
                subnets=infrastructure.subnets,
                firewalls=infrastructure.firewalls,
                public=infrastructure.public,
                cluster=infrastructure.cluster_arn,
                barrier=args.barrier,
                tags=args.ecs.tags,
            ),
            opts,
        )
    return [worker.live for worker in workers]


def define_without_web(
    define: Define, ecs: Ecs, make: Callable[..., list[dict[str, Any]]], limits: int, name: str
) -> DefinitionArgs:
    """What a task is made of that answers no requests. `make` makes its containers, which may hold `limits` MiB."""

    def contain(found: Mapping[str, Any]) -> list[dict[str, Any]]:
        return make(
            application=found["application"],
            log_group=found["log_group"],
            region=ecs.region,
            secrets={name: source for name, source in found["secrets"].items() if name != USERS},
        )

    memory = ecs.find_memory(limits)
    assert memory  # the settings were checked
    return define(contain, memory, PROCESS_VOLUMES, name)


def _define(args: ProcessesArgs, process: Worker | Job) -> DefinitionArgs:
    make = (
        partial(define_worker, args.release, process)
        if isinstance(process, Worker)
        else partial(define_job, args.release, process)
    )
    return define_without_web(args.define, args.ecs, make, sum_limits(process), process.name)
