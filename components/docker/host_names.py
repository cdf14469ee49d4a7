"""Says in a preview where the host names lead whose certificates are ordered: the authority asks there."""

import socket
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from portico.components.docker.preview import is_announced
from portico.config.messages.host_names import tell_name
from portico.config.settings import Settings

# Seconds for all look-ups together: nothing waits for a name server that is silent.
_MOST = 3.0
_ADDRESS = "aws:ec2/eip:Eip"


def announce_names(settings: Settings, resources: Mapping[str, Any]) -> None:
    """Look up each name, and say where it leads; what cannot be known is said to be so. Nothing fails here."""
    names = list(dict.fromkeys(name for site in settings.ordered for name in (*site.hosts, *site.aliases)))
    if not names or not is_announced():
        return
    here = _find_here(settings, resources)
    found = look_up([*names, *here])
    own = {address for name in here for address in found.get(name) or [name]}
    for name in names:
        line, wrong = tell_name(name, found.get(name), own)
        (pulumi.log.warn if wrong else pulumi.log.info)(line)


def look_up(names: Sequence[str]) -> dict[str, list[str]]:
    """The addresses of each name by this machine's DNS; [] for one that leads nowhere, none where DNS is silent."""
    found: dict[str, list[str]] = {}

    def ask(name: str) -> None:
        try:
            told = socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
                found[name] = []
        except (OSError, UnicodeError):
            pass
        else:
            found[name] = sorted({str(one[4][0]) for one in told})

    ends = time.monotonic() + _MOST
    threads = [threading.Thread(target=ask, args=(name,), daemon=True) for name in names]
    for one in threads:
        one.start()
    for one in threads:
        one.join(max(0.0, ends - time.monotonic()))
    return dict(found)


def _find_here(settings: Settings, resources: Mapping[str, Any]) -> list[str]:
    """What is known of the machine's own address: names or addresses; nothing for this machine, behind whatever."""
    if settings.ssh:
        return [settings.ssh.host]
    addresses = [one["outputs"].get("publicIp") for one in resources.values() if one["type"] == _ADDRESS]
    return [str(one) for one in addresses if one]
