"""The rules of a security group: each has a name and a description."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from portico.components.aws.tags import make_tags

EVERYBODY: Final = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Opens the security group `group` (id), rule by rule, as children of `parent`, whose name is `name`.

    The other side of a rule is either a `network` (addresses), or the members of another security group, `peer` (id).
    """

    name: str
    group: pulumi.Input[str]
    parent: pulumi.Resource
    tags: Mapping[str, str] = field(default_factory=dict)

    def let_in(
        self,
        rule: str,
        protocol: str,
        port: int,
        description: str,
        *,
        network: str | None = None,
        peer: pulumi.Input[str] | None = None,
    ) -> None:
        """Let the other side connect to this port."""
        given = self._spell(f"in-{rule}", protocol, port, description, network, peer)
        aws.vpc.SecurityGroupIngressRule(f"{self.name}-in-{rule}", **given)

    def let_out(
        self,
        rule: str,
        protocol: str,
        port: int,
        description: str,
        *,
        network: str | None = None,
        peer: pulumi.Input[str] | None = None,
    ) -> None:
        """Let its members connect to this port of the other side."""
        given = self._spell(f"out-{rule}", protocol, port, description, network, peer)
        aws.vpc.SecurityGroupEgressRule(f"{self.name}-out-{rule}", **given)

    def _spell(
        self,
        tag: str,
        protocol: str,
        port: int,
        description: str,
        network: str | None,
        peer: pulumi.Input[str] | None,
    ) -> dict[str, Any]:
        return {
            "security_group_id": self.group,
            "ip_protocol": protocol,
            "from_port": port,
            "to_port": port,
            "cidr_ipv4": network if network and ":" not in network else None,
            "cidr_ipv6": network if network and ":" in network else None,
            "referenced_security_group_id": peer,
            "description": description,
            "tags": make_tags(tag, self.tags),
            "opts": pulumi.ResourceOptions(parent=self.parent),
        }
