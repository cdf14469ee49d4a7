"""The user's own Docker."""

import pulumi
import pulumi_docker as docker

from components.diagnosis import Diagnosis


class LocalHost(pulumi.ComponentResource):
    """The Docker engine of this machine, or the one that DOCKER_HOST names.

    Outputs: `provider` (docker.Provider), `hooks` (they explain failed containers).
    """

    provider: docker.Provider
    hooks: pulumi.ResourceHookBinding

    def __init__(self, name: str, engine: str | None = None, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:LocalHost", name, None, opts)
        self.provider = docker.Provider(f"{name}-docker", host=engine, opts=pulumi.ResourceOptions(parent=self))
        self.hooks = Diagnosis(engine).hooks
        self.register_outputs({})
