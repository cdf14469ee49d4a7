"""A configuration on its way to be live: checked in the real image, switched, reloaded, proven."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.container import drop_capabilities, harden, read_script, require_success, start_first
from components.label import label_container
from config.layout import PRIVATE
from config.private import Private
from config.tree import Tree

# Somebody waits for its first good answer, nobody for those after it, and a process started in a container every second
# takes a twentieth of a core for as long as the release lives (docs/releases.md): they take a minute each.
_LIVE = "test -e /tmp/live && { test ! -e /tmp/told || sleep 60; : > /tmp/told; }"


@dataclass(frozen=True, kw_only=True)
class ConfigCheckArgs:
    """`image` is NGINX's own; `config` names the volume that the tree is laid into.

    `private` are files that NGINX alone may read; they travel as secrets. More `repairs` than last
    time make the same tree be laid out again. With `hands_over` the image must have what takes the port from another
    container. `hooks` are told of failures.
    """

    tree: Tree
    private: Private
    image: pulumi.Input[str]
    config: pulumi.Input[str]
    repairs: int = 0
    hands_over: bool = False
    hooks: pulumi.ResourceHookBinding | None = None


class ConfigCheck(pulumi.ComponentResource):
    """Asks the NGINX that will serve it whether a tree is valid. Nothing is live yet.

    Outputs: `verdict`: the tree's digest, once NGINX accepted it. A refused tree raises RunError
    with NGINX's own line, on every run until the tree changes.
    """

    verdict: pulumi.Output[str]

    def __init__(self, name: str, args: ConfigCheckArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:ConfigCheck", name, None, opts)
        checked = docker.Container(
            f"{name}-nginx-t",
            harden(
                docker.ContainerArgs(
                    image=args.image,
                    entrypoints=["sh", "-c", read_script("check.sh")],
                    labels=label_container("check"),
                    envs=[
                        f"TREE={args.tree.digest}",
                        f"PRIVATE={args.private.digest}",
                        f"REPAIRS={args.repairs}",
                        f"HANDOVER={'yes' if args.hands_over else ''}",
                    ],
                    uploads=[
                        *(
                            docker.ContainerUploadArgs(file=f"/incoming/{path}", content=text)
                            for path, text in args.tree.files.items()
                        ),
                        *(
                            docker.ContainerUploadArgs(
                                file=f"/private/{name}", content=pulumi.Output.secret(text), permissions="0400"
                            )
                            for name, text in args.private.files.items()
                        ),
                    ],
                    # Uploads are refused by a read-only root; this container lives for a moment.
                    read_only=False,
                    user="0:0",
                    # `nginx -t`, run by root, gives its temporary folders to NGINX's user.
                    capabilities=drop_capabilities("CAP_CHOWN"),
                    network_mode="none",
                    volumes=[docker.ContainerVolumeArgs(volume_name=args.config, container_path="/etc/portico")],
                    attach=True,
                    logs=True,
                    must_run=False,
                    restart="no",
                ),
                memory=128,
            ),
            opts=start_first(self, args.hooks),
        )
        success = require_success(checked, "NGINX refused the configuration")
        self.verdict = success.apply(lambda _: args.tree.digest)
        self.register_outputs({"verdict": self.verdict})


@dataclass(frozen=True, kw_only=True)
class ConfigReleaseArgs:
    """`verdict` is ConfigCheck's, as `repairs` are, `nginx` the edge's container id. `wait` is in seconds."""

    verdict: pulumi.Input[str]
    image: pulumi.Input[str]
    config: pulumi.Input[str]
    nginx: pulumi.Input[str]
    wait: int
    repairs: int = 0
    hooks: pulumi.ResourceHookBinding | None = None


class ConfigRelease(pulumi.ComponentResource):
    """Makes a checked tree live by a reload, and is done when no worker serves an older one.

    Give it `depends_on` the replicas that the tree names: they must be healthy by then. What it
    replaces is deleted by Pulumi only after it succeeded.

    Outputs: `live`: the served tree's digest. `switch` is the container that did it.
    """

    live: pulumi.Output[str]
    switch: pulumi.Resource

    def __init__(self, name: str, args: ConfigReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:ConfigRelease", name, None, opts)
        namespace = pulumi.Output.concat("container:", args.nginx)
        self.switch = switch = docker.Container(
            f"{name}-switch",
            harden(
                docker.ContainerArgs(
                    image=args.image,
                    entrypoints=["sh", "-c", read_script("switch.sh")],
                    labels=label_container("switch"),
                    envs=[pulumi.Output.concat("TREE=", args.verdict), f"PORT={PRIVATE}", f"REPAIRS={args.repairs}"],
                    pid_mode=namespace,
                    network_mode=namespace,
                    user="0:0",
                    # NGINX runs as another user; this is what lets root send it a signal.
                    capabilities=drop_capabilities("CAP_KILL"),
                    volumes=[docker.ContainerVolumeArgs(volume_name=args.config, container_path="/etc/portico")],
                    tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=1m"},
                    healthcheck=docker.ContainerHealthcheckArgs(
                        # As Docker spells it: 90s would be another value for ever.
                        tests=["CMD-SHELL", _LIVE],
                        interval="1s",
                        timeout="1m30s",
                        retries=3,
                    ),
                    wait=True,
                    wait_timeout=args.wait,
                    restart="no",
                    destroy_grace_seconds=2,
                ),
                memory=32,
            ),
            opts=start_first(self, args.hooks),
        )
        self.live = pulumi.Output.all(args.verdict, switch.id).apply(lambda done: str(done[0]))
        self.register_outputs({"live": self.live})
