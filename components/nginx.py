"""NGINX: the edge."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from components.container import harden, read_script
from components.label import label_container
from config.digest import digest_values
from config.layout import LISTEN, LISTEN_TLS, PRIVATE
from config.settings import Nginx as NginxSettings
from config.settings.nginx import ANSWERS

# The provider needs another container for most changes, and changes memory, restart policy and time to end
# where they are. These it would change in the state alone. "#initerror" stands for a container that did not start.
_REPLACING = ["init", "tmpfs", "healthcheck", "#initerror"]


@dataclass(frozen=True, kw_only=True)
class NginxArgs:
    """`address`, `port` and `tls_port` (HTTPS) are where the edge is published; the three volumes are names.

    `verdict` resolves once a first configuration has been accepted and lies in the volume `config`.
    """

    settings: NginxSettings
    image: pulumi.Input[str]
    network: pulumi.Input[str]
    config: pulumi.Input[str]
    sockets: pulumi.Input[str]
    static: pulumi.Input[str]
    verdict: pulumi.Input[str]
    address: str
    port: int
    tls_port: int | None = None
    http3: bool = False


class Nginx(pulumi.ComponentResource):
    """The one container that owns the public port. It outlives releases: they reach it by a reload.

    Outputs: `container` (id).

    `made_of` is what cannot change without another container, but for the image: plain values by name.
    """

    container: pulumi.Output[str]
    made_of: dict[str, Any]

    def __init__(self, name: str, args: NginxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Nginx", name, None, opts)
        container = harden(
            docker.ContainerArgs(
                image=pulumi.Output.all(args.image, args.verdict).apply(lambda ready: str(ready[0])),
                entrypoints=["sh", "-c", read_script("edge.sh"), "edge"],
                command=["-c", "/etc/portico/live/nginx.conf", "-g", "daemon off;"],
                labels=label_container("nginx"),
                user="101:101",
                ports=_publish(args),
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
                # NGINX's image says QUIT, which would wait for the longest request; edge.sh says how this ends.
                stop_signal="SIGTERM",
                destroy_grace_seconds=_GRACE,
            ),
            memory=args.settings.memory.mebibytes,
        )
        edge = docker.Container(
            f"{name}-edge",
            container,
            opts=pulumi.ResourceOptions(
                parent=self,
                # It holds the port, so the old one goes first.
                delete_before_replace=True,
                replace_on_changes=_REPLACING,
            ),
        )
        self.made_of = _describe(args, container)
        self.container = edge.id
        self.register_outputs({"container": self.container})


def _publish(args: NginxArgs) -> list[docker.ContainerPortArgs]:
    ports = [docker.ContainerPortArgs(internal=LISTEN, external=args.port, ip=args.address)]
    if args.tls_port is not None:
        for protocol in ("tcp", "udp") if args.http3 else ("tcp",):
            ports.append(
                docker.ContainerPortArgs(
                    internal=LISTEN_TLS, external=args.tls_port, ip=args.address, protocol=protocol
                )
            )
    return ports


def _describe(args: NginxArgs, container: docker.ContainerArgs) -> dict[str, Any]:
    return {
        "address": args.address,
        "port": args.port,
        "tls_port": args.tls_port,
        "http3": args.http3,
        "parts": digest_values({key: _plain(value) for key, value in vars(container).items() if key not in _APART}),
    }


def _plain(value: Any) -> Any:
    """Arguments as plain values; what is known only later is left out: it is not other for another program."""
    if isinstance(value, pulumi.Output):
        return None
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return {key: _plain(inner) for key, inner in vars(value).items()} if hasattr(value, "__dict__") else value


# Said by a name of their own, or changed while the container runs.
_APART = {"image", "ports", "memory", "memory_swap", "restart", "destroy_grace_seconds"}

# Seconds until Docker ends it; edge.sh needs less than one.
_GRACE = 5

# Where the packaged NGINX keeps its temporary files, by distribution; owned by its user.
_CACHES = ("/var/cache/nginx", "/var/lib/nginx")


def _make_room(uploads: int) -> dict[str, str]:
    """File systems in memory, which count towards the container's limit; `uploads` in MiB."""
    room = {"/tmp": f"rw,noexec,nosuid,nodev,size={ANSWERS.mebibytes}m"}
    return room | {path: f"rw,noexec,nosuid,nodev,size={uploads}m,uid=101,gid=101,mode=0700" for path in _CACHES}
