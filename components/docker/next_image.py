"""The image that the next update would deploy, built alone: for a command that is to run in it before that update."""

import json
import os
from pathlib import Path

import pulumi
import pulumi_docker as docker
from pulumi.runtime.config import CONFIG

from portico.components.build_context import write_context
from portico.components.docker.buildx_builder import name_builder
from portico.components.docker.diagnosis import Diagnosis
from portico.components.docker.engine_client import Engine
from portico.components.docker.failure_hooks import bind_hooks
from portico.components.docker.images import build_image
from portico.config.load import make_stack
from portico.config.plan import parse_values

# What is asked for, as JSON: the site, the folder of its project, and the address and options of the engine.
WISH = "PORTICO_NEXT"


class NextImage(pulumi.ComponentResource):
    """The image of one site's source as it is now, on the engine that the stack is on. Nothing else is made.

    Its state is thrown away with the folder that it lies in, and the image stays: an update to this source takes it.
    """

    def __init__(self) -> None:
        wish = json.loads(os.environ[WISH])
        root, engine = Path(wish["root"]), Engine(wish["address"], tuple(wish["options"]))
        super().__init__("portico:index:NextImage", wish["site"], None, bind_hooks(None, Diagnosis(engine).hooks))
        # A site that is pinned to an earlier release needs no build: its image is there.
        values = {key: value for key, value in parse_values(CONFIG.get()).items() if key != "rollback"}
        stack = make_stack(values, root)
        release = next(one for one in stack.releases if one.site.name == wish["site"])
        provider = docker.Provider(
            f"{release.site.name}-engine",
            host=engine.address,
            ssh_opts=[*engine.options] or None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        image = build_image(
            *(release.site.name, release.image, write_context(root, release, stack.settings.ca_bundle), ""),
            self,
            name_builder(engine, pulumi.get_stack()),
            tokens=bool(release.tokens),
            provider=provider,
        )
        self.register_outputs({"image": image.name})
