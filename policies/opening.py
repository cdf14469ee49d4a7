"""What a security group lets through, in whichever of Pulumi's four forms it is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final

from portico.policies.graph import UNKNOWN, Graph, Resource, look, members, of_type
from portico.policies.kinds import DEFAULT_GROUP, EGRESS, GROUP, GROUP_RULE, INGRESS

# A network that is wider than this counts as everybody: 0.0.0.0/1 and 128.0.0.0/1 together are.
_WIDEST: Final = {4: 8, 6: 16}
_PROTOCOLS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One permission. `protocol` is "-1" for all; `first` to `last` are ports, all where the protocol has none.

    `networks` are the CIDRs that are known; `others`: it names lists of networks, or the group itself. `place` is where
    it is written.
    """

    resource: Resource
    place: str
    inbound: bool
    protocol: str
    first: int
    last: int
    networks: tuple[str, ...]
    others: bool
    description: str

    @property
    def is_for_all(self) -> bool:
        """Whether everybody is meant."""
        return any(_is_wide(network) for network in self.networks)

    def covers(self, port: int) -> bool:
        """Whether TCP connections to that port are let through."""
        return self.protocol in ("-1", "tcp") and self.first <= port <= self.last

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first} to {self.last}"
        return self.place + ("everything" if self.protocol == "-1" else f"{self.protocol} {ports}")


def list_openings(graph: Graph) -> Iterator[Opening]:
    """All of them, of every group."""
    for one in of_type(graph, GROUP, DEFAULT_GROUP):
        for name in ("ingress", "egress"):
            for number, inner in enumerate(members(one.inputs, name)):
                yield _read(one, inner, inbound=name == "ingress", place=f"{name}[{number}]: ")
    for one in of_type(graph, GROUP_RULE):
        yield _read(one, one.inputs, inbound=look(one.inputs, "type") == "ingress")
    for one in of_type(graph, INGRESS, EGRESS):
        yield _read(one, one.inputs, inbound=one.type == INGRESS)


def _read(one: Resource, rule: Any, *, inbound: bool, place: str = "") -> Opening:
    protocol = str(look(rule, "protocol") or look(rule, "ipProtocol") or "-1").lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    first, last = (_read_port(look(rule, name)) for name in ("fromPort", "toPort"))
    if protocol == "-1" or first is None or last is None or -1 in (first, last):
        first, last = 0, 65535
    listed = [
        *members(rule, "cidrBlocks"),
        *members(rule, "ipv6CidrBlocks"),
        look(rule, "cidrIpv4"),
        look(rule, "cidrIpv6"),
    ]
    return Opening(
        resource=one,
        place=place,
        inbound=inbound,
        protocol=protocol,
        first=first,
        last=last,
        networks=tuple(network for network in listed if isinstance(network, str)),
        others=any(look(rule, name) for name in ("self", "prefixListId", "prefixListIds")),
        description=str(look(rule, "description") or ""),
    )


def _read_port(value: Any) -> int | None:
    return None if value is None or value is UNKNOWN else int(value)


def _is_wide(network: str) -> bool:
    try:
        parsed = ip_network(network, strict=False)
    except ValueError:
        return False  # AWS itself refuses it
    return parsed.prefixlen < _WIDEST[parsed.version]
