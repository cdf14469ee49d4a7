"""DNS look-ups of many names at once: a name server that does not answer delays nothing."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from portico.config.messages.caa import Caa, list_owners

# Seconds for all look-ups together.
MOST = 2.0


def look_up(names: Sequence[str], authorized: Sequence[str] = ()) -> tuple[dict[str, list[str]], dict[str, list[Caa]]]:
    """The addresses of `names` by this machine's DNS, and the CAA records at each of `authorized` and above it.

    [] stands for a name that has none; a name of which DNS says nothing is left out. It takes 2 s at most.
    """
    addresses: dict[str, list[str]] = {}
    records: dict[str, list[Caa]] = {}
    owners = dict.fromkeys(owner for name in authorized for owner in list_owners(name))
    asked = [lambda name=name: _find_addresses(name, addresses) for name in dict.fromkeys(names)]
    asked += [lambda owner=owner: _find_records(owner, records) for owner in owners]
    _run(asked)
    # Later answers are dropped.
    return dict(addresses), dict(records)


def _run(asked: Iterable[Callable[[], None]]) -> None:
    ends = time.monotonic() + MOST
    threads = [threading.Thread(target=one, daemon=True) for one in asked]
    for one in threads:
        one.start()
    for one in threads:
        one.join(max(0.0, ends - time.monotonic()))


def _find_addresses(name: str, found: dict[str, list[str]]) -> None:
    try:
        reported = socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            found[name] = []
    except (OSError, UnicodeError):
        pass
    else:
        found[name] = sorted({str(one[4][0]) for one in reported})


def _find_records(owner: str, found: dict[str, list[Caa]]) -> None:
    # Read late: it is needed where certificates are ordered, and by a preview alone.
    from dns.exception import DNSException
    from dns.resolver import NXDOMAIN, resolve

    try:
        reported = resolve(f"{owner}.", "CAA", raise_on_no_answer=False, lifetime=MOST).rrset or ()
        # Servers answer in any order.
        found[owner] = sorted(Caa(one.flags, one.tag.decode(), one.value.decode(errors="replace")) for one in reported)
    except NXDOMAIN:
        found[owner] = []
    except (DNSException, OSError, ValueError):
        pass


def is_own(address: str) -> bool:
    """Whether an address is this machine's: nobody can listen at another one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
            return True
    except OSError:
        return False


def list_sources() -> list[str]:
    """The addresses by which this machine speaks with others. Nothing is sent."""
    found = []
    for family, other in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((other, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:
            pass
    return found
