"""NGINX: the edge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from components.container import describe_parts, harden, read_script
from components.label import label_container
from components.port import PLACE, Public
from config.layout import PRIVATE
from config.settings import Nginx as NginxSettings
from config.settings.nginx import ANSWERS

_CONFIG = "/etc/portico/live/nginx.conf"

# The provider needs another container for most changes, and changes memory, restart policy and time to end
# where they are. These it would change in the state alone. "#initerror" stands for a container that did not start.
_REPLACING = ["init", "tmpfs", "healthcheck", "#initerror"]


@dataclass(frozen=True, kw_only=True)
class NginxArgs:
    """The three volumes and the network are names.

    `verdict` resolves once a first configuration has been accepted and lies in the volume `config`.
    `replicas` are what it sends requests to: it is made after them, and one that is replaced goes before them.
    `public` is where it is published itself, None where it takes the port from a Port; `past` is the URN of what may
    have held the port until now.
    """

    settings: NginxSettings
    image: pulumi.Input[str]
    network: pulumi.Input[str]
    config: pulumi.Input[str]
    sockets: pulumi.Input[str]
    static: pulumi.Input[str]
    verdict: pulumi.Input[str]
    replicas: Sequence[pulumi.Resource] = ()
    public: Public | None = None
    past: str | None = None


class Nginx(pulumi.ComponentResource):
    """The container that answers. It outlives releases: they reach it by a reload.

    One with another image starts beside it, on the same port, and the old one ends with its last request. Where it
    publishes the port itself, the old one goes first.

    Outputs: `container` (id). `made_of` is what cannot change without another container, but for the image:
    plain values by name.
    """

    container: pulumi.Output[str]
    made_of: dict[str, Any]

    def __init__(self, name: str, args: NginxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Nginx", name, None, opts)
        command = ["nginx", "-c", _CONFIG, "-g", "daemon off;"]
        if args.public:
            entrypoint, stop = ["sh", "-c", read_script("edge.sh"), "edge"], "SIGTERM"
        else:
            entrypoint, stop = ["perl", "-e", read_script("take.pl"), PLACE, _CONFIG], "SIGQUIT"
        container = harden(
            docker.ContainerArgs(
                image=pulumi.Output.all(args.image, args.verdict).apply(lambda ready: str(ready[0])),
                entrypoints=entrypoint,
                command=command,
                labels=label_container("nginx"),
                user="101:101",
                ports=args.public.publish() if args.public else None,
                volumes=[
                    docker.ContainerVolumeArgs(volume_name=args.config, container_path="/etc/portico", read_only=True),
                    docker.ContainerVolumeArgs(volume_name=args.sockets, container_path="/run/portico"),
                    docker.ContainerVolumeArgs(volume_name=args.static, container_path="/srv/static", read_only=True),
                ],
                # Answers and request bodies too large for a buffer pass through here: less than its memory together.
                tmpfs=_make_room(args.settings.uploads.mebibytes),
                networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=args.network)],
                healthcheck=docker.ContainerHealthcheckArgs(
                    tests=["CMD", "curl", "-sf", "-m", "2", f"http://127.0.0.1:{PRIVATE}/healthz"],
                    interval="5s",
                    timeout="3s",
                    retries=3,
                ),
                restart="unless-stopped",
                # What each of them means, the scripts say.
                stop_signal=stop,
                destroy_grace_seconds=_CUT if args.public else _DRAIN,
            ),
            memory=args.settings.memory.mebibytes,
        )
        edge = docker.Container(
            f"{name}-edge" if args.public else f"{name}-server",
            container,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.replicas),
                delete_before_replace=args.public is not None,
                replace_on_changes=_REPLACING,
                aliases=[args.past] if args.past else None,
            ),
        )
        self.made_of = {"parts": describe_parts(container), **(vars(args.public) if args.public else {})}
        self.container = edge.id
        self.register_outputs({"container": self.container})


# Seconds until Docker ends it: edge.sh needs less than one; NGINX itself sees to it that its last request ends.
_CUT, _DRAIN = 5, 3600

# Where the packaged NGINX keeps its temporary files, by distribution; owned by its user.
CACHES = ("/var/cache/nginx", "/var/lib/nginx")


def _make_room(uploads: int) -> dict[str, str]:
    """File systems in memory, which count towards the container's limit; `uploads` in MiB."""
    room = {"/tmp": f"rw,noexec,nosuid,nodev,size={ANSWERS.mebibytes}m"}
    return room | {path: f"rw,noexec,nosuid,nodev,size={uploads}m,uid=101,gid=101,mode=0700" for path in CACHES}
