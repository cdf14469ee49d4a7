"""Gunicorn: the replicas that serve one application."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from portico.components.barrier import Barrier
from portico.components.docker.hardening import start_first
from portico.components.docker.process import ProcessArgs
from portico.config.release.replica import describe_replica


@dataclass(frozen=True, kw_only=True)
class GunicornArgs(ProcessArgs):
    """`attempts` are numbers by index: a replica with another number is another container.

    None is made before `barrier`, if there is one.
    """

    attempts: Sequence[int] = ()
    barrier: Barrier | None = None


class Gunicorn(pulumi.ComponentResource):
    """The replicas of one release. New ones start before the old ones stop.

    Nobody waits for them here: whether they are healthy, the switch itself asks (components/in_container/prove.sh).

    Outputs: `containers` (ids), `names` (Docker names).
    """

    containers: list[docker.Container]

    def __init__(self, name: str, args: GunicornArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Gunicorn", name, None, opts)
        self.containers = [
            docker.Container(
                f"{name}-{index}",
                self._replica(args, index),
                opts=args.barrier.put_before(start_first(self)) if args.barrier else start_first(self),
            )
            for index in range(args.release.replicas)
        ]
        self.register_outputs(
            {
                "containers": [container.id for container in self.containers],
                "names": [container.name for container in self.containers],
            }
        )

    def _replica(self, args: GunicornArgs, index: int) -> docker.ContainerArgs:
        made = describe_replica(args.release, index, args.find_place())
        return args.complete(made, args.attempts[index] if args.attempts else 0)
