"""The VM's connections, in and out: each allowed by a rule with a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from portico.components.aws.gate import EVERYBODY, Gate
from portico.components.aws.tags import make_tags
from portico.config.settings.aws import Egress


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    """`tls_port` is the port of HTTPS, None without it. `ssh_from` are the networks that may use SSH."""

    vpc: pulumi.Input[str]
    port: int = 80
    tls_port: int | None = None
    http3: bool = False
    ssh_from: Sequence[str] = ()
    egress: Sequence[Egress] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class Firewall(pulumi.ComponentResource):
    """The security group of the VM.

    Outputs: `id`.
    """

    id: pulumi.Output[str]

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("portico:index:Firewall", name, None, opts)
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            vpc_id=args.vpc,
            description="The VM: web from everybody, and what its rules name",
            tags=make_tags("vm", args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        gate = Gate(name=name, group=group.id, parent=self, tags=args.tags)
        gate.let_in("http", "tcp", args.port, "Web: everybody", network=EVERYBODY)
        if args.tls_port is not None:
            gate.let_in("https", "tcp", args.tls_port, "Web over TLS: everybody", network=EVERYBODY)
            if args.http3:
                gate.let_in("http3", "udp", args.tls_port, "Web over QUIC: everybody", network=EVERYBODY)
        for index, network in enumerate(args.ssh_from):
            gate.let_in(f"ssh-{index}", "tcp", 22, "SSH: those who deploy", network=network)
        # Packages and image builds, AWS's own services, and what the applications ask for.
        gate.let_out("http", "tcp", 80, "Packages of the system", network=EVERYBODY)
        gate.let_out("https", "tcp", 443, "Packages, AWS Systems Manager, services on the web", network=EVERYBODY)
        for rule in args.egress:
            gate.let_out(rule.name, rule.protocol, rule.port, f"Applications: {rule.name}", network=rule.network)
        self.id = group.id
        self.register_outputs({"id": self.id})
