"""The public port: kept open by a container of its own, so that one NGINX can take another's place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker

from portico.components.docker.hardening import describe_parts, harden
from portico.components.docker.labels import label_container
from portico.components.docker.port_collision import watch_ports
from portico.config.in_container import read_script
from portico.config.public_address import Public
from portico.config.render.layout import LISTEN_TLS

# The folder of the socket at which NGINX asks for the ports; only NGINX's user may enter it.
_PLACES = "/etc/portico/port"

# Seconds until Docker ends it. It ends by itself once NGINX has ended its connections: within 2 s where a successor
# waits for the port, with the last request where another port is served already.
_GRACE = 3600


@dataclass(frozen=True, kw_only=True)
class PortArgs:
    """`image` is NGINX's, which has Perl; it stays the one that this was first made from.

    `network` and `config` (a volume) are names. `earlier` are the URNs of what has one of the ports until now: it goes
    just before.
    """

    public: Public
    image: pulumi.Input[str]
    network: pulumi.Input[str]
    config: pulumi.Input[str]
    earlier: Sequence[str] = ()


class Port(pulumi.ComponentResource):
    """Opens the public ports and hands them to NGINX (components/in_container/hold.pl). It outlives NGINX's image.

    Give it `depends_on` what must serve before clients come. NGINX does not wait for it: both start in any order.

    Outputs: `container` (id). `holder` is the container, and `made_of` what cannot change without another one: plain
    values by name.
    """

    container: pulumi.Output[str]
    holder: pulumi.CustomResource
    made_of: dict[str, Any]

    def __init__(self, name: str, args: PortArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Port", name, None, opts)
        public = args.public
        container = harden(
            docker.ContainerArgs(
                image=args.image,
                entrypoints=["perl", "-e", read_script("hold.pl")],
                command=[find_place(public), *_list_inside(public)],
                labels=label_container("port"),
                user="101:101",
                ports=publish(public),
                volumes=[docker.ContainerVolumeArgs(volume_name=args.config, container_path="/etc/portico")],
                networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=args.network)],
                restart="unless-stopped",
                stop_signal="SIGTERM",
                destroy_grace_seconds=_GRACE,
            ),
            memory=32,
        )
        holder = docker.Container(
            # Another port, another resource: it is made before the old one is given up, and where the engine cannot
            # open it, all of the old one stays, in Pulumi's record too.
            f"{name}-holder-{public.port}",
            container,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=opts.depends_on if opts else None,
                # What is replaced has a port that is wanted again (another address; HTTPS beside the same port), and
                # two cannot have it. What is new is looked for before anything begins (free_ports.py).
                delete_before_replace=True,
                ignore_changes=["image"],
                replace_on_changes=["init", "#initerror"],
                aliases=list(args.earlier),
                hooks=watch_ports(public, name),
            ),
        )
        # What the command says of the ports has names of its own.
        self.made_of = {"owner": describe_parts(container, "command"), **vars(public)}
        self.holder, self.container = holder, holder.id
        self.register_outputs({"container": self.container})


def find_place(public: Public) -> str:
    """The socket where NGINX is given the ports: each port has its own, so no holder stands in another's way."""
    return f"{_PLACES}/{public.port}"


def publish(public: Public) -> list[docker.ContainerPortArgs]:
    """The ports as Docker takes them."""
    ports = []
    for binding, inside in public.list_bindings().items():
        port = docker.ContainerPortArgs(internal=inside, external=binding.port, ip=public.address)
        if inside == LISTEN_TLS:
            port.protocol = binding.protocol
        ports.append(port)
    return ports


def _list_inside(public: Public) -> list[str]:
    """The ports inside the container that holds them, those for datagrams as 8443/udp."""
    return [
        f"{inside}{'/udp' if binding.protocol == 'udp' else ''}" for binding, inside in public.list_bindings().items()
    ]
