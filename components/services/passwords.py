"""The passwords that Portico makes: one for each site and service, kept in the stack's state, encrypted."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from portico.components.previous_outputs import list_outputs

TYPE = "portico:index:Service"
OUTPUT = "passwords"
_LENGTH = 32  # bytes


def find_outputs(resources: Mapping[str, Any], name: str, kind: str = TYPE) -> Mapping[str, Any] | None:
    """What the component of a service called `name` has put out, None where the last update left none.

    `kind` is its type.
    """
    found = [outputs for outputs in list_outputs(resources, kind, name) if outputs.get("component") == name]
    return found[0] if found else None


def keep_passwords(resources: Mapping[str, Any], name: str, sites: Iterable[str]) -> dict[str, str]:
    """The passwords of these sites for the service whose component is called `name`; new ones are made up.

    `resources` are those that the last update left. One that is there stays: whoever runs has it.
    """
    known: Mapping[str, Any] = (find_outputs(resources, name) or {}).get(OUTPUT) or {}
    return {site: str(known.get(site) or secrets.token_urlsafe(_LENGTH)) for site in sites}
