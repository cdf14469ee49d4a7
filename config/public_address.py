"""Where NGINX is published: an address of the machine, and its ports there."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Literal, Self

from portico.config.render.layout import LISTEN, LISTEN_TLS
from portico.config.settings import Settings, Site

Protocol = Literal["tcp", "udp"]


@dataclass(frozen=True, order=True)
class Binding:
    """One port of one address, as the kernel gives it to one program."""

    address: str
    port: int
    protocol: Protocol = "tcp"

    def meets(self, other: "Binding") -> bool:
        """Whether one machine cannot have both at the same time."""
        if (self.port, self.protocol) != (other.port, other.protocol):
            return False
        return covers(self.address, other.address) or covers(other.address, self.address)


def covers(one: str, other: str) -> bool:
    """Whether what is bound to the address `one` has `other` too.

    On Linux :: has IPv4 as well, unless the program asks for less. Nothing outside tells whether it did.
    """
    return one in (other, "::") or (one == "0.0.0.0" and ":" not in other)


def spell_address(text: str) -> str:
    """The shortest way to write an address; one of IPv4 in IPv6's clothes is IPv4. Raises ValueError."""
    address = ip_address(text)
    return str((address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address)


@dataclass(frozen=True, kw_only=True)
class Public:
    """Where the edge is published: an address of the host, and its ports for HTTP and, where there is one, HTTPS."""

    address: str
    port: int
    tls_port: int | None = None
    http3: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        tls = settings.tls
        return cls(
            address=settings.address,
            port=settings.port,
            tls_port=tls.port if tls else None,
            http3=tls is not None and tls.http3,
        )

    def list_bindings(self) -> dict[Binding, int]:
        """What is taken of the machine, and the port inside the container that each leads to."""
        address = spell_address(self.address)
        found = {Binding(address, self.port): LISTEN}
        if self.tls_port is not None:
            found[Binding(address, self.tls_port)] = LISTEN_TLS
            if self.http3:
                found[Binding(address, self.tls_port, "udp")] = LISTEN_TLS
        return found

    def stands_beside(self, other: "Public") -> bool:
        """Whether both can be there at the same time: then the new one is opened before the old one is given up.

        Each of two needs a name of its own, and that is its port for HTTP.
        """
        return self.port != other.port and not any(
            mine.meets(theirs) for mine in self.list_bindings() for theirs in other.list_bindings()
        )


def make_url(site: Site, settings: Settings) -> str:
    """The URL that the site answers at on a machine."""
    tls = settings.tls
    scheme, port = ("https", tls.public_port or tls.port) if tls else ("http", settings.port)
    usual = {"http": 80, "https": 443}[scheme]
    return spell_url(scheme, site, "" if port == usual else f":{port}")


def spell_url(scheme: str, site: Site, port: str = "") -> str:
    """The URL of a site by its first host name; a wildcard stands for its `www`."""
    path = "" if site.path == "/" else f"{site.path}/"
    return f"{scheme}://{site.hosts[0].replace('*', 'www')}{port}{path}"
