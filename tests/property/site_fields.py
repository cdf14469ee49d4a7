"""A strategy for every field of a site and of the sections below it."""

from collections.abc import Mapping
from typing import Final

from hypothesis import strategies as st

from portico.config.settings import Gunicorn, Site
from portico.config.settings.data import Data
from portico.config.settings.headers import Headers
from portico.config.settings.hidden import HIDDEN
from portico.config.settings.job import Job
from portico.config.settings.limits import Limits, Rate
from portico.config.settings.release_command import ReleaseCommand
from portico.config.settings.route import Route
from portico.config.settings.section import Section
from portico.config.settings.tls import Certificate
from portico.config.settings.worker import Worker
from tests.property.applications import APPLICATIONS, CERTIFICATE, KEY
from tests.property.simple_values import (
    BOOLEANS,
    COMMANDS,
    Strategy,
    Values,
    amount,
    draw_section,
    durations,
    hashes,
    header_values,
    host_names,
    images,
    lists,
    memory,
    paths,
    sizes,
    text,
)


def section(model: type[Section]) -> Strategy:
    """Values of one section: what is required, and any of the rest."""
    return st.deferred(lambda: draw_section(model, SITE_FIELDS[model]))


def _make_single(worker: Values) -> Values:
    return worker | ({"replicas": 1} if worker.get("single") else {})


SERVICES: Final = ("service-one", "service-two", "service-three")

SITE_FIELDS: Final[Mapping[type[Section], Mapping[str, Strategy]]] = {
    Site: {
        "name": text("[a-z]([a-z0-9-]{0,30}[a-z0-9])?"),
        "source": st.sampled_from(sorted(APPLICATIONS)),
        "context": st.just(".."),
        "requirements": st.sampled_from(["more.txt", "pyproject.toml"]),
        "extras": st.just(["more"]),
        "pythonImage": images("python", ["3.13-slim", "3.12.4", "3.11-slim-bookworm"]),
        "packages": lists(st.sampled_from(["libpq5", "git", "g++", "libc6:arm64", "gcc=4:14.2.0-1"]), 0, 3),
        "buildPackages": lists(st.sampled_from(["gcc", "libpq-dev"]), 0, 2),
        "buildSecrets": lists(st.sampled_from(["TOKEN", "INDEX_PASSWORD"]), 0, 2),
        "entry": st.sampled_from([entry for one in APPLICATIONS.values() for entry in one.entries]),
        "hosts": host_names(1, 3),
        "path": st.sampled_from(["/", "/shop", "/shop/admin", "/blog"]) | text("(/[A-Za-z0-9][A-Za-z0-9_-]{0,5}){1,4}"),
        "health": paths() | st.just("/"),
        "replicas": st.integers(1, 32),
        "body": sizes(),
        "static": st.sampled_from([folder for one in APPLICATIONS.values() for folder in one.static]),
        "staticUrl": paths("/"),
        "environment": st.dictionaries(
            text("[A-Za-z_][A-Za-z0-9_]{0,12}").filter(
                lambda name: not name.startswith("PORTICO_") and name not in ("HOME", "USER")
            ),
            st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40),
            max_size=3,
        ),
        "publish": lists(st.sampled_from(HIDDEN), 0, 2),
        "release": section(ReleaseCommand),
        "workers": lists(section(Worker).map(_make_single), 0, 2, unique_by=lambda worker: worker["name"]),
        "schedule": st.just([]) | lists(section(Job), 0, 2, unique_by=lambda job: job["name"]),
        "secretsAs": st.sampled_from(["files", "environment"]),
        "aliases": host_names(0, 2),
        "balance": st.sampled_from(["round_robin", "least_conn", "ip_hash", "random"]),
        "weights": lists(st.integers(1, 100), 0, 4),
        "headers": section(Headers),
        "limits": section(Limits),
        "routes": st.deferred(lambda: lists(section(Route), 0, 4, unique_by=lambda route: route["path"])),
        "staticFrom": st.sampled_from(["source", "application"]),
        "immutable": BOOLEANS,
        "certificate": section(Certificate),
        "users": st.dictionaries(text("[A-Za-z0-9_.@-]{1,16}"), hashes(), min_size=1, max_size=2),
        "maintenance": BOOLEANS,
        "gunicorn": section(Gunicorn),
        "uses": lists(st.sampled_from(SERVICES), 0, 2, unique=True),
        "data": st.deferred(
            lambda: lists(
                section(Data),
                *(0, 3),
                unique_by=(lambda one: one["name"], lambda one: one["path"], lambda one: one.get("url", one["name"])),
            )
        ),
    },
    Data: {
        "name": text("[a-z]([a-z0-9-]{0,10}[a-z0-9])?"),
        "path": st.sampled_from(["/app/instance", "/app/static/uploads", "/var/lib/shop", "/srv/media", "/home/s.d"]),
        "url": paths("/"),
        "guarded": BOOLEANS,
    },
    ReleaseCommand: {
        "command": COMMANDS,
        "timeout": durations(),
        "memory": memory(),
        # They reach no file, need backups, and are refused on ECS.
        "rehearse": st.just(False),
        "rehearsePaths": st.just([]),
    },
    Worker: {
        "name": text("(?!(web|release|schedule)$)[a-z]([a-z0-9-]{0,30}[a-z0-9])?"),
        "command": COMMANDS,
        "replicas": st.integers(1, 32),
        "single": BOOLEANS,
        "stop": durations(),
        "memory": memory(),
    },
    Job: {
        "name": text("[a-z]([a-z0-9-]{0,30}[a-z0-9])?"),
        "cron": st.sampled_from(["* * * * *", "30 3 * * *", "*/5 8-18 * * MON-FRI", "0 0 L * *", "15 14 1 * *"]),
        "timeZone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
        "command": COMMANDS,
        "overlap": st.sampled_from(["forbid", "allow", "replace"]),
        "timeout": durations(),
        "memory": memory(),
    },
    Headers: {
        "contentSecurityPolicy": header_values(),
        "referrerPolicy": st.sampled_from(
            ["", "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin"]
        ),
        "permissionsPolicy": header_values().map(lambda text: text.replace("'", '"')),
        "frameOptions": st.sampled_from(["", "DENY", "SAMEORIGIN"]),
        "nosniff": BOOLEANS,
    },
    Limits: {"connections": st.just(0) | st.integers(0, 65535), "rate": section(Rate)},
    Rate: {"rate": text("[1-9][0-9]{0,5}r/[sm]"), "burst": st.just(0) | st.integers(0, 10_000), "dryRun": BOOLEANS},
    Route: {
        "path": paths() | st.just("/"),
        "body": sizes(),
        "timeout": durations(),
        "buffering": BOOLEANS,
        "requestBuffering": BOOLEANS,
        "stream": BOOLEANS,
        "websocket": BOOLEANS,
        "cache": amount(1, 90, "s", "m", "h") | st.just("3000ms"),
        "rate": section(Rate),
    },
    Certificate: {"certificate": st.just(CERTIFICATE), "key": st.just(KEY)},
    Gunicorn: {
        "version": st.sampled_from(["26.1.0", "27.0.1", "30.2"]),
        "workers": st.integers(1, 64),
        "threads": st.integers(1, 128),
        "workerClass": st.sampled_from(["gthread", "gthread", "gevent"]),
        "timeout": durations(),
        "hungAfter": st.sampled_from(["never", "5s", "15s", "7500ms", "2m"]),
        "memory": memory(),
        "accessLog": BOOLEANS,
        "preload": BOOLEANS,
    },
}
