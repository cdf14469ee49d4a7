"""NGINX: the edge."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.container import harden, start_first
from components.label import label_container
from config.layout import LISTEN, LISTEN_TLS, PRIVATE
from config.settings import Nginx as NginxSettings


@dataclass(frozen=True, kw_only=True)
class NginxArgs:
    """`address`, `port` and `tls_port` (HTTPS) are where the edge is published; the three volumes are names.

    `grace` is the time in seconds that requests in flight have when the edge itself is replaced.
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
    grace: int
    tls_port: int | None = None
    http3: bool = False


class Nginx(pulumi.ComponentResource):
    """The one container that owns the public port. It outlives releases: they reach it by a reload.

    Outputs: `container` (id).
    """

    container: pulumi.Output[str]

    def __init__(self, name: str, args: NginxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Nginx", name, None, opts)
        edge = docker.Container(
            f"{name}-edge",
            harden(
                docker.ContainerArgs(
                    image=pulumi.Output.all(args.image, args.verdict).apply(lambda ready: str(ready[0])),
                    entrypoints=["nginx"],
                    command=["-c", "/etc/portico/live/nginx.conf", "-g", "daemon off;"],
                    labels=label_container("nginx"),
                    user="101:101",
                    ports=_publish(args),
                    volumes=[
                        docker.ContainerVolumeArgs(
                            volume_name=args.config, container_path="/etc/portico", read_only=True
                        ),
                        docker.ContainerVolumeArgs(volume_name=args.sockets, container_path="/run/portico"),
                        docker.ContainerVolumeArgs(
                            volume_name=args.static, container_path="/srv/static", read_only=True
                        ),
                    ],
                    # Request bodies and answers too large for memory pass through here.
                    tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=256m", **_CACHES},
                    networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=args.network)],
                    healthcheck=docker.ContainerHealthcheckArgs(
                        tests=["CMD", "curl", "-sf", "-m", "2", f"http://127.0.0.1:{PRIVATE}/healthz"],
                        interval="5s",
                        timeout="3s",
                        retries=3,
                    ),
                    restart="unless-stopped",
                    # QUIT ends the requests in flight; TERM would cut them.
                    stop_signal="SIGQUIT",
                    destroy_grace_seconds=args.grace,
                ),
                memory=args.settings.memory.mebibytes,
            ),
            # It holds the port, so the old one goes first.
            opts=start_first(self, stop_first=True),
        )
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


# Where the packaged NGINX keeps its temporary files, by distribution; owned by its user.
_CACHES = {
    "/var/cache/nginx": "rw,noexec,nosuid,nodev,size=256m,uid=101,gid=101,mode=0700",
    "/var/lib/nginx": "rw,noexec,nosuid,nodev,size=256m,uid=101,gid=101,mode=0700",
}
