"""NGINX: the edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_docker as docker

from portico.components.docker.certificates import CertificateVolumes
from portico.components.docker.hardening import describe_parts, harden
from portico.components.docker.labels import label_container
from portico.components.docker.port_collision import watch_ports
from portico.components.docker.port_holder import find_place, publish
from portico.components.partial_update import list_made, or_none
from portico.config.in_container import read_script
from portico.config.public_address import Public
from portico.config.render.layout import BODIES, DATA, EDGE, PRIVATE
from portico.config.settings import Nginx as NginxSettings
from portico.config.settings.nginx import ANSWERS, count_stores

_CONFIG = "/etc/portico/live/nginx.conf"

# The provider needs another container for most changes, and changes memory, restart policy and time to end
# where they are. These it would change in the state alone. "#initerror" stands for a container that did not start.
_REPLACING = ["init", "tmpfs", "healthcheck", "#initerror"]


@dataclass(frozen=True, kw_only=True)
class NginxArgs:
    """The three volumes and the network are names.

    `verdict` resolves once a first configuration has been accepted and lies in the volume `config`.
    `replicas` are what it sends requests to: it is made after them, and one that is replaced goes before them.
    `public` is where it is published: by itself, or where it `takes` the ports from a Port; `earlier` are the URNs of
    what has one of the ports until now, and goes just before. `data` are volumes with files that it serves, by the
    folder below DATA where it finds them. `sites` are networks of single sites, by site, in which it is known as EDGE.
    `certificates` are the volumes of those that are ordered. `served` is how many sites it serves.
    """

    settings: NginxSettings
    image: pulumi.Input[str]
    network: pulumi.Input[str]
    config: pulumi.Input[str]
    sockets: pulumi.Input[str]
    static: pulumi.Input[str]
    verdict: pulumi.Input[str]
    public: Public
    takes: bool = True
    replicas: Sequence[pulumi.CustomResource] = ()
    earlier: Sequence[str] = ()
    data: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    sites: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    certificates: CertificateVolumes | None = None
    served: int = 1


class Nginx(pulumi.ComponentResource):
    """The container that answers. It outlives releases: they reach it by a reload.

    One with another image starts beside it, on the same port, and the old one ends with its last request; so does one
    for another port. Where it publishes the port itself, one for the same port must wait until the old one has gone.

    Outputs: `container` (id). `made_of` is what cannot change without another container, but for the image:
    plain values by name.
    """

    container: pulumi.Output[str]
    made_of: dict[str, Any]

    def __init__(self, name: str, args: NginxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Nginx", name, None, opts)
        command = ["nginx", "-c", _CONFIG, "-g", "daemon off;"]
        if args.takes:
            entrypoint, stop = ["perl", "-e", read_script("take.pl"), _CONFIG], "SIGQUIT"
        else:
            entrypoint, stop = ["sh", "-c", read_script("edge.sh"), "edge"], "SIGTERM"
        if args.certificates:
            # It takes over new certificates, and becomes what stands behind it.
            entrypoint = ["sh", "-c", read_script("adopt.sh"), "edge", *entrypoint]
        volumes = [
            docker.ContainerVolumeArgs(volume_name=args.config, container_path="/etc/portico", read_only=True),
            docker.ContainerVolumeArgs(volume_name=args.sockets, container_path="/run/portico"),
            docker.ContainerVolumeArgs(volume_name=args.static, container_path="/srv/static", read_only=True),
            *(args.certificates.mount() if args.certificates else []),
        ]
        container = harden(
            docker.ContainerArgs(
                image=or_none(pulumi.Output.all(args.image, args.verdict).apply(lambda ready: str(ready[0]))),
                entrypoints=entrypoint,
                command=command,
                envs=[f"PLACE={find_place(args.public)}"] if args.takes else None,
                labels=label_container("nginx"),
                user="101:101",
                ports=None if args.takes else publish(args.public),
                volumes=volumes,
                # Kept answers, and request bodies too large for a buffer, lie here: less than its memory together.
                tmpfs=_size_tmpfs(args.settings.uploads.mebibytes, count_stores(args.served)),
                networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=args.network)],
                healthcheck=docker.ContainerHealthcheckArgs(
                    tests=["CMD", "curl", "-sf", "-m", "2", f"http://127.0.0.1:{PRIVATE}/healthz"],
                    interval="5s",
                    timeout="3s",
                    retries=3,
                ),
                cpu_shares=_SHARES,
                restart="unless-stopped",
                # What each of them means, the scripts say.
                stop_signal=stop,
                destroy_grace_seconds=_DRAIN if args.takes else _CUT,
            ),
            memory=args.settings.limit_memory(args.served).mebibytes,
        )
        # Their own reasons to be another container, so these come later.
        parts = describe_parts(container, "envs")
        container.volumes = [*volumes, *_mount_data(args.data)]
        container.networks_advanced = [
            docker.ContainerNetworksAdvancedArgs(name=args.network),
            *(docker.ContainerNetworksAdvancedArgs(name=one, aliases=[EDGE]) for _, one in sorted(args.sites.items())),
        ]
        edge = docker.Container(
            # As with the holder of a port (components/docker/port_holder.py): for another one it is another resource.
            f"{name}-server" if args.takes else f"{name}-edge-{args.public.port}",
            container,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list_made(args.replicas),
                delete_before_replace=not args.takes,
                replace_on_changes=_REPLACING,
                aliases=list(args.earlier),
                hooks=None if args.takes else watch_ports(args.public, name),
            ),
        )
        # Which place it takes the ports at, the port says.
        self.made_of = {
            "parts": parts,
            **({} if args.takes else vars(args.public)),
            **({"data": " ".join(sorted(args.data))} if args.data else {}),
            **({"sites": " ".join(sorted(args.sites))} if args.sites else {}),
        }
        self.container = edge.id
        self.register_outputs({"container": self.container})


# A share of the processors where they are all busy; any other container has 1024. Each request of each site passes
# here, so a site that computes a lot must not delay the others: docs/neighbours.md has what this gives.
_SHARES = 8192

# Seconds until Docker ends it: edge.sh needs less than one; NGINX itself lets its last request finish.
_CUT, _DRAIN = 5, 3600

# Where the packaged NGINX keeps its temporary files, by distribution; owned by its user.
CACHES = ("/var/cache/nginx", "/var/lib/nginx")


def _mount_data(volumes: Mapping[str, pulumi.Input[str]]) -> list[docker.ContainerVolumeArgs]:
    return [
        docker.ContainerVolumeArgs(volume_name=volume, container_path=f"{DATA}/{folder}", read_only=True)
        for folder, volume in sorted(volumes.items())
    ]


def _size_tmpfs(uploads: int, stores: int) -> dict[str, str]:
    """File systems in memory, which count towards the container's limit; `uploads` in MiB.

    Each site's bodies have one of their own, so that a flood of one site's fills no other's. Nothing is written into
    CACHES but by files of an earlier version, which a new NGINX may begin with.
    """
    sizes = {"/tmp": f"rw,noexec,nosuid,nodev,size={ANSWERS.mebibytes}m"}
    bodies = [f"{BODIES}-{number}" for number in range(stores)]
    own = f"rw,noexec,nosuid,nodev,size={uploads}m,uid=101,gid=101,mode=0700"
    return sizes | dict.fromkeys([*CACHES, *bodies], own)
