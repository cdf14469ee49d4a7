"""What may come in to the VM, and what may go out: each by a rule with a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.aws.tags import make_tags
from config.settings.aws import Egress

_EVERYBODY = "0.0.0.0/0"


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
        self._name, self._tags = name, args.tags
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            vpc_id=args.vpc,
            description="The VM: web from everybody, and what its rules name",
            tags=make_tags("vm", args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._group = group.id
        self._let_in("http", "tcp", args.port, _EVERYBODY, "Web: everybody")
        if args.tls_port is not None:
            self._let_in("https", "tcp", args.tls_port, _EVERYBODY, "Web over TLS: everybody")
            if args.http3:
                self._let_in("http3", "udp", args.tls_port, _EVERYBODY, "Web over QUIC: everybody")
        for index, network in enumerate(args.ssh_from):
            self._let_in(f"ssh-{index}", "tcp", 22, network, "SSH: those who deploy")
        # Packages and image builds, AWS's own services, and what the applications ask for.
        self._let_out("http", "tcp", 80, _EVERYBODY, "Packages of the system")
        self._let_out("https", "tcp", 443, _EVERYBODY, "Packages, AWS Systems Manager, services on the web")
        for rule in args.egress:
            self._let_out(rule.name, rule.protocol, rule.port, rule.network, f"Applications: {rule.name}")
        self.id = self._group
        self.register_outputs({"id": self.id})

    def _let_in(self, rule: str, protocol: str, port: int, network: str, description: str) -> None:
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-in-{rule}",
            security_group_id=self._group,
            ip_protocol=protocol,
            from_port=port,
            to_port=port,
            cidr_ipv4=network if ":" not in network else None,
            cidr_ipv6=network if ":" in network else None,
            description=description,
            tags=make_tags(f"in-{rule}", self._tags),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _let_out(self, rule: str, protocol: str, port: int, network: str, description: str) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-out-{rule}",
            security_group_id=self._group,
            ip_protocol=protocol,
            from_port=port,
            to_port=port,
            cidr_ipv4=network if ":" not in network else None,
            cidr_ipv6=network if ":" in network else None,
            description=description,
            tags=make_tags(f"out-{rule}", self._tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
