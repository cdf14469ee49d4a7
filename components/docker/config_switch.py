"""Makes a configuration live: checked in the real image, switched, reloaded, proven."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_docker as docker

from portico.components.docker.attempts import LABEL
from portico.components.docker.certificates import CertificateVolumes
from portico.components.docker.engine_client import Engine
from portico.components.docker.hardening import drop_capabilities, harden, require_success, start_first
from portico.components.docker.labels import label_container
from portico.components.docker.nginx import CACHES
from portico.components.docker.replica import Replica
from portico.components.docker.switch_verdict import Ended, Outcome
from portico.components.partial_update import NONE, find_id
from portico.components.shutdown import expect_verdict
from portico.config.in_container import read_script
from portico.config.render.layout import PRIVATE
from portico.config.render.tree import Tree
from portico.config.tls.nginx_secrets import Private

_OTHERS = ("CAP_DAC_OVERRIDE", "CAP_FOWNER")


@dataclass(frozen=True, kw_only=True)
class ConfigCheckArgs:
    """`image` is NGINX's own; `config` names the volume that the tree is laid into.

    `private` are files that NGINX alone may read; they travel as secrets. `ordered` are the names of the sites whose
    certificates are ordered, and `volumes` where those lie. More `repairs` than last
    time make the same tree be laid out again. With `hands_over` the image must have what takes the port from another
    container.
    """

    tree: Tree
    private: Private
    image: pulumi.Input[str]
    config: pulumi.Input[str]
    repairs: int = 0
    hands_over: bool = False
    ordered: Sequence[str] = ()
    volumes: CertificateVolumes | None = None


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
                    entrypoints=["sh", "-c", read_script("tree.sh", "check.sh")],
                    labels=label_container("check"),
                    envs=[
                        f"TREE={args.tree.digest}",
                        f"PRIVATE={args.private.digest}",
                        f"REPAIRS={args.repairs}",
                        f"HANDOVER={'yes' if args.hands_over else ''}",
                        *([f"ORDERED={' '.join(args.ordered)}"] if args.ordered else []),
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
                        *(
                            docker.ContainerUploadArgs(
                                file=f"/client/{name}", content=pulumi.Output.secret(text), permissions="0400"
                            )
                            for name, text in args.private.client.items()
                        ),
                    ],
                    # Uploads are refused by a read-only root; this container lives for a moment.
                    read_only=False,
                    user="0:0",
                    # `nginx -t`, run by root, gives its temporary folders to NGINX's user. Those of certificates are
                    # others' already.
                    capabilities=drop_capabilities("CAP_CHOWN", *(_OTHERS if args.volumes else ())),
                    network_mode="none",
                    volumes=[
                        docker.ContainerVolumeArgs(volume_name=args.config, container_path="/etc/portico"),
                        *(args.volumes.mount(writes=True) if args.volumes else []),
                    ],
                    attach=True,
                    logs=True,
                    must_run=False,
                    restart="no",
                ),
                memory=128,
            ),
            opts=start_first(self),
        )
        success = require_success(checked, "NGINX refused the configuration")
        self.verdict = success.apply(lambda _: args.tree.digest)
        self.register_outputs({"verdict": self.verdict})


@dataclass(frozen=True, kw_only=True)
class ConfigReleaseArgs:
    """`verdict` is ConfigCheck's, as `repairs` are, `nginx` the edge's container id; the volumes are names.

    `replicas` are those to which the tree sends requests. They have `health_timeout` seconds to become healthy; old
    workers of NGINX have `longest` seconds to end. Another `attempt` switches again. `engine` is asked at the end
    whether all of it is there, and why a replica is not well.
    """

    verdict: pulumi.Input[str]
    image: pulumi.Input[str]
    config: pulumi.Input[str]
    sockets: pulumi.Input[str]
    nginx: pulumi.Input[str]
    replicas: Sequence[Replica]
    health_timeout: int
    longest: int
    repairs: int = 0
    attempt: int = 0
    engine: Engine | None = None
    served: Mapping[str, str] = field(default_factory=dict)
    volumes: CertificateVolumes | None = None


class ConfigRelease(pulumi.ComponentResource):
    """Makes a checked tree live: asks every replica that it names, switches, reloads, asks again.

    It is done when no worker of NGINX serves an older tree. A site whose replicas are not well stays as it was, and the
    others go live; `require_live` then raises pulumi.RunError with the site, and why. Nothing that it replaces is
    deleted before that succeeded.

    Outputs: `answers`: the tree's digest, once NGINX has something to answer with. `switch` is the container, and
    `ended` how it ended.
    """

    answers: pulumi.Output[str]
    switch: pulumi.CustomResource
    ended: pulumi.Output[Ended]

    def __init__(self, name: str, args: ConfigReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:ConfigRelease", name, None, opts)
        if not pulumi.runtime.is_dry_run():
            expect_verdict()
        namespace = pulumi.Output.concat("container:", args.nginx)
        made = [(one, find_id(one.container)) for one in args.replicas]
        # Nobody asks the replicas of a site in maintenance; they have to be there anyway.
        asked = [one for one in args.replicas if not one.release.site.maintenance]
        ids = pulumi.Output.all(*(id for one, id in made if not one.release.site.maintenance))
        self._made = pulumi.Output.all(*(id for _, id in made))
        self._replicas = args.replicas
        self.switch = switch = docker.Container(
            f"{name}-switch",
            harden(
                docker.ContainerArgs(
                    image=args.image,
                    entrypoints=["sh", "-c", read_script("tree.sh", "prove.sh", "switch.sh")],
                    labels=[
                        *label_container("switch"),
                        docker.ContainerLabelArgs(label=LABEL, value=str(args.attempt)),
                    ],
                    envs=[
                        pulumi.Output.concat("TREE=", args.verdict),
                        f"PORT={PRIVATE}",
                        f"REPAIRS={args.repairs}",
                        f"WAIT={args.health_timeout}",
                        f"LONGEST={args.longest}",
                        ids.apply(lambda ids: "REPLICAS=" + "\n".join(map(Replica.describe, asked, ids))),
                    ],
                    pid_mode=namespace,
                    network_mode=namespace,
                    user="0:0",
                    # NGINX runs as another user: root may send it a signal, and try its files (`nginx -t`). The folders
                    # of sockets belong to the sites' users.
                    capabilities=drop_capabilities("CAP_KILL", "CAP_CHOWN", "CAP_DAC_OVERRIDE"),
                    volumes=[
                        docker.ContainerVolumeArgs(volume_name=args.config, container_path="/etc/portico"),
                        docker.ContainerVolumeArgs(volume_name=args.sockets, container_path="/run/portico"),
                        *(args.volumes.mount() if args.volumes else []),
                    ],
                    tmpfs={path: "rw,noexec,nosuid,nodev,size=8m" for path in ("/tmp", *CACHES)},
                    attach=True,
                    logs=True,
                    must_run=False,
                    restart="no",
                ),
                memory=96,
            ),
            opts=pulumi.ResourceOptions.merge(
                start_first(self),
                # The provider would cut it after 20 minutes.
                pulumi.ResourceOptions(custom_timeouts=_bound(args.health_timeout + args.longest)),
            ),
        )
        ended = pulumi.Output.all(args.verdict, args.nginx, ids, switch.exit_code, switch.container_logs, switch.id)
        self.ended = ended.apply(lambda found: Ended(*found[:5]))
        self._outcome = Outcome(asked=asked, served=args.served, engine=args.engine)
        self.answers = self.ended.apply(self._outcome.require_answers)
        self.register_outputs({"answers": self.answers})

    def require_live(self, *before: pulumi.Output[Any]) -> pulumi.Output[str]:
        """The served tree's digest, once all that was asked for is live, and `before` is there.

        Where it is not, pulumi.RunError ends the program. So this comes last: what it would not wait for is not made.
        """
        return pulumi.Output.all(self.ended, self._made, self.answers, *before).apply(
            lambda found: self._outcome.require_live(found[0], self._list_lacking(found[1]))
        )

    def _list_lacking(self, ids: Sequence[str]) -> list[str]:
        found = [one.release.site.name for one, id in zip(self._replicas, ids, strict=True) if id == NONE]
        return list(dict.fromkeys(found))


def _bound(seconds: int) -> pulumi.CustomTimeouts:
    """The time that a switch may take, with two minutes for what it does besides waiting."""
    return pulumi.CustomTimeouts(create=f"{math.ceil(seconds / 60) + 2}m")
