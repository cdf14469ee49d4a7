"""Where a host name leads whose certificate is ordered, in plain words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

# Addresses that nobody reaches from outside: no public authority asks there.
_INSIDE: Final = [
    *map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")),
    *map(ip_network, ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10")),
]


@dataclass(frozen=True)
class Here:
    """The addresses that are known of the machine, none where nobody knows; `whole` where there are no others."""

    addresses: Collection[str] = ()
    whole: bool = False


def is_public(address: str) -> bool:
    """Whether it may be reached from outside."""
    found = ip_address(address.partition("%")[0])
    return not any(found in network for network in _INSIDE)


def tell_name(name: str, found: Sequence[str] | None, here: Here, *, public: bool = True) -> tuple[str, bool]:
    """What is reported of the addresses of a name, and whether somebody has to act.

    `found` are its addresses, None where DNS does not answer. `public` says that the authority asks from outside.
    """
    if found is None:
        return f"{name}: DNS does not answer here, so where it leads is not known.", False
    if not found:
        return f"{name} leads nowhere yet: it gets no certificate until DNS leads it here.", True
    where = f"{name} leads to {', '.join(found)}"
    if public and not any(map(is_public, found)):
        return (
            f"{where}, which nobody reaches from outside: unless DNS tells others another address, it gets no "
            "certificate."
        ), True
    own = [one for one in found if one in here.addresses]
    others = [one for one in found if one not in own]
    if not here.addresses:
        return f"{where}; whether that is here cannot be seen from here.", False
    if not others:
        return f"{where}, which is here.", False
    if own:
        return _tell_both(name, own, others, here)
    return (
        f"{where}, and this machine is {', '.join(sorted(here.addresses))}: unless that leads here too, as a proxy "
        "does, it gets no certificate."
    ), True


def tell_proven(name: str, found: Sequence[str] | None, here: Here) -> tuple[str, bool]:
    """The same of a name that is proven by DNS-01: it gets its certificate wherever it leads."""
    proof = f"{name} is proven by DNS-01 with Route 53"
    if found is None:
        return f"{proof}; DNS does not answer here, so where it leads is not known.", False
    if not found:
        return f"{proof}, and leads nowhere yet: nobody gets here by it.", True
    where, others = f"{proof}, and leads to {', '.join(found)}", [one for one in found if one not in here.addresses]
    if not here.addresses:
        return f"{where}; whether that is here cannot be seen from here.", False
    if not others:
        return f"{where}, which is here.", False
    machine = ", ".join(sorted(here.addresses))
    return f"{where}, and this machine is {machine}: nobody gets here by it, unless that leads here too.", True


def _tell_both(name: str, own: Sequence[str], others: Sequence[str], here: Here) -> tuple[str, bool]:
    known = {ip_address(one).version for one in here.addresses}
    wrong = here.whole or any(ip_address(one).version in known for one in others)
    # Let's Encrypt asks at an IPv6 address first, where there is one.
    return (
        f"{name} leads to {', '.join(own)}, which is here, and to {', '.join(others)}, which is "
        f"{'not' if wrong else 'not known to be'}: the authority may ask at any of them, and at IPv6 addresses first."
    ), wrong
