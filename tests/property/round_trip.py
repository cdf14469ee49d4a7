"""Rendered files compared with the settings that they say: the whole, and what sites of one host share."""

import re

from portico.config.release.release import Release
from portico.config.settings import Settings, Site
from tests.config.nginx_file import Directive
from tests.property.ordered import CHALLENGES, is_ordered, is_trusted
from tests.property.reading import (
    find_location,
    find_place,
    find_redirects,
    find_rest,
    find_server,
    find_upstream,
    is_shared,
    listed,
    milliseconds,
    only,
    value,
)
from tests.property.rendered import Rendered
from tests.property.round_trip_site import check_headers_that_are_too_long, check_site


def check_everything(rendered: Rendered, main: Directive) -> None:
    settings = rendered.settings
    check_main(settings, main)
    check_client(settings, main)
    check_tls(settings, main)
    # Where no file is served there is nothing to unpack.
    served = any((one.static or one.site.asked) and not one.site.maintenance for one in rendered.releases)
    packed = value(only(main, "http"), "gzip_static")
    assert packed == ("on" if settings.nginx.gzip.static and served else None)
    for release in rendered.releases:
        check_site(rendered, release, main)
        check_redirects(rendered, release.site, main)
        check_upstream(rendered, release, main)
    # Nothing else is served: the applications, their redirects, the two that refuse strangers, and the status; and
    # behind a load balancer what tells it whether the application is ready.
    tls, balanced = settings.tls, settings.target == "ecs"
    hosts = {site.hosts: site for site in settings.sites}
    apart = [site for site in hosts.values() if tls and tls.redirect and not is_ordered(settings, site)]
    servers = sum(1 + bool(site.aliases) + (site in apart) for site in hosts.values())
    assert len(listed(only(main, "http"), "server")) == servers + 2 + bool(tls) + balanced
    for site in hosts.values():
        check_host(settings, site, main)


def check_main(settings: Settings, main: Directive) -> None:
    nginx, http = settings.nginx, only(main, "http")
    assert value(main, "worker_processes") == str(nginx.workers)
    assert value(only(main, "events"), "worker_connections") == str(nginx.connections)
    assert only(main, "error_log").args[1] == nginx.log_level
    assert value(http, "default_type") == nginx.default_type
    assert milliseconds(str(value(http, "keepalive_timeout"))) == nginx.keepalive.amount
    for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        assert milliseconds(str(value(http, name))) == nginx.client_timeout.amount
    assert only(http, "log_format").args[0] == "main"
    assert ("escape=json" in only(http, "log_format").args) == (nginx.log_format == "json")
    assert value(http, "gzip") == ("on" if nginx.gzip.level else None)
    assert value(http, "gzip_comp_level") == (str(nginx.gzip.level) if nginx.gzip.level else None)
    assert ("application/json" in str(value(http, "gzip_types"))) == bool(
        nginx.gzip.level and nginx.gzip.types == "text"
    )


def check_client(settings: Settings, main: Directive) -> None:
    client, http = settings.client, only(main, "http")
    assert listed(http, "set_real_ip_from") == [(proxy,) for proxy in (client.proxies if client else ())]
    assert value(http, "real_ip_header") == (client.header if client else None)
    assert value(http, "real_ip_recursive") == ("on" if client and client.header == "X-Forwarded-For" else None)
    wrapped = client is not None and client.header == "proxy_protocol"
    for args in (args for server in main.find("server") for args in listed(server, "listen")):
        public = not args[0].startswith("127.0.0.1:") and "quic" not in args
        assert ("proxy_protocol" in args) == (wrapped and public), args


def check_tls(settings: Settings, main: Directive) -> None:
    tls, http = settings.tls, only(main, "http")
    spoken = {"modern": "TLSv1.3", "intermediate": "TLSv1.2 TLSv1.3"}
    assert value(http, "ssl_protocols") == (spoken[tls.profile] if tls else None)
    assert (value(http, "ssl_ciphers") is not None) == bool(tls and tls.profile == "intermediate")
    listens = [args for server in main.find("server") for args in listed(server, "listen")]
    assert any("ssl" in args for args in listens) == bool(tls)
    assert any("quic" in args for args in listens) == bool(tls and tls.http3)
    http2 = any("http2" in args for args in listens) or any(found.args == ("on",) for found in main.find("http2"))
    assert http2 == bool(tls and tls.http2)
    insists = [block for block in http.block if block.name == "map" and block.args[1:] == ("$strict_transport",)]
    assert len(insists) == bool(tls and tls.hsts and is_trusted(tls))
    for block in insists:
        assert [(inner.name, inner.args) for inner in block.block] == [("on:", ("max-age=31536000",))]


def check_host(settings: Settings, site: Site, main: Directive) -> None:
    """No more is in the server of a shared host than the places of its sites."""
    if not is_shared(settings, site):
        return
    server = find_server(main, *site.hosts)
    known: set[tuple[str, ...]] = {("@headers",), ("/",)}
    known |= {("^~", CHALLENGES)} if is_ordered(settings, site) else set()
    for one in settings.sites:
        if one.hosts == site.hosts:
            known |= {(one.locate("/"),), ("=", one.path)} - {("=", "/")}
            known |= {(f"@{one.name}.application",)} & set(listed(server, "location"))
            routes = () if one.maintenance else one.routes
            known |= {(f"@{one.name}.unkept.{index}",) for index, route in enumerate(routes, 1) if route.cache}
    assert set(listed(server, "location")) == known
    if not any(one.path == "/" for one in settings.sites if one.hosts == site.hosts):
        assert value(find_location(server, "/"), "return") == "404"
    check_headers_that_are_too_long(server)


def check_redirects(rendered: Rendered, site: Site, main: Directive) -> None:
    settings, tls = rendered.settings, rendered.settings.tls
    ordered = is_ordered(settings, site)
    secure = tls is not None and tls.redirect and not ordered
    plain = find_redirects(main, *site.hosts)
    assert len(plain) == secure
    port = (tls.public_port or tls.port) if tls else settings.port
    spelled = "" if port in (80, 443) else f":{port}"
    for server in plain:
        assert listed(server, "return") == [("308", f"https://$host{spelled}$request_uri")]
        assert {args[0] for args in listed(server, "listen")} == {str(rendered.layout.listen)}
    find = (lambda main, *names: [find_server(main, *names)]) if ordered else find_redirects
    aliases = find(main, *site.aliases) if site.aliases else []
    assert len(aliases) == bool(site.aliases)
    for server in aliases:
        # Where nothing leads to HTTPS, the scheme and the port stay what the client asked.
        reported = settings.client and settings.client.header != "proxy_protocol"
        home = f"{'$client_scheme' if reported else '$scheme'}://{site.hosts[0]}$asked_port"
        if secure:
            home = f"https://{site.hosts[0]}{spelled}"
        assert "*" not in site.hosts[0]
        asked = find_location(server, "/") if ordered else server
        assert listed(asked, "return") == [("308", f"{home}$request_uri")]


def check_upstream(rendered: Rendered, release: Release, main: Directive) -> None:
    settings, site = rendered.settings, release.site
    place = find_place(main, settings, site)
    count = site.replicas or settings.replicas
    if settings.upstream == "container" and settings.nginx_version < (1, 27, 3):
        # Such a version looks a name up once, unless it stands in a variable.
        assert not [one for one in main.find("upstream") if one.args == (site.name,)]
        if not site.maintenance:
            assert listed(find_rest(place, site), "set") == [("$replicas", f"{site.name}-{release.id}:8000")]
        return
    upstream = find_upstream(main, site.name)
    servers = listed(upstream, "server")
    assert [args[0] for args in servers] == list(release.upstream) and len(set(servers)) == count
    weights = [int(match[1]) for args in servers if (match := re.search(r"weight=([0-9]+)", " ".join(args)))]
    assert weights == list(site.weights)
    methods = [one.name for one in upstream.block if one.name in ("least_conn", "ip_hash", "random")]
    assert methods == ([] if site.balance == "round_robin" else [site.balance])
    kept = settings.nginx.upstream_connections
    off = "0" if settings.nginx_version >= (1, 29, 7) else None
    assert value(upstream, "keepalive") == (str(kept) if kept else off)
    if not site.maintenance:
        assert value(find_rest(place, site), "proxy_pass") == f"http://{site.name}"
