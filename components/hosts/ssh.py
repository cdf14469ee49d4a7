"""A machine that is reached over SSH: Docker is there, nothing else is asked of it."""

import pulumi
import pulumi_docker as docker

from portico.components.docker.buildx_builder import name_builder
from portico.components.docker.data_volumes import DataDisk
from portico.components.docker.diagnosis import Diagnosis
from portico.components.docker.engine_client import Engine
from portico.components.hosts.connection import Connection
from portico.components.services.managed import Managed


class SshHost(pulumi.ComponentResource):
    """The Docker engine of a machine of the user's own. A Host.

    Outputs: `provider` (docker.Provider). Images are built there: no registry is between.
    """

    provider: docker.Provider
    place = ""
    disk: DataDisk | None = None
    serving: Engine | None = None
    managed: Managed | None = None

    def __init__(self, name: str, connection: Connection, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:SshHost", name, None, opts)
        engine = Engine(connection.url, connection.options)
        self.engine: Engine | None = engine
        self.watch = engine
        self.builder: pulumi.Input[str] | None = name_builder(engine, pulumi.get_stack())
        self.provider = docker.Provider(
            f"{name}-docker",
            host=connection.url,
            ssh_opts=list(connection.options),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.hooks = Diagnosis(engine).hooks
        self.options = pulumi.ResourceOptions(providers=[self.provider])
        self._address = connection.host
        self.register_outputs({})

    def publish(self, live: pulumi.Input[str]) -> pulumi.Output[str]:
        """NGINX listens there already: the machine's name, once `live` is known."""
        return pulumi.Output.from_input(live).apply(lambda _: self._address)
