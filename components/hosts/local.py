"""The user's own Docker."""

import pulumi
import pulumi_docker as docker

from portico.components.docker.buildx_builder import name_builder
from portico.components.docker.data_volumes import DataDisk
from portico.components.docker.diagnosis import Diagnosis
from portico.components.docker.engine_client import Engine
from portico.components.services.managed import Managed


class LocalHost(pulumi.ComponentResource):
    """The Docker engine of this machine, or the one that DOCKER_HOST names. A Host.

    Outputs: `provider` (docker.Provider). `address` is the one that NGINX is published on.
    """

    provider: docker.Provider
    place = ""
    disk: DataDisk | None = None
    serving: Engine | None = None
    managed: Managed | None = None

    def __init__(
        self, name: str, engine: Engine, address: str = "127.0.0.1", opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("portico:index:LocalHost", name, None, opts)
        self.engine: Engine | None = engine
        self.watch = engine
        self.builder: pulumi.Input[str] | None = name_builder(engine, pulumi.get_stack())
        self.provider = docker.Provider(f"{name}-docker", host=engine.address, opts=pulumi.ResourceOptions(parent=self))
        self.hooks = Diagnosis(engine).hooks
        self.options = pulumi.ResourceOptions(providers=[self.provider])
        self._address = address
        self.register_outputs({})

    def publish(self, live: pulumi.Input[str]) -> pulumi.Output[str]:
        """NGINX listens there already: the address, once `live` is known."""
        return pulumi.Output.from_input(live).apply(lambda _: self._address)
