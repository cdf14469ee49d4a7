"""Workers: the processes of one site that answer no requests."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from portico.components.barrier import Barrier
from portico.components.docker.attempts import Attempts
from portico.components.docker.hardening import start_first
from portico.components.docker.process import ProcessArgs
from portico.config.release.release import Release
from portico.config.release.schedule import list_workers
from portico.config.release.worker import describe_worker
from portico.config.settings.worker import Worker

# Seconds that ending a container takes besides what it has to end its work.
_BESIDES = 120


@dataclass(frozen=True, kw_only=True)
class WorkersArgs(ProcessArgs):
    """None is made before `barrier`.

    `attempts` give each container a number: with another one it is another container.
    """

    barrier: Barrier
    attempts: Attempts = field(default_factory=Attempts)


@dataclass(frozen=True, kw_only=True)
class Running:
    """One container of a worker, by the name of its resource. `lost`: the one before it does not run."""

    release: Release
    worker: Worker
    name: str
    container: docker.Container
    lost: bool = False


class Workers(pulumi.ComponentResource):
    """The workers of one release. New ones start before the old ones end, also where there is to be a single one.

    A single one waits for the lock of the one before it (components/in_container/single.py), which the program ends
    once the new one is there (worker_verdict.py). Pulumi ends all others last, with the job that they are at.

    Outputs: `containers` (ids).
    """

    running: list[Running]

    def __init__(self, name: str, args: WorkersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Workers", name, None, opts)
        self.running = [
            Running(
                release=args.release,
                worker=worker,
                name=one,
                container=self._make(one, worker, args),
                lost=args.attempts.is_worker_lost(one),
            )
            for worker, one in _list_names(name, args.release)
        ]
        self.register_outputs({"containers": [one.container.id for one in self.running]})

    def _make(self, name: str, worker: Worker, args: WorkersArgs) -> docker.Container:
        made = describe_worker(args.release, worker, args.find_place())
        # The provider would give up after 20 minutes, and the longest job may take longer.
        longest = pulumi.CustomTimeouts(delete=f"{made['destroy_grace_seconds'] + _BESIDES}s")
        opts = pulumi.ResourceOptions.merge(start_first(self), pulumi.ResourceOptions(custom_timeouts=longest))
        return docker.Container(
            name, args.complete(made, args.attempts.of_worker(name)), opts=args.barrier.put_before(opts)
        )


def _list_names(name: str, release: Release) -> Iterator[tuple[Worker, str]]:
    """Each container of the workers of a release, with its worker; `name` is the component's.

    No name of a site has a dot in it, so no other site's resource is called so.
    """
    for worker in list_workers(release.site):
        for index in range(worker.replicas):
            yield worker, f"{name}.{worker.name}-{index}"
