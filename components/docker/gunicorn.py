"""Gunicorn: the replicas that serve one application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from portico.components.docker.attempts import LABEL
from portico.components.docker.barrier import Barrier
from portico.components.docker.hardening import spell_environment, start_first
from portico.components.scope import name_owner
from portico.config.release.release import Release
from portico.config.release.replica import Place, describe_replica


@dataclass(frozen=True, kw_only=True)
class GunicornArgs:
    """`image`, `files` and `secrets` come from FlaskApp, `network` and `subnet` from Network.

    `attempts` are numbers by index: a replica with another number is another container. None is made before `barrier`,
    if there is one. `data` are the names of the volumes of the site's data, by the data's name.
    """

    release: Release
    image: pulumi.Input[str]
    files: pulumi.Input[str]
    network: pulumi.Input[str]
    subnet: pulumi.Input[str]
    sockets: pulumi.Input[str]
    secrets: pulumi.Input[str] | None = None
    attempts: Sequence[int] = ()
    barrier: Barrier | None = None
    data: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


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
        place = Place(
            project=name_owner(),
            stack=pulumi.get_stack(),
            sockets=args.sockets,
            secrets=args.secrets,
            network=args.network,
            subnet=args.subnet,
            data=args.data,
        )
        made = describe_replica(args.release, index, place)
        # No part of the release's id: a replica that is tried again is of the same release.
        made["labels"].append({"label": LABEL, "value": str(args.attempts[index] if args.attempts else 0)})
        # `files` is waited for: by then the folder for the socket and the secrets are there.
        made["envs"] = spell_environment(made["envs"], args.files)
        return docker.ContainerArgs(image=args.image, **made)
