"""Gunicorn: the replicas that serve one application."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.attempts import LABEL
from components.container import harden, read_script, start_first
from components.label import label_container
from config.release import SOCKETS, Release

# Seconds that one process of the health check goes on asking: to start one in a container takes 75 ms of a processor
# (measured: docs/releases.md), which a small VM has better uses for.
_WATCH = "30"


@dataclass(frozen=True, kw_only=True)
class GunicornArgs:
    """`image`, `files` and `secrets` come from FlaskApp, `network` and `subnet` from Network.

    `attempts` are numbers by index: a replica with another number is another container. `hooks` are told of one that
    cannot be started.
    """

    release: Release
    image: pulumi.Input[str]
    files: pulumi.Input[str]
    network: pulumi.Input[str]
    subnet: pulumi.Input[str]
    sockets: pulumi.Input[str]
    secrets: pulumi.Input[str] | None = None
    attempts: Sequence[int] = ()
    hooks: pulumi.ResourceHookBinding | None = None


class Gunicorn(pulumi.ComponentResource):
    """The replicas of one release. New ones start before the old ones stop.

    Nobody waits for them here: whether they are healthy, the switch itself asks (components/scripts/prove.sh).

    Outputs: `containers` (ids), `names` (Docker names).
    """

    containers: list[docker.Container]

    def __init__(self, name: str, args: GunicornArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Gunicorn", name, None, opts)
        self.containers = [
            docker.Container(
                f"{name}-{index}",
                self._replica(args, index),
                opts=start_first(self, args.hooks),
            )
            for index in range(args.release.replicas)
        ]
        self.register_outputs(
            {
                "containers": [container.id for container in self.containers],
                "names": [container.name for container in self.containers],
            }
        )

    def _replica(self, args: GunicornArgs, index: int) -> docker.ContainerArgs:
        release, site, bind = args.release, args.release.site, args.release.bind[index]
        attempt = args.attempts[index] if args.attempts else 0
        volumes = [docker.ContainerVolumeArgs(volume_name=args.sockets, container_path=SOCKETS)]
        if args.secrets is not None:
            volumes.append(
                docker.ContainerVolumeArgs(volume_name=args.secrets, container_path="/run/secrets", read_only=True)
            )
        environment = {
            **site.environment,
            "HOME": "/tmp",
            "PORTICO_SITE": site.name,
            "PORTICO_RELEASE": release.id,
            "PORTICO_REPLICA": str(index),
            "PORTICO_ADDRESS": bind,
            # For components/scripts/health.py: when the last request ended.
            "PORTICO_PROGRESS": "/tmp/.portico/progress",
            # For components/scripts/prove.sh: what became of its workers.
            "PORTICO_BOOTS": f"{SOCKETS}/{site.name}/{release.id}-{index}.boots",
        }
        listed = [f"{key}={value}" for key, value in sorted(environment.items())]
        return harden(
            docker.ContainerArgs(
                image=args.image,
                entrypoints=["gunicorn"],
                command=["--config", "/etc/gunicorn/gunicorn.conf.py", site.entry],
                # `files` is waited for: by then the folder for the socket and the secrets are there.
                envs=pulumi.Output.all(args.subnet, args.files).apply(
                    lambda ready: [*listed, f"FORWARDED_ALLOW_IPS={ready[0]}"]
                ),
                labels=[
                    *label_container("gunicorn", site.name, release.id),
                    docker.ContainerLabelArgs(label=LABEL, value=str(attempt)),
                ],
                # Its own user and group: the folder of its socket lets in that user and NGINX, no other site.
                user=f"{release.uid}:{release.uid}",
                volumes=volumes,
                tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=64m"},
                networks_advanced=[
                    docker.ContainerNetworksAdvancedArgs(
                        name=args.network, aliases=[f"{site.name}-{release.id}", f"{site.name}-{release.id}-{index}"]
                    )
                ],
                healthcheck=docker.ContainerHealthcheckArgs(
                    tests=[
                        *("CMD", "python3", "-I", "-S", "-c", read_script("health.py")),
                        *(_WATCH, f"{site.hung_after:g}", bind, site.health, site.hosts[0].replace("*", "www")),
                    ],
                    # Short, for a new replica is waited for; later on a process stays for longer: see _WATCH.
                    interval="1s",
                    # It ends by itself after 34 s; a busy machine takes seconds to start it, and it must come to act.
                    timeout="45s",
                    start_period="2s",
                    retries=3,
                ),
                restart="unless-stopped",
                # Longer than Gunicorn's own graceful timeout, or Docker would cut its last requests.
                destroy_grace_seconds=site.gunicorn.timeout.seconds + 5,
            ),
            memory=site.gunicorn.memory.mebibytes,
        )
