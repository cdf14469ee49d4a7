"""The user's own Docker."""

from functools import partial

import pulumi
import pulumi_docker as docker

from components.diagnosis import Diagnosis
from components.image import ListImages
from components.tags import list_tags


class LocalHost(pulumi.ComponentResource):
    """The Docker engine of this machine, or the one that DOCKER_HOST names.

    Outputs: `provider` (docker.Provider), `hooks` (they explain failed containers). `images` asks
    the engine which images it has.
    """

    provider: docker.Provider
    hooks: pulumi.ResourceHookBinding
    images: ListImages

    def __init__(self, name: str, engine: str | None = None, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:LocalHost", name, None, opts)
        self.provider = docker.Provider(f"{name}-docker", host=engine, opts=pulumi.ResourceOptions(parent=self))
        self.hooks = Diagnosis(engine).hooks
        self.images = partial(list_tags, engine)
        self.register_outputs({})
