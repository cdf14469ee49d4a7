"""A strategy for every field of every section: FIELDS, which a test compares with the sections themselves."""

from collections.abc import Mapping
from typing import Final

from hypothesis import strategies as st

from portico.config.settings import Ecs, Nginx, Settings, Site, derive_uid
from portico.config.settings.acme import Acme, DnsChallenge
from portico.config.settings.aws import RETENTION, Egress
from portico.config.settings.client import Client
from portico.config.settings.ecs import HostedZone
from portico.config.settings.nginx import Gzip
from portico.config.settings.section import Section
from portico.config.settings.service import Service
from portico.config.settings.tls import Tls
from scripts.setup.base_images import TESTED
from tests.property.applications import BUNDLE
from tests.property.simple_values import (
    BOOLEANS,
    PORTS,
    Strategy,
    draw_section,
    durations,
    images,
    lists,
    networks,
    sizes,
    text,
)
from tests.property.site_fields import SERVICES, SITE_FIELDS

# Both sides of every version that changes what is written, between the oldest and the newest.
VERSIONS: Final = (
    *TESTED,
    *("1.24.0", "1.25.0", "1.25.1", "1.27.2", "1.27.3", "1.27.4", "1.28.2", "1.29.2", "1.29.3", "1.29.7", "1.29.8"),
)
CPU: Final = (256, 512, 1024, 2048, 4096)


def section(model: type[Section]) -> Strategy:
    """Values of one section: what is required, and any of the rest."""
    return st.deferred(lambda: draw_section(model, FIELDS[model]))


FIELDS: Final[Mapping[type[Section], Mapping[str, Strategy]]] = {
    Settings: {
        "target": st.just("local"),
        "docker": st.sampled_from(["unix:///var/run/docker.sock", "tcp://engine.example:2376"]),
        "address": st.ip_addresses().map(str),
        "port": PORTS,
        "preset": st.sampled_from(["default", "article", "strict"]),
        "upstream": st.sampled_from(["socket", "container", "tcp"]),
        "replicas": st.integers(1, 32),
        "nginxImage": images("nginx", [*VERSIONS, "1.30.6-alpine", "1.26"]),
        "pythonImage": images("python", ["3.13-slim", "3.11.9"]),
        "caBundle": st.just(BUNDLE),
        "healthTimeout": st.integers(5, 3600),
        "keepReleases": st.integers(1, 50),
        "rollback": st.just({}),  # it needs a history
        "ecs": section(Ecs),
        "protect": BOOLEANS,
        "tls": section(Tls),
        "client": section(Client),
        "nginx": section(Nginx),
        "services": st.deferred(lambda: lists(section(Service), 0, 3, unique_by=lambda service: service["name"])),
        "sites": st.deferred(lambda: lists(section(Site), 1, 3, unique_by=lambda site: derive_uid(site["name"]))),
    },
    Ecs: {
        "region": st.sampled_from(["eu-central-1", "us-gov-west-1"]),
        "zones": lists(st.sampled_from("abcdef"), 2, 4, unique=True),  # the region is put before them
        "architecture": st.sampled_from(["arm64", "x86_64"]),
        "network": st.sampled_from(["public", "nat", "endpoints"]),
        "range": st.integers(0, 255).map(lambda number: f"10.{number}.0.0/16"),
        "cpu": st.sampled_from(CPU),
        "most": st.integers(1, 1000),
        "cpuTarget": st.integers(10, 95),
        "requestsTarget": st.none() | st.integers(1, 1_000_000),
        "certificate": st.just("certificate/0a1b2c3d"),  # the rest of the ARN, too
        "dns": section(HostedZone),
        "egress": st.deferred(
            lambda: lists(section(Egress), 0, 2, unique_by=(lambda rule: rule["name"], lambda rule: rule["port"]))
        ),
        "retention": st.sampled_from(RETENTION),
        "tags": st.dictionaries(text("[a-z]{1,8}"), text("[A-Za-z0-9 _.:/=+@-]{0,20}"), max_size=2),
    },
    HostedZone: {"zone": text("Z[A-Z0-9]{1,31}")},
    Egress: {
        "name": text("[a-z][a-z0-9-]{0,10}").filter(lambda name: name != "https"),
        "protocol": st.sampled_from(["tcp", "udp"]),
        "port": st.integers(1, 65535),
        "network": networks(),
    },
    Tls: {
        "port": PORTS,
        "publicPort": PORTS,
        "profile": st.sampled_from(["modern", "intermediate"]),
        "localAuthority": BOOLEANS,
        "acme": section(Acme),
        "redirect": BOOLEANS,
        "hsts": BOOLEANS,
        "http2": BOOLEANS,
        "http3": BOOLEANS,
    },
    Acme: {
        "email": st.just("ops@shop.example"),
        "directory": st.just("https://authority.example/directory"),
        "staging": BOOLEANS,
        "eab": text("[A-Za-z0-9_-]{1,20}"),
        "caBundle": st.just(BUNDLE),
        "dns": section(DnsChallenge),
    },
    DnsChallenge: {
        "provider": st.just("route53"),
        "accessKey": text("[A-Z0-9]{16,20}"),
        "names": st.sampled_from(["wildcards", "all"]),
        "endpoint": st.just("https://route53-fips.amazonaws.com"),
    },
    Client: {
        "proxies": lists(networks(), 1, 4, unique=True),
        "header": st.sampled_from(["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "proxy_protocol"]),
    },
    Nginx: {
        "version": st.sampled_from(VERSIONS),
        "workers": st.integers(1, 64),
        "connections": st.integers(64, 65535),
        "keepalive": durations(),
        "clientTimeout": durations(),
        "upstreamConnections": st.just(0) | st.integers(0, 1024),
        "defaultType": st.sampled_from(["application/octet-stream", "text/html", "text/plain"]),
        "logFormat": st.sampled_from(["main", "json"]),
        "logLevel": st.sampled_from(["debug", "info", "notice", "warn", "error", "crit"]),
        "gzip": section(Gzip),
        "memory": sizes(),
        "uploads": sizes(),
        "requestHeader": st.integers(4, 64).map(lambda size: f"{size}K"),
        "answerHeaders": st.integers(4, 32).map(lambda size: f"{size}K"),
        "handover": BOOLEANS,
    },
    Gzip: {"level": st.integers(0, 9), "types": st.sampled_from(["text", "html"]), "static": BOOLEANS},
    Service: {
        "name": st.sampled_from(SERVICES),
        "kind": st.sampled_from(["postgres", "valkey"]),
        "version": st.sampled_from(["18", "17", "8.1"]),
        "image": images("database", ["18.6"]),
        "memory": st.just("1000G"),
        "evict": BOOLEANS,
        "managed": BOOLEANS,
        "instance": st.sampled_from(["db.t4g.medium", "cache.m7g.large"]),
        "storage": st.integers(20, 500).map(lambda size: f"{size}G"),
        "storageLimit": st.integers(550, 1024).map(lambda size: f"{size}G"),
        "standby": BOOLEANS,
        "backupDays": st.integers(1, 35),
        "window": st.sampled_from(["mon:00:00", "sat:23:59", "sun:12:30"]),
        "key": st.just("key/0a1b2c3d"),  # its region is put before it
        "snapshot": text("[a-z][a-z0-9]{0,30}"),
    },
    **SITE_FIELDS,
}
