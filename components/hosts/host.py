"""The host that the setting `target` names, and what is asked of each."""

from collections.abc import Mapping
from typing import Any, Protocol

import pulumi

from portico.components.docker import engine_answer, free_ports
from portico.components.docker.data_volumes import DataDisk
from portico.components.docker.engine_client import Engine
from portico.components.services.managed import Managed
from portico.config.settings import Settings


class Host(Protocol):
    """`engine` can be asked while the program runs, None where there is none yet. `hooks` explain what failed.

    `watch` can be asked at the end of an update, when every machine is there.

    `builder` names where images are built (components/docker/buildx_builder.py), None where the provider finds it.

    `disk` is where data lies, None where it stays on the machine's own.

    `serving` is the engine of the machine that serves meanwhile, where another one takes its place.
    `managed` are the services that AWS runs beside the machine, None where it runs none.

    `place` is part of the names of what lies there, where another machine may take this one's; "" where none does.
    `options` are those of everything that lies on the host: its provider, and that it goes when the host goes.
    """

    engine: Engine | None
    watch: Engine
    builder: pulumi.Input[str] | None
    place: str
    disk: DataDisk | None
    serving: Engine | None
    managed: Managed | None
    hooks: pulumi.ResourceHookBinding
    options: pulumi.ResourceOptions

    def publish(self, live: pulumi.Input[str]) -> pulumi.Output[str]:
        """Let the public address lead here, once `live` is known; that address."""


def make_host(name: str, settings: Settings, previous: Mapping[str, Any]) -> Host:
    """The host that the setting `target` names. `previous` are the outputs of the last good update.

    Raises pulumi.RunError where it cannot be used, before anything is changed.
    """
    # Read late: who deploys locally never waits for what the others need.
    if settings.ssh:
        from portico.components.hosts.connection import connect
        from portico.components.hosts.preflight import require_ready
        from portico.components.hosts.ssh import SshHost

        connection = connect(settings.ssh, pulumi.get_stack())
        require_ready(connection)
        free_ports.require_vacant(Engine(connection.url, connection.options), settings)
        return SshHost(name, connection)
    if settings.aws:
        from portico.components.hosts.aws import AwsHost
        from portico.components.previous_outputs import read_resources

        return AwsHost(name, settings, read_resources())
    from portico.components.hosts.local import LocalHost

    engine = Engine(settings.docker)
    engine_answer.require_answer(engine)
    free_ports.require_vacant(engine, settings)
    return LocalHost(name, engine, settings.address)
