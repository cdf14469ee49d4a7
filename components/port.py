"""The public port: held by a container of its own, so that one NGINX can take another's place."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from components.container import describe_parts, harden
from components.label import label_container
from config.layout import LISTEN, LISTEN_TLS
from config.script import read_script

# Where whoever holds the ports is asked for them; only NGINX's user may enter the folder.
PLACE = "/etc/portico/port/socket"

# Seconds until Docker ends it; it waits 2 for NGINX to end its connections.
_GRACE = 5


@dataclass(frozen=True, kw_only=True)
class Public:
    """Where the edge is published: an address of the host, and its ports for HTTP and, where there is one, HTTPS."""

    address: str
    port: int
    tls_port: int | None = None
    http3: bool = False

    def list_inside(self) -> list[str]:
        """The ports inside the container that holds them, those for datagrams as 8443/udp."""
        return [f"{port.internal}{'/udp' if port.protocol == 'udp' else ''}" for port in self.publish()]

    def publish(self) -> list[docker.ContainerPortArgs]:
        """The same as Docker takes them."""
        ports = [docker.ContainerPortArgs(internal=LISTEN, external=self.port, ip=self.address)]
        if self.tls_port is not None:
            for protocol in ("tcp", "udp") if self.http3 else ("tcp",):
                ports.append(
                    docker.ContainerPortArgs(
                        internal=LISTEN_TLS, external=self.tls_port, ip=self.address, protocol=protocol
                    )
                )
        return ports


@dataclass(frozen=True, kw_only=True)
class PortArgs:
    """`image` is NGINX's, which has Perl; it stays the one that this was first made from.

    `network` and `config` (a volume) are names. `past` is the URN of what may have held the port until now: it goes
    just before.
    """

    public: Public
    image: pulumi.Input[str]
    network: pulumi.Input[str]
    config: pulumi.Input[str]
    past: str | None = None


class Port(pulumi.ComponentResource):
    """Opens the public ports and hands them to NGINX (components/scripts/hold.pl). It outlives NGINX's image.

    Give it `depends_on` what must serve before clients come. NGINX does not wait for it: both start in any order.

    Outputs: `container` (id). `made_of` is what cannot change without another container: plain values by name.
    """

    container: pulumi.Output[str]
    made_of: dict[str, Any]

    def __init__(self, name: str, args: PortArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Port", name, None, opts)
        container = harden(
            docker.ContainerArgs(
                image=args.image,
                entrypoints=["perl", "-e", read_script("hold.pl")],
                command=[PLACE, *args.public.list_inside()],
                labels=label_container("port"),
                user="101:101",
                ports=args.public.publish(),
                volumes=[docker.ContainerVolumeArgs(volume_name=args.config, container_path="/etc/portico")],
                networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=args.network)],
                restart="unless-stopped",
                stop_signal="SIGTERM",
                destroy_grace_seconds=_GRACE,
            ),
            memory=32,
        )
        holder = docker.Container(
            f"{name}-holder",
            container,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=opts.depends_on if opts else None,
                # Two cannot hold the same port.
                delete_before_replace=True,
                ignore_changes=["image"],
                replace_on_changes=["init", "#initerror"],
                aliases=[args.past] if args.past else None,
            ),
        )
        self.made_of = {"owner": describe_parts(container), **vars(args.public)}
        self.container = holder.id
        self.register_outputs({"container": self.container})


def spell_urn(component: str, container: str) -> str:
    """The URN of a container below one of Portico's own components."""
    types = f"portico:index:Portico$portico:index:{component}$docker:index/container:Container"
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{types}::{container}"
