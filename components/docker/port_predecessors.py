"""The containers of this stack that have the wanted ports now, by Pulumi's record: they are removed first."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from portico.config.public_address import Binding, Protocol, Public, spell_address

_CONTAINER = "docker:index/container:Container"


def list_predecessors(public: Public, resources: Mapping[str, Any], own: str, *others: str) -> list[str]:
    """The URNs of other containers that publish a port which `public` wants too.

    `resources` are those of the stack (components/previous_outputs.py). Looked at are those that are named like `own`
    or one of `others`, with or without a port at the end. Who gets these URNs as aliases takes the place of the first
    one.
    """
    wanted = public.list_bindings()
    return [
        urn
        for urn, one in resources.items()
        if one["type"] == _CONTAINER
        and (name := urn.rpartition("::")[2]) != f"{own}-{public.port}"
        and re.sub(r"-\d+$", "", name) in (own, *others)
        and any(mine.meets(theirs) for mine in wanted for theirs in _read_bindings(one["outputs"]))
    ]


def _read_bindings(outputs: Mapping[str, Any]) -> Iterator[Binding]:
    for port in outputs.get("ports") or []:
        if port.get("external"):
            protocol: Protocol = "udp" if port.get("protocol") == "udp" else "tcp"
            yield Binding(spell_address(port.get("ip") or "0.0.0.0"), int(port["external"]), protocol)
