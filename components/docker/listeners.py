"""The listening programs and the addresses of a machine, read from Linux's own tables, as text."""

import re
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from portico.config.public_address import Binding, Protocol, spell_address

# Below /proc; beside them, where an address may be bound that is not there yet.
TABLES = ("net/tcp", "net/tcp6", "net/udp", "net/udp6", "net/fib_trie", "net/if_inet6")
FOREIGN = ("sys/net/ipv4/ip_nonlocal_bind", "sys/net/ipv6/ip_nonlocal_bind")

# Of a socket: it listens; or it takes datagrams from anybody.
_STATES: dict[str, Protocol] = {"0A": "tcp", "07": "udp"}


@dataclass(frozen=True)
class Listener:
    """A socket that takes what comes to `binding`; `inode` is its number, by which its program is found."""

    binding: Binding
    inode: int


@dataclass(frozen=True)
class Machine:
    """What a machine's tables say. `networks` are its own addresses, () where nobody knows them."""

    listeners: tuple[Listener, ...]
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def has(self, address: str) -> bool:
        """Whether a program can be bound to this address there, as far as is known."""
        own = ip_network(address)
        known = [found for found in self.networks if found.version == own.version]
        return address in ("0.0.0.0", "::") or not known or any(own.subnet_of(found) for found in known)  # type: ignore[arg-type]

    def list_addresses(self) -> list[str]:
        """Those that programs can be reached at from elsewhere."""
        found = (one.network_address for one in self.networks if one.num_addresses == 1)
        return [str(one) for one in found if not one.is_loopback and not one.is_link_local]


def read_machine(tables: Mapping[str, str]) -> Machine:
    """From the texts of `TABLES` and `FOREIGN`, by name; what is missing says nothing."""
    listeners = [one for name in TABLES[:4] for one in _read_sockets(tables.get(name, ""))]
    foreign = any(tables.get(name, "").strip() == "1" for name in FOREIGN)
    networks: list[IPv4Network | IPv6Network] = [
        *_read_ipv4(tables.get("net/fib_trie", "")),
        *_read_ipv6(tables.get("net/if_inet6", "")),
    ]
    return Machine(tuple(listeners), () if foreign else tuple(dict.fromkeys(networks)))


def _read_sockets(table: str) -> Iterator[Listener]:
    for words in map(str.split, table.splitlines()):
        if len(words) > 9 and words[3] in _STATES:
            address, port = words[1].split(":")
            yield Listener(Binding(_read_address(address), int(port, 16), _STATES[words[3]]), int(words[9]))


def _read_address(digits: str) -> str:
    """Words of four bytes, each as a number of this kind of machine: the lowest byte first."""
    packed = b"".join(struct.pack("<I", int(digits[place : place + 8], 16)) for place in range(0, len(digits), 8))
    return spell_address(socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed))


def _read_ipv4(trie: str) -> Iterator[IPv4Network]:
    for address, length in re.findall(r"\|-- (\S+)\n(?:\s+/\d+ (?!host LOCAL).*\n)*\s+/(\d+) host LOCAL", trie):
        yield IPv4Network(f"{address}/{length}")


def _read_ipv6(table: str) -> Iterator[IPv6Network]:
    for line in table.splitlines():
        yield IPv6Network(socket.inet_ntop(socket.AF_INET6, bytes.fromhex(line.split()[0])))
