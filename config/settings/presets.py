"""Presets: what is meant where a stack file says nothing. Plain values, under whatever the stack file says."""

from collections.abc import Mapping
from typing import Any

_NO_HEADERS = {
    "contentSecurityPolicy": "",
    "referrerPolicy": "",
    "permissionsPolicy": "",
    "frameOptions": "",
    "nosniff": False,
}

# A preset's own values: those of the stack, and those of each of its sites.
PRESETS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "default": ({}, {}),
    # The article's hand-written set-up: one worker, plain gzip, a new connection for each request.
    "article": (
        {
            "nginx": {
                "workers": 1,
                "upstreamConnections": 0,
                "defaultType": "text/html",
                "clientTimeout": "60s",
                "gzip": {"level": 1, "types": "html", "static": False},
            }
        },
        {"headers": _NO_HEADERS, "limits": {"connections": 0}, "immutable": False},
    ),
    "strict": (
        {"nginx": {"clientTimeout": "10s", "logFormat": "json"}},
        {
            "body": "1M",
            "limits": {"connections": 64, "rate": {"rate": "50r/s", "burst": 100}},
            "headers": {
                "contentSecurityPolicy": "default-src 'self'; base-uri 'self'; form-action 'self'; "
                "frame-ancestors 'none'; object-src 'none'",
                "referrerPolicy": "no-referrer",
                "frameOptions": "DENY",
            },
        },
    ),
}


def apply_preset(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `values`, as a stack file holds them, over those of the preset that they name."""
    stack, site = PRESETS.get(str(values.get("preset", "default")), ({}, {}))
    merged = _lay(stack, values)
    sites = merged.get("sites")
    if isinstance(sites, list):
        merged["sites"] = [_lay(site, one) if isinstance(one, Mapping) else one for one in sites]
    return merged


def _lay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _lay(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged
