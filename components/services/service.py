"""One service: its network, its server, and what the sites need there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_docker as docker

from portico.components.barrier import Barrier
from portico.components.docker.diagnosis import describe
from portico.components.docker.engine_client import Engine
from portico.components.docker.hardening import start_first
from portico.components.docker.labels import list_labels
from portico.components.partial_update import or_none
from portico.components.services.passwords import OUTPUT, TYPE
from portico.config.services.containers import (
    INCOMING,
    LONGEST_START,
    describe_grants,
    describe_preparation,
    describe_server,
)
from portico.config.services.labels import KIND, NAME, ROLE, STEP
from portico.config.services.server import write_grants, write_users
from portico.config.settings import Settings
from portico.config.settings import service as kinds

# Seconds that making a container and ending it take besides.
_BESIDES = 120
_LINES = 20


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """`volume` is the name of the volume of its data. `passwords` are those of the sites that use it.

    `made` is what its server is made of. `place` is part of the names of what a machine that may be replaced has.
    `engine` is asked why something failed.
    """

    settings: Settings
    service: kinds.Service
    volume: pulumi.Input[str]
    passwords: Mapping[str, str] = field(repr=False)
    made: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    engine: Engine | None = None


class Service(pulumi.ComponentResource):
    """A database or a cache. Its server ends before another one of it begins, and nobody else is in its network.

    A site's processes are made behind `barrier`, once the server has answered and has what they need.

    Outputs: `server` (id), `network` (name), `passwords` ({site: password}, a secret), `component` (its own name),
    `service` (its name in the settings), `made` (what its server is made of, for the next announcement).
    """

    network: pulumi.Output[str]
    image: pulumi.Output[str]
    barrier: Barrier

    def __init__(self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        self._args = args
        service, own = args.service, f"{name}{args.place}"
        image = docker.RemoteImage(
            f"{own}-image", name=service.pinned, keep_locally=True, opts=pulumi.ResourceOptions(parent=self)
        )
        network = docker.Network(
            f"{own}-network",
            driver="bridge",
            # No way out, and none in: who uses it is in it.
            internal=True,
            labels=[
                docker.NetworkLabelArgs(label=key, value=value)
                for key, value in {**list_labels("network"), NAME: service.name}.items()
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.network = or_none(network.name)
        image_id = self.image = or_none(image.image_id)
        postgres = service.kind == kinds.POSTGRES
        users = None if postgres else write_users(args.settings, service, args.passwords)
        prepared = self._make(STEP, f"{own}-prepared", describe_preparation(service, args.volume), image_id, users)
        server = self._make(
            ROLE,
            f"{own}-server",
            describe_server(args.settings, service, args.volume, self.network)
            # Another preparation is another start of the server, which reads what lies there.
            | {"envs": [pulumi.Output.concat("PREPARED=", prepared.id)]},
            image_id,
            stop_first=True,
        )
        grants = write_grants(args.settings, service, args.passwords) if postgres else None
        granted = self._make(
            STEP,
            f"{own}-granted",
            # Another server is asked again.
            describe_grants(service, args.volume) | {"envs": [pulumi.Output.concat("SERVER=", server.id)]},
            image_id,
            grants,
        )
        self.barrier = Barrier(name, [granted.exit_code, granted.id, server.id], self._judge)
        self.register_outputs(
            {
                "server": server.id,
                "network": self.network,
                OUTPUT: pulumi.Output.secret(dict(args.passwords)),
                "component": name,
                "service": service.name,
                "made": args.made,
            }
        )

    def _make(
        self,
        role: str,
        name: str,
        described: dict[str, Any],
        image: pulumi.Output[str],
        handed: str | None = None,
        *,
        stop_first: bool = False,
    ) -> docker.Container:
        labels = {**list_labels(role), NAME: self._args.service.name, KIND: self._args.service.kind}
        described["labels"] = [{"label": key, "value": value} for key, value in labels.items()]
        if handed is not None:
            # Nobody else runs in there, and its user is not the one that the engine gives files to.
            described["uploads"] = pulumi.Output.secret([{"file": INCOMING, "content": handed, "permissions": "0444"}])
        longest = pulumi.CustomTimeouts(create=f"{LONGEST_START + _BESIDES}s", delete=f"{LONGEST_START + _BESIDES}s")
        opts = pulumi.ResourceOptions.merge(
            start_first(self, stop_first=stop_first), pulumi.ResourceOptions(custom_timeouts=longest)
        )
        return docker.Container(name, docker.ContainerArgs(image=image, **described), opts=opts)

    def _judge(self, ended: list[Any]) -> bool:
        code, granted, server = ended
        if code in (None, 0):
            return True
        name, keeps = self._args.service.name, "No replica of a site that uses it was made or replaced."
        for container, resource, what, kept in (
            (granted, f"{name}-service", "did not start, or could not make the sites' databases and users", keeps),
            (server, "Its server", "printed this last", ""),
        ):
            pulumi.log.error(describe(self._args.engine, str(container), resource, keeps=kept, what=what, lines=_LINES))
        return False
