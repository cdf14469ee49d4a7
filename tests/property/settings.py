"""Random valid settings: a strategy for every field of every section, and what makes them a valid whole.

Values are as in a stack file. `FIELDS` is the table; a test compares it with the sections themselves.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Final

from hypothesis import assume
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from portico.config.settings import Duration, Ecs, Gunicorn, Nginx, Settings, Site, Size, derive_uid
from portico.config.settings.acme import Acme, DnsChallenge
from portico.config.settings.aws import RETENTION, Egress
from portico.config.settings.client import Client
from portico.config.settings.data import Data
from portico.config.settings.ecs import CERTIFIED, INIT_MEMORY, HostedZone
from portico.config.settings.headers import Headers
from portico.config.settings.hidden import HIDDEN
from portico.config.settings.job import Job
from portico.config.settings.limits import Limits, Rate
from portico.config.settings.nginx import BESIDES, Gzip
from portico.config.settings.release_command import ReleaseCommand
from portico.config.settings.route import Route
from portico.config.settings.section import Section
from portico.config.settings.service import IMAGES, OF_AWS, OF_CONTAINERS, Service
from portico.config.settings.tls import Certificate, Tls
from portico.config.settings.worker import Worker
from scripts.setup.base_images import TESTED
from tests.property.applications import APPLICATIONS, BUNDLE, CERTIFICATE, KEY

Values = dict[str, Any]
Strategy = st.SearchStrategy[Any]

# Both sides of every version that changes what is written, between the oldest and the newest.
VERSIONS: Final = (
    *TESTED,
    *("1.24.0", "1.25.0", "1.25.1", "1.27.2", "1.27.3", "1.27.4", "1.28.2", "1.29.2", "1.29.3", "1.29.7", "1.29.8"),
)
LAYOUTS: Final = ("conf.d", "sites-available")

_BOOLEANS = st.booleans()
_COMMANDS = st.sampled_from(["flask tidy", "sh -c 'sleep 1; true'", 'python -m shop.jobs "two words"'])
_CPU: Final = (256, 512, 1024, 2048, 4096)
_LABEL = "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?"
_PORTS = st.sampled_from([80, 443, 8080, 8443, 8000, 5000]) | st.integers(1, 65535)


def _text(pattern: str) -> Strategy:
    return st.from_regex(pattern, fullmatch=True)


def _amount(low: int, high: int, *units: str) -> Strategy:
    return st.builds(lambda number, unit: f"{number}{unit}", st.integers(low, high), st.sampled_from(units))


def _durations() -> Strategy:
    return _amount(1, 90, "s", "m", "h") | _amount(100, 9000, "ms") | st.just("8760h")


def _sizes() -> Strategy:
    return _amount(1, 2000, "K", "k", "M", "m") | _amount(1, 1024, "G")


def _memory() -> Strategy:
    """From Docker's least on."""
    return _amount(6144, 99_999, "K", "k") | _amount(6, 2000, "M", "m") | _amount(1, 1024, "G")


def _networks() -> Strategy:
    return st.builds(
        lambda address, bits: str(
            ip_network((address, bits % address.max_prefixlen or address.max_prefixlen), strict=False)
        ),
        st.ip_addresses(),
        # Not 0: see test_what_nginx_refuses_is_refused.
        st.integers(0, 127).map(lambda bits: bits + 1),
    ).filter(lambda network: network != "255.255.255.255/32")


def _lists(strategy: Strategy, low: int, high: int, **more: Any) -> Strategy:
    return st.lists(strategy, min_size=low, max_size=high, **more)


def _hosts(low: int, high: int) -> Strategy:
    # The last label holds a letter, so that no name reads as a broken address.
    name = _text(rf"(\*\.)?({_LABEL}\.){{0,2}}[a-z][a-z0-9]{{0,8}}")
    return _lists(name | st.ip_addresses(v=4).map(str), low, high, unique=True)


def _paths(ending: str = "/?") -> Strategy:
    return _text(rf"(/[A-Za-z0-9_~][A-Za-z0-9_.~-]{{0,8}}){{1,3}}{ending}").filter(lambda path: ".." not in path)


def _images(name: str, tags: Sequence[str]) -> Strategy:
    tagged = st.builds(
        lambda registry, tag: f"{registry}{name}:{tag}",
        st.sampled_from(["", "registry.example:5000/team/"]),
        st.sampled_from(tags),
    )
    return tagged | _text("[0-9a-f]{64}").map(lambda digest: f"{name}@sha256:{digest}")


def _header_values() -> Strategy:
    word = _text(r"[A-Za-z0-9 '()*,./:;=_?&+@%#~-]{0,40}")
    return word | st.sampled_from(["", "default-src 'self'; script-src 'self' https://cdn.example/a?b=c#d"])


def _hashes() -> Strategy:
    return _text(r"\$2[aby]\$0[4-9]\$[A-Za-z0-9./]{53}") | _text(r"\$(apr1|[156])\$[A-Za-z0-9./]{8}\$[A-Za-z0-9./]{22}")


def section(model: type[Section]) -> Strategy:
    """Values of one section: what is required, and any of the rest."""
    return st.deferred(lambda: _section(model))


def _section(model: type[Section]) -> Strategy:
    required = {field.alias for field in model.model_fields.values() if field.is_required()}
    fields = FIELDS[model]
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in fields.items() if name in required},
        optional={name: strategy for name, strategy in fields.items() if name not in required},
    )


def _make_single(worker: Values) -> Values:
    return worker | ({"replicas": 1} if worker.get("single") else {})


SERVICES: Final = ("service-one", "service-two", "service-three")

FIELDS: Final[Mapping[type[Section], Mapping[str, Strategy]]] = {
    Settings: {
        "target": st.just("local"),
        "docker": st.sampled_from(["unix:///var/run/docker.sock", "tcp://engine.example:2376"]),
        "address": st.ip_addresses().map(str),
        "port": _PORTS,
        "preset": st.sampled_from(["default", "article", "strict"]),
        "upstream": st.sampled_from(["socket", "container", "tcp"]),
        "replicas": st.integers(1, 32),
        "nginxImage": _images("nginx", [*VERSIONS, "1.30.6-alpine", "1.26"]),
        "pythonImage": _images("python", ["3.13-slim", "3.11.9"]),
        "caBundle": st.just(BUNDLE),
        "healthTimeout": st.integers(5, 3600),
        "keepReleases": st.integers(1, 50),
        "rollback": st.just({}),  # it needs a history
        "ecs": section(Ecs),
        "protect": _BOOLEANS,
        "tls": section(Tls),
        "client": section(Client),
        "nginx": section(Nginx),
        "services": st.deferred(lambda: _lists(section(Service), 0, 3, unique_by=lambda service: service["name"])),
        "sites": st.deferred(lambda: _lists(section(Site), 1, 3, unique_by=lambda site: derive_uid(site["name"]))),
    },
    Ecs: {
        "region": st.sampled_from(["eu-central-1", "us-gov-west-1"]),
        "zones": _lists(st.sampled_from("abcdef"), 2, 4, unique=True),  # the region is put before them
        "architecture": st.sampled_from(["arm64", "x86_64"]),
        "network": st.sampled_from(["public", "nat", "endpoints"]),
        "range": st.integers(0, 255).map(lambda number: f"10.{number}.0.0/16"),
        "cpu": st.sampled_from(_CPU),
        "most": st.integers(1, 1000),
        "cpuTarget": st.integers(10, 95),
        "requestsTarget": st.none() | st.integers(1, 1_000_000),
        "certificate": st.just("certificate/0a1b2c3d"),  # the rest of the ARN, too
        "dns": section(HostedZone),
        "egress": st.deferred(
            lambda: _lists(section(Egress), 0, 2, unique_by=(lambda rule: rule["name"], lambda rule: rule["port"]))
        ),
        "retention": st.sampled_from(RETENTION),
        "tags": st.dictionaries(_text("[a-z]{1,8}"), _text("[A-Za-z0-9 _.:/=+@-]{0,20}"), max_size=2),
    },
    HostedZone: {"zone": _text("Z[A-Z0-9]{1,31}")},
    Egress: {
        "name": _text("[a-z][a-z0-9-]{0,10}").filter(lambda name: name != "https"),
        "protocol": st.sampled_from(["tcp", "udp"]),
        "port": st.integers(1, 65535),
        "network": _networks(),
    },
    Tls: {
        "port": _PORTS,
        "publicPort": _PORTS,
        "profile": st.sampled_from(["modern", "intermediate"]),
        "localAuthority": _BOOLEANS,
        "acme": section(Acme),
        "redirect": _BOOLEANS,
        "hsts": _BOOLEANS,
        "http2": _BOOLEANS,
        "http3": _BOOLEANS,
    },
    Acme: {
        "email": st.just("ops@shop.example"),
        "directory": st.just("https://authority.example/directory"),
        "staging": _BOOLEANS,
        "eab": _text("[A-Za-z0-9_-]{1,20}"),
        "caBundle": st.just(BUNDLE),
        "dns": section(DnsChallenge),
    },
    DnsChallenge: {
        "provider": st.just("route53"),
        "accessKey": _text("[A-Z0-9]{16,20}"),
        "names": st.sampled_from(["wildcards", "all"]),
        "endpoint": st.just("https://route53-fips.amazonaws.com"),
    },
    Client: {
        "proxies": _lists(_networks(), 1, 4, unique=True),
        "header": st.sampled_from(["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "proxy_protocol"]),
    },
    Nginx: {
        "version": st.sampled_from(VERSIONS),
        "workers": st.integers(1, 64),
        "connections": st.integers(64, 65535),
        "keepalive": _durations(),
        "clientTimeout": _durations(),
        "upstreamConnections": st.just(0) | st.integers(0, 1024),
        "defaultType": st.sampled_from(["application/octet-stream", "text/html", "text/plain"]),
        "logFormat": st.sampled_from(["main", "json"]),
        "logLevel": st.sampled_from(["debug", "info", "notice", "warn", "error", "crit"]),
        "gzip": section(Gzip),
        "memory": _sizes(),
        "uploads": _sizes(),
        "requestHeader": st.integers(4, 64).map(lambda size: f"{size}K"),
        "answerHeaders": st.integers(4, 32).map(lambda size: f"{size}K"),
        "handover": _BOOLEANS,
    },
    Gzip: {"level": st.integers(0, 9), "types": st.sampled_from(["text", "html"]), "static": _BOOLEANS},
    Site: {
        "name": _text("[a-z]([a-z0-9-]{0,30}[a-z0-9])?"),
        "source": st.sampled_from(sorted(APPLICATIONS)),
        "context": st.just(".."),
        "requirements": st.sampled_from(["more.txt", "pyproject.toml"]),
        "extras": st.just(["more"]),
        "pythonImage": _images("python", ["3.13-slim", "3.12.4", "3.11-slim-bookworm"]),
        "packages": _lists(st.sampled_from(["libpq5", "git", "g++", "libc6:arm64", "gcc=4:14.2.0-1"]), 0, 3),
        "buildPackages": _lists(st.sampled_from(["gcc", "libpq-dev"]), 0, 2),
        "buildSecrets": _lists(st.sampled_from(["TOKEN", "INDEX_PASSWORD"]), 0, 2),
        "entry": st.sampled_from([entry for one in APPLICATIONS.values() for entry in one.entries]),
        "hosts": _hosts(1, 3),
        "path": st.sampled_from(["/", "/shop", "/shop/admin", "/blog"])
        | _text("(/[A-Za-z0-9][A-Za-z0-9_-]{0,5}){1,4}"),
        "health": _paths() | st.just("/"),
        "replicas": st.integers(1, 32),
        "body": _sizes(),
        "static": st.sampled_from([folder for one in APPLICATIONS.values() for folder in one.static]),
        "staticUrl": _paths("/"),
        "environment": st.dictionaries(
            _text("[A-Za-z_][A-Za-z0-9_]{0,12}").filter(
                lambda name: not name.startswith("PORTICO_") and name not in ("HOME", "USER")
            ),
            st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40),
            max_size=3,
        ),
        "publish": _lists(st.sampled_from(HIDDEN), 0, 2),
        "release": section(ReleaseCommand),
        "workers": _lists(section(Worker).map(_make_single), 0, 2, unique_by=lambda worker: worker["name"]),
        "schedule": st.just([]) | _lists(section(Job), 0, 2, unique_by=lambda job: job["name"]),
        "secretsAs": st.sampled_from(["files", "environment"]),
        "aliases": _hosts(0, 2),
        "balance": st.sampled_from(["round_robin", "least_conn", "ip_hash", "random"]),
        "weights": _lists(st.integers(1, 100), 0, 4),
        "headers": section(Headers),
        "limits": section(Limits),
        "routes": st.deferred(lambda: _lists(section(Route), 0, 4, unique_by=lambda route: route["path"])),
        "staticFrom": st.sampled_from(["source", "application"]),
        "immutable": _BOOLEANS,
        "certificate": section(Certificate),
        "users": st.dictionaries(_text("[A-Za-z0-9_.@-]{1,16}"), _hashes(), min_size=1, max_size=2),
        "maintenance": _BOOLEANS,
        "gunicorn": section(Gunicorn),
        "uses": _lists(st.sampled_from(SERVICES), 0, 2, unique=True),
        "data": st.deferred(
            lambda: _lists(
                section(Data),
                *(0, 3),
                unique_by=(lambda one: one["name"], lambda one: one["path"], lambda one: one.get("url", one["name"])),
            )
        ),
    },
    Service: {
        "name": st.sampled_from(SERVICES),
        "kind": st.sampled_from(["postgres", "valkey"]),
        "version": st.sampled_from(["18", "17", "8.1"]),
        "image": _images("database", ["18.6"]),
        "memory": st.just("1000G"),
        "evict": _BOOLEANS,
        "managed": _BOOLEANS,
        "instance": st.sampled_from(["db.t4g.medium", "cache.m7g.large"]),
        "storage": st.integers(20, 500).map(lambda size: f"{size}G"),
        "storageLimit": st.integers(550, 1024).map(lambda size: f"{size}G"),
        "standby": _BOOLEANS,
        "backupDays": st.integers(1, 35),
        "window": st.sampled_from(["mon:00:00", "sat:23:59", "sun:12:30"]),
        "key": st.just("key/0a1b2c3d"),  # its region is put before it
        "snapshot": _text("[a-z][a-z0-9]{0,30}"),
    },
    Data: {
        "name": _text("[a-z]([a-z0-9-]{0,10}[a-z0-9])?"),
        "path": st.sampled_from(["/app/instance", "/app/static/uploads", "/var/lib/shop", "/srv/media", "/home/s.d"]),
        "url": _paths("/"),
        "guarded": _BOOLEANS,
    },
    ReleaseCommand: {
        "command": _COMMANDS,
        "timeout": _durations(),
        "memory": _memory(),
        # They reach no file, need backups, and are refused on ECS.
        "rehearse": st.just(False),
        "rehearsePaths": st.just([]),
    },
    Worker: {
        "name": _text("(?!(web|release|schedule)$)[a-z]([a-z0-9-]{0,30}[a-z0-9])?"),
        "command": _COMMANDS,
        "replicas": st.integers(1, 32),
        "single": _BOOLEANS,
        "stop": _durations(),
        "memory": _memory(),
    },
    Job: {
        "name": _text("[a-z]([a-z0-9-]{0,30}[a-z0-9])?"),
        "cron": st.sampled_from(["* * * * *", "30 3 * * *", "*/5 8-18 * * MON-FRI", "0 0 L * *", "15 14 1 * *"]),
        "timeZone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
        "command": _COMMANDS,
        "overlap": st.sampled_from(["forbid", "allow", "replace"]),
        "timeout": _durations(),
        "memory": _memory(),
    },
    Headers: {
        "contentSecurityPolicy": _header_values(),
        "referrerPolicy": st.sampled_from(
            ["", "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin"]
        ),
        "permissionsPolicy": _header_values().map(lambda text: text.replace("'", '"')),
        "frameOptions": st.sampled_from(["", "DENY", "SAMEORIGIN"]),
        "nosniff": _BOOLEANS,
    },
    Limits: {"connections": st.just(0) | st.integers(0, 65535), "rate": section(Rate)},
    Rate: {"rate": _text("[1-9][0-9]{0,5}r/[sm]"), "burst": st.just(0) | st.integers(0, 10_000), "dryRun": _BOOLEANS},
    Route: {
        "path": _paths() | st.just("/"),
        "body": _sizes(),
        "timeout": _durations(),
        "buffering": _BOOLEANS,
        "requestBuffering": _BOOLEANS,
        "stream": _BOOLEANS,
        "websocket": _BOOLEANS,
        "cache": _amount(1, 90, "s", "m", "h") | st.just("3000ms"),
        "rate": section(Rate),
    },
    Certificate: {"certificate": st.just(CERTIFICATE), "key": st.just(KEY)},
    Gunicorn: {
        "version": st.sampled_from(["26.1.0", "27.0.1", "30.2"]),
        "workers": st.integers(1, 64),
        "threads": st.integers(1, 128),
        "workerClass": st.sampled_from(["gthread", "gthread", "gevent"]),
        "timeout": _durations(),
        "hungAfter": st.sampled_from(["never", "5s", "15s", "7500ms", "2m"]),
        "memory": _memory(),
        "accessLog": _BOOLEANS,
        "preload": _BOOLEANS,
    },
}


@st.composite
def stacks(draw: st.DrawFn, versions: Sequence[str] = VERSIONS, upstream: str | None = None) -> Values:
    """The values of a whole stack that are written for one of `versions`, with one upstream or any.

    Without a wish for an upstream, one of six is on ECS: with one site, for there each has files of its own.
    """
    version = draw(st.sampled_from(versions))
    said = draw(_BOOLEANS)
    fleet = draw(st.integers(0, 5)) == 0 and not upstream
    values: Values = draw(section(Settings))
    ecs = values.pop("ecs", None)
    if upstream:
        values["upstream"] = upstream
    if fleet:
        return _move(values, draw(section(Ecs)) if ecs is None else ecs, version, said)
    _name_version(values, version, said)
    shared = draw(_BOOLEANS)
    values = _fix(values, version)
    if shared:
        _share_host(values["sites"])
    return values


@st.composite
def fleets(draw: st.DrawFn, versions: Sequence[str] = VERSIONS) -> Values:
    """The same for ECS alone."""
    values: Values = draw(section(Settings))
    values.pop("ecs", None)
    return _move(values, draw(section(Ecs)), draw(st.sampled_from(versions)), draw(_BOOLEANS))


def _name_version(values: Values, version: str, said: bool) -> None:
    if said:
        # A tag would have to say the same; a digest says nothing.
        values["nginx"] = values.get("nginx", {}) | {"version": version}
        values["nginxImage"] = f"nginx@sha256:{'0' * 64}"
    else:
        values["nginxImage"] = f"nginx:{version}"
        values.get("nginx", {}).pop("version", None)


# The load balancer's; see Settings.
_NOT_OURS: Final = ("docker", "address", "port", "upstream", "tls", "client")


def _move(values: Values, ecs: Values, version: str, said: bool) -> Values:
    """The same stack on ECS: without what is the load balancer's there, and within what AWS allows."""
    values = {key: value for key, value in values.items() if key not in _NOT_OURS}
    values |= {"target": "ecs", "ecs": ecs, "sites": values["sites"][:1]}
    (site,) = values["sites"]
    _name_version(values, version, said)
    nginx = {key: value for key, value in values.get("nginx", {}).items() if key not in ("keepalive", "handover")}
    for name in ("memory", "uploads"):
        _bound(nginx, name, Size, "8G")
    _bound(nginx, "requestHeader", Size, "16K")
    values["nginx"] = nginx
    values["healthTimeout"] = min(values.get("healthTimeout", 60), 300)
    for key in (
        "certificate",
        "data",
        "weights",
        "schedule",
        "workers",
        "release",
        *(["balance"] if site.get("balance") == "ip_hash" else []),
    ):
        site.pop(key, None)
    gunicorn = site.setdefault("gunicorn", {})
    _bound(gunicorn, "timeout", Duration, "110s")
    _bound(gunicorn, "memory", Size, "16G")
    for one in (site, *site.get("routes", ())):
        _bound(one, "body", Size, "10G")
    for route in site.get("routes", ()):
        _bound(route, "timeout", Duration, "3990s" if route.get("stream") or route.get("websocket") else "110s")
    values = _fix(values, version)
    _fix_ecs(values, ecs)
    return values


def _bound(values: Values, name: str, kind: type[Size] | type[Duration], most: str) -> None:
    if name in values and kind.parse(values[name]).amount > kind.parse(most).amount:
        values[name] = most


def _fix_ecs(values: Values, ecs: Values) -> None:
    (site,) = values["sites"]
    region = ecs["region"]
    if "zones" in ecs:
        ecs["zones"] = [f"{region}{letter}" for letter in ecs["zones"]]
    if "dns" in ecs:
        ecs.pop("certificate", None)
        # No zone answers for a name without a domain, or for an address: they get one, so that `dns` is tried often.
        for key in ("hosts", "aliases"):
            if key in site:
                site[key] = [_name_domain(host) for host in site[key]]
    elif "certificate" in ecs:
        ecs["certificate"] = f"arn:aws:acm:{region}:123456789012:{ecs['certificate']}"
    else:
        values.pop("protect", None)
    ecs["most"] = max(ecs.get("most", 8), site.get("replicas", values.get("replicas", 2)))
    nginx, gunicorn = Size.parse(values["nginx"].get("memory", "256M")), site["gunicorn"].get("memory", "512M")
    least = nginx.mebibytes + Size.parse(gunicorn).mebibytes + 2 * INIT_MEMORY
    sold = {256: 2048, 512: 4096, 1024: 8192, 2048: 16384, 4096: 30720}
    ecs["cpu"] = next(cpu for cpu in _CPU if cpu >= ecs.get("cpu", 256) and sold[cpu] >= least)


def _name_domain(host: str) -> str:
    """A name that a zone may answer for, another one for another host."""
    if host.replace(".", "").isdigit():
        return f"ip-{host}.of.the.zone.example"
    return host if CERTIFIED.fullmatch(host) else f"{host}.of.the.zone.example"


def _fix(values: Values, version: str) -> Values:
    """Keep the rules that join several fields, each by changing as little as possible."""
    tls = values.get("tls")
    if tls is not None:
        if tuple(map(int, version.split("."))) < (1, 25, 0):
            tls.pop("http3", None)
        if tls.get("port", 8443) == values.get("port", 8080):
            tls["port"] = values.get("port", 8080) % 65535 + 1
        if acme := tls.get("acme"):
            tls.pop("localAuthority", None)
            acme.pop("staging" if "directory" in acme else "caBundle", None)
    hosts: set[str] = set()
    for site in values["sites"]:
        if tls is None:
            site.pop("certificate", None)
        if tls is not None and not tls.get("localAuthority") and not tls.get("acme"):
            site.setdefault("certificate", {"certificate": CERTIFICATE, "key": KEY})
        if tls is not None and tls.get("acme") and "certificate" not in site:
            _name_in_public(site)
        _fix_hosts(site, hosts)
        _fix_site(site)
        if values.get("upstream") == "container" and tuple(map(int, version.split("."))) < (1, 27, 3):
            site.pop("weights", None)
            site.pop("balance", None)
    _fix_memory(values)
    _fix_services(values)
    return values


def _fix_managed(service: Values, region: str) -> None:
    """What AWS runs on ECS is no container, and elsewhere everything is one."""
    managed = service["managed"] = bool(region)
    for name in OF_CONTAINERS if managed else OF_AWS:
        service.pop(to_camel(name), None)
    if not managed:
        return
    kind = {"postgres": "db.", "valkey": "cache."}[service["kind"]]
    if not service.get("instance", kind).startswith(kind):
        del service["instance"]
    if service["kind"] == "valkey":
        service.pop("storage", None)
        service.pop("storageLimit", None)
    elif int(service.get("storage", "20G")[:-1]) > 90:
        service.setdefault("storageLimit", "1024G")
    if "key" in service:
        partition = "aws-us-gov" if "gov" in region else "aws"
        service["key"] = f"arn:{partition}:kms:{region}:123456789012:{service['key']}"


def _name_in_public(site: Values) -> None:
    """Names that an authority gives a certificate for, as many as there were."""
    for key in ("hosts", "aliases"):
        if key in site:
            site[key] = [f"{key}{number}.{site['name']}.example" for number in range(len(site[key]))]


def _count_heads(nginx: Values) -> int:
    """MiB that longer heads may take, of all connections at once."""
    request = max(0, Size.parse(nginx.get("requestHeader", "8K")).bytes - 8192) * 4
    answer = max(0, Size.parse(nginx.get("answerHeaders", "16K")).bytes - 16384)
    return Size(nginx.get("workers", 2) * nginx.get("connections", 1024) * (request + answer)).mebibytes


def _fix_services(values: Values) -> None:
    """A site uses what there is, one of a kind; of a cache it is the only one."""
    kinds = {service["name"]: service["kind"] for service in values.get("services", ())}
    for service in values.get("services", ()):
        if service.get("version", "") not in IMAGES[service["kind"]]:
            service.pop("version", None)
        if service["kind"] == "postgres":
            service.pop("evict", None)
        _fix_managed(service, values.get("ecs", {}).get("region", "") if values.get("target") == "ecs" else "")
    taken: set[str] = set()
    for site in values["sites"]:
        of_a_kind = {kinds[name]: name for name in site.get("uses", ()) if name in kinds and name not in taken}
        if "uses" in site:
            site["uses"] = [*of_a_kind.values()]
        taken.update(name for kind, name in of_a_kind.items() if kind == "valkey")


def _fix_memory(values: Values) -> None:
    """Bodies fit where they are collected, and that fits into NGINX's memory: as a whole, or everything is smaller."""
    bodies = [one for site in values["sites"] for one in (site, *site.get("routes", ()))]
    nginx = values.get("nginx", {})
    least = max([Size.parse("5M"), *(Size.parse(one["body"]) for one in bodies if "body" in one)])
    if least.mebibytes + BESIDES.mebibytes > 1024 * 1024:
        for one in bodies:
            one.pop("body", None)
        least = Size.parse("5M")
    if Size.parse(nginx.get("uploads", "96M")) < least:
        nginx["uploads"] = str(least)
    if Size.parse(nginx.get("uploads", "96M")).mebibytes + BESIDES.mebibytes > 1024 * 1024:
        nginx["uploads"] = "1000G"
    heads = _count_heads(nginx)
    if heads > 4096:
        # Thousands of connections, each with the longest headers: more than a task may have.
        nginx.pop("requestHeader", None)
        nginx.pop("answerHeaders", None)
        heads = 0
    space = Size.parse(nginx.get("uploads", "96M")).mebibytes + BESIDES.mebibytes + heads
    if Size.parse(nginx.get("memory", "256M")).mebibytes < space:
        nginx["memory"] = f"{space}M"
    if nginx:
        values["nginx"] = nginx
    # /tmp holds two bodies, and is a part of Gunicorn's memory; in a task it is on the disk.
    for site in values["sites"] if values.get("target") != "ecs" else ():
        bodies = [Size.parse(one["body"]) for one in (site, *site.get("routes", ())) if "body" in one]
        if any(body > Size.parse("400G") for body in bodies):
            for one in (site, *site.get("routes", ())):
                one.pop("body", None)
            bodies = []
        needed = 2 * max([Size.parse("64M"), *bodies]).mebibytes + 128
        gunicorn = site.setdefault("gunicorn", {})
        if bodies and Size.parse(gunicorn.get("memory", "512M")).mebibytes < needed:
            gunicorn["memory"] = f"{needed}M"


def _fix_hosts(site: Values, taken: set[str]) -> None:
    """A host name belongs to one site, once."""
    for key in ("hosts", "aliases"):
        if key in site:
            site[key] = [host for host in site[key] if host not in taken]
            taken.update(site[key])
    if not site["hosts"]:
        site["hosts"] = [f"{site['name']}.one.of.several.example"]
    # Aliases lead to the first name, so it is a single one.
    site["hosts"].sort(key=lambda host: host.startswith("*"))
    if site["hosts"][0].startswith("*"):
        site.pop("aliases", None)


# What sites of one host say alike.
_OF_THE_HOST: Final = ("hosts", "aliases", "certificate")


def _share_host(sites: list[Values]) -> None:
    """Let all sites be on the host of the first, each below a path of its own."""
    first = dict(sites[0])
    taken: set[str] = set()
    for number, site in enumerate(sites):
        for key in _OF_THE_HOST:
            site.pop(key, None)
            if key in first:
                site[key] = first[key]
        if site.get("path", "/") in taken:
            site["path"] = f"/of/{number}"
        taken.add(site.get("path", "/"))
    # Nothing of a site is below the longer path of another one.
    for site in sites:
        own = site.get("path", "/").rstrip("/")
        urls = [site.get("staticUrl", "/static/"), *(route["path"] for route in site.get("routes", []))]
        urls += [data["url"] for data in site.get("data", []) if "url" in data]
        for path in taken - {site.get("path", "/"), "/"}:
            assume(not (path.startswith(f"{own}/") and any(f"{own}{url}/".startswith(f"{path}/") for url in urls)))


def _fix_site(site: Values) -> None:
    application = APPLICATIONS[site["source"]]
    if site["entry"] not in application.entries:
        site["entry"] = application.entries[-1]
    if site.get("static") not in application.static:
        site.pop("static", None)
    if "Dockerfile" in application.files:
        # They are for the one that Portico writes.
        for key in ("requirements", "extras", "pythonImage", "packages", "buildPackages"):
            site.pop(key, None)
    if site.get("requirements") not in application.files:
        site.pop("requirements", None)
    listed = "requirements.txt" if "requirements.txt" in application.files else "pyproject.toml"
    if site.get("requirements", listed) != "pyproject.toml":
        # A list of packages has none.
        site.pop("extras", None)
    gunicorn = site.get("gunicorn", {})
    if gunicorn.get("workerClass") == "gevent":
        # It has no threads, and has to come before the application.
        gunicorn.pop("threads", None)
        gunicorn.pop("preload", None)
    elif gunicorn.get("workers", 2) * gunicorn.get("threads", 4) > 512:
        gunicorn["threads"] = 512 // gunicorn["workers"]
    if site.get("weights"):
        site["replicas"] = len(site["weights"])
    url = site.get("staticUrl", "/static/")
    if site.get("health", "/").startswith(url):
        site.pop("health")
    limit = longest = Duration.parse(site.get("gunicorn", {}).get("timeout", "30s"))
    for route in site.get("routes", []):
        if route.get("stream"):
            route.pop("websocket", None)
        if not route.get("buffering", True):
            route.pop("cache", None)
        if route.get("stream") or route.get("websocket"):
            route.pop("cache", None)
        elif "timeout" in route:
            longest = max(longest, Duration.parse(route["timeout"]))
    if longest > limit:
        site["gunicorn"] = site.get("gunicorn", {}) | {"timeout": str(longest)}
    taken = [url, "/portico-unavailable.html/", *(route["path"] for route in site.get("routes", []))]
    for data in site.get("data", []):
        if data.get("url") in taken or site.get("health", "/").startswith(data.get("url", "//")):
            data.pop("url")
        if "url" not in data:
            data.pop("guarded", None)
    # NGINX's own page and the static files stand there.
    paths = [route["path"].rstrip("/") for route in site.get("routes", [])]
    assume(url.rstrip("/") not in paths and "/portico-unavailable.html" not in paths)
