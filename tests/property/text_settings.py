"""Every setting that is a text, written once: FULL, and where its texts stand."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.property.applications import BUNDLE, CERTIFICATE, KEY

Spot = tuple[str | int, ...]
KEY_ITSELF = "(the key)"

# Every setting that is a text, written once; a key of a mapping is a text too.
FULL: dict[str, Any] = {
    "target": "local",
    "docker": "unix:///var/run/docker.sock",
    "address": "127.0.0.1",
    "preset": "default",
    "upstream": "socket",
    "nginxImage": "nginx:1.30.6",
    "pythonImage": "python:3.13-slim",
    "caBundle": BUNDLE,
    "tls": {
        "profile": "modern",
        "acme": {
            "email": "ops@shop.example",
            "directory": "https://authority.example/directory",
            "eab": "key-1",
            "caBundle": BUNDLE,
            "dns": {
                "provider": "route53",
                "accessKey": "AKIAIOSFODNN7EXAMPLE",
                "names": "all",
                "endpoint": "https://route53-fips.amazonaws.com",
            },
        },
    },
    "client": {"proxies": ["10.0.0.0/8"], "header": "X-Forwarded-For"},
    "nginx": {
        "version": "1.30.6",
        "keepalive": "65s",
        "clientTimeout": "15s",
        "defaultType": "text/html",
        "logFormat": "json",
        "logLevel": "warn",
        "gzip": {"types": "text"},
        "memory": "256M",
        "uploads": "96M",
        "requestHeader": "8K",
        "answerHeaders": "16K",
    },
    "services": [{"name": "db", "kind": "postgres", "version": "18", "image": "postgres:18.6", "memory": "512M"}],
    "sites": [
        {
            "name": "shop",
            "source": "plain",
            "uses": ["db"],
            "context": "..",
            "requirements": "pyproject.toml",
            "extras": ["more"],
            "pythonImage": "python:3.13-slim",
            "packages": ["libpq5"],
            "buildPackages": ["gcc"],
            "buildSecrets": ["TOKEN"],
            "entry": "web:app",
            "hosts": ["shop.example"],
            "path": "/shop",
            "health": "/healthz",
            "body": "5M",
            "static": "static",
            "staticUrl": "/files/",
            "environment": {"LOG_LEVEL": "info"},
            "publish": ["*.py"],
            "secretsAs": "environment",
            "release": {
                "command": "flask db upgrade",
                "timeout": "10m",
                "memory": "512M",
                "rehearsePaths": ["/cart"],
            },
            "workers": [{"name": "queue", "command": "flask work", "stop": "30s", "memory": "512M"}],
            "schedule": [
                {
                    "name": "nightly",
                    "cron": "30 3 * * *",
                    "timeZone": "UTC",
                    "command": "flask tidy",
                    "overlap": "forbid",
                    "timeout": "1h",
                    "memory": "512M",
                }
            ],
            "data": [{"name": "media", "path": "/srv/media", "url": "/media/"}],
            "aliases": ["www.shop.example"],
            "balance": "least_conn",
            "staticFrom": "application",
            "headers": {
                "contentSecurityPolicy": "default-src 'self'",
                "referrerPolicy": "origin",
                "permissionsPolicy": "camera=()",
                "frameOptions": "DENY",
            },
            "limits": {"rate": {"rate": "10r/s"}},
            "routes": [
                {"path": "/api/", "body": "1M", "timeout": "10s", "cache": "5s", "rate": {"rate": "5r/m"}},
                {"path": "/ws", "websocket": True},
            ],
            "certificate": {"certificate": CERTIFICATE, "key": KEY},
            "users": {"eve": "$2y$05$abcdefghijklmnopqrstuv"},
            "gunicorn": {
                "version": "27.0.1",
                "workerClass": "gthread",
                "timeout": "30s",
                "hungAfter": "15s",
                "memory": "512M",
            },
        }
    ],
}


def list_spots(values: Any, path: Spot = ()) -> Iterator[Spot]:
    """Where the texts stand; a path with KEY_ITSELF at its end means the key that stands before it."""
    if isinstance(values, str):
        yield path
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, inner in pairs:
        yield from list_spots(inner, (*path, key))
        if path and path[-1] in ("environment", "users"):
            yield (*path, key, KEY_ITSELF)


SPOTS = tuple(list_spots(FULL))


def take(spot: Spot) -> str:
    """The good text at `spot`."""
    if spot[-1] == KEY_ITSELF:
        return str(spot[-2])
    place: Any = FULL
    for step in spot:
        place = place[step]
    return str(place)


def put(spot: Spot, text: str) -> dict[str, Any]:
    """The full settings with another text at `spot`."""
    values = deepcopy(FULL)
    place: Any = values
    *above, last = spot[:-1] if spot[-1] == KEY_ITSELF else spot
    for step in above:
        place = place[step]
    if spot[-1] == KEY_ITSELF:
        place[text] = place.pop(last)
    else:
        place[last] = text
    return values


def spell(spot: Spot) -> str:
    """The path of the setting as messages have it."""
    steps = spot[:-2] if spot[-1] == KEY_ITSELF else spot
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
