"""The passwords of services, as the stack's state keeps them, encrypted: for what runs beside an update."""

import json
from pathlib import Path
from typing import Any

from portico.cli.pulumi import call
from portico.cli.refused import Refused
from portico.cli.spelling import spell
from portico.config.services.urls import VARIABLES, fill_in, list_used
from portico.config.settings import Settings, Site

_SERVICE = "portico:index:Service"
# By this key Pulumi marks a secret in a state that is shown with its secrets.
_PLAIN = "plaintext"


def read_urls(stack: str, root: Path, settings: Settings, site: Site, urls: dict[str, str]) -> dict[str, str]:
    """The `urls` of the services that `site` uses, {variable: text}, with their passwords. Raises Refused."""
    done = call("stack", "export", "--show-secrets", "--stack", stack, root=root)
    if done.returncode:
        raise Refused(f"the state of the stack {stack} cannot be read: {done.stderr.strip()}")
    known = list_passwords(json.loads(done.stdout))
    passwords = {}
    for service in list_used(settings, site):
        if site.name not in known.get(service.name, {}):
            raise Refused(f"{site.name} has nothing in the service {service.name} yet; {spell('up', stack)} makes it")
        passwords[VARIABLES[service.kind]] = known[service.name][site.name]
    return fill_in(urls, passwords)


def list_passwords(export: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The passwords by service and site, of a state that shows its secrets."""
    found = {}
    for one in (export.get("deployment") or {}).get("resources") or []:
        outputs = one.get("outputs") or {}
        if one.get("type") == _SERVICE and isinstance(kept := outputs.get("passwords"), dict) and _PLAIN in kept:
            found[str(outputs.get("service"))] = dict(json.loads(kept[_PLAIN]))
    return found
