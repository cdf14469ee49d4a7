"""The user's own Docker."""

import pulumi
import pulumi_docker as docker


class LocalHost(pulumi.ComponentResource):
    """The Docker engine of this machine, or the one that DOCKER_HOST names.

    Outputs: `provider` (docker.Provider).
    """

    provider: docker.Provider

    def __init__(self, name: str, engine: str | None = None, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:LocalHost", name, None, opts)
        self.provider = docker.Provider(f"{name}-docker", host=engine, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
