"""Security groups: who may come in, and where the machine may go."""

from collections.abc import Iterator
from typing import Final

from portico.policies.graph import Graph, look, of_type
from portico.policies.kinds import DEFAULT_GROUP, GROUP
from portico.policies.opening import list_openings
from portico.policies.rule import Finding, rule

_ADMIN: Final = {22: "SSH", 3389: "RDP"}
# UDP 443 is HTTP/3.
_WEB: Final = {("tcp", 80), ("tcp", 443), ("udp", 443)}
_PING: Final = ("icmp", "icmpv6")


@rule("CKV_AWS_24", "CKV_AWS_25", "CIS 5.2", "CIS 5.3")
def close_admin_ports(graph: Graph) -> Iterator[Finding]:
    """Nobody reaches SSH (22) or RDP (3389) from anywhere, over IPv4 or IPv6."""
    for opening in list_openings(graph):
        for port, name in _ADMIN.items():
            if opening.inbound and opening.is_for_all and opening.covers(port):
                wrong = f"{opening} lets everybody reach {name} ({port})"
                yield Finding(
                    opening.resource, wrong, "name the networks that may, or go through SSM, which needs no open port"
                )


@rule("CKV_AWS_277")
def open_web_ports_only(graph: Graph) -> Iterator[Finding]:
    """From anywhere, 80 and 443 alone can be reached."""
    for opening in list_openings(graph):
        web = opening.first == opening.last and (opening.protocol, opening.first) in _WEB
        if opening.inbound and opening.is_for_all and not web:
            wrong = f"{opening} is open to everybody"
            yield Finding(
                opening.resource,
                wrong,
                "open 80 and 443 to everybody, each in a rule of its own, and anything else to named networks",
            )


@rule("CKV_AWS_382")
def name_egress(graph: Graph) -> Iterator[Finding]:
    """Where the machine may go is named port by port: never everything to everywhere."""
    for opening in list_openings(graph):
        named = opening.protocol in _PING or (opening.protocol != "-1" and opening.first == opening.last)
        if not opening.inbound and opening.is_for_all and not named:
            wrong = f"{opening} may leave to everywhere"
            yield Finding(
                opening.resource, wrong, "name the protocol and the one port, such as tcp 443, in a rule for each"
            )


@rule("CKV_AWS_23")
def describe_rules(graph: Graph) -> Iterator[Finding]:
    """Every security group and each of its rules says what it is for."""
    for one in of_type(graph, GROUP):
        if look(one.inputs, "description") in (None, "", "Managed by Pulumi"):
            yield Finding(one, "it does not say what it is for", "write description")
    for opening in list_openings(graph):
        if not opening.description and opening.resource.type != DEFAULT_GROUP:
            yield Finding(opening.resource, f"{opening} does not say what it is for", "write its description")
