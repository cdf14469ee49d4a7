"""The files say what the settings say: read back by another program, and compared one by one."""

import re
from pathlib import Path

import pytest

from portico.config.release.release import Release
from portico.config.settings import Mistakes, Settings, Site
from portico.config.settings.limits import Rate
from portico.config.settings.route import Route
from tests.config.nginx_file import Directive, said
from tests.property.ordered import CHALLENGES, check_lead, is_ordered, is_trusted
from tests.property.pool import Tried, holds_for_stacks
from tests.property.reading import (
    find_application,
    find_location,
    find_place,
    find_redirects,
    find_rest,
    find_route,
    find_server,
    find_upstream,
    is_shared,
    listed,
    milliseconds,
    octets,
    only,
    value,
)
from tests.property.rendered import Rendered, parse, render


@holds_for_stacks()
def test_the_tree_says_what_the_settings_say(stack: Tried) -> None:
    check_everything(stack.rendered, stack.main)


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


def check_site(rendered: Rendered, release: Release, main: Directive) -> None:
    settings, site = rendered.settings, release.site
    server, place = find_server(main, *site.hosts), find_place(main, settings, site)
    ports = {args[0] for args in listed(server, "listen")}
    plain, secure = str(rendered.layout.listen), str(rendered.layout.listen_tls)
    tls = settings.tls
    ordered = is_ordered(settings, site)
    assert ports == ({secure} if tls and tls.redirect and not ordered else {plain, secure} if tls else {plain})
    assert (value(server, "ssl_certificate") is not None) == bool(tls)
    leads = [one for one in server.block if one.name == "if" and one.args != ("$forged",)]
    assert len(leads) == bool(tls and ordered and tls.redirect and is_trusted(tls))
    for lead in leads:
        check_lead(settings, lead, main)
    assert (value(only(main, "http"), "limit_conn_zone") is not None) == any(
        one.limits.connections for one in settings.sites
    )
    check_own(settings, site, place, main)
    if is_shared(settings, site) and site.path != "/":
        assert value(find_location(server, "=", site.path), "return") == f"308 {site.path}/$is_args$args"
    check_static(rendered, release, server, place, main)
    if not (site.maintenance or is_shared(settings, site)):
        check_headers_that_are_too_long(server)
    assert octets(str(value(only(main, "http"), "proxy_buffer_size"))) == settings.nginx.answer_headers.bytes
    routes = () if site.maintenance else site.routes
    paths = {find_route(place, site, route).args for route in routes}
    for index, route in enumerate(routes, 1):
        check_route(rendered, site, route, index, place, main)
    # No location but these.
    known = {(site.locate("/"),), ("=", site.locate("/portico-unavailable.html")), *paths}
    known |= {("^~", CHALLENGES)} if ordered and not is_shared(settings, site) else set()
    if (release.static or site.asked) and not site.maintenance:
        known |= {("^~", site.locate(site.static_url))} if release.static else set()
        known |= set() if is_shared(settings, site) else {("@application",)}
    if not site.maintenance:
        known |= set() if is_shared(settings, site) else {("@headers",)}
        kept = [] if is_shared(settings, site) else list(enumerate(routes, 1))
        known |= {(f"@{site.name}.unkept.{index}",) for index, route in kept if route.cache}
        known |= {("^~", site.locate(one.url)) for one in site.data if one.url}
        # A folder without its slash is the application's.
        folders = [route.path.rstrip("/") for route in routes if route.path.endswith("/") and route.path != "/"]
        known |= {("=", site.locate(path)) for path in folders}
    assert {tuple(args) for args in listed(place, "location")} == known
    if site.maintenance:
        assert value(find_rest(place, site), "return") == "503"


def check_own(settings: Settings, site: Site, place: Directive, main: Directive) -> None:
    """What is said of a site as a whole."""
    assert octets(str(value(place, "client_max_body_size"))) == site.body.bytes
    # Behind a load balancer each NGINX has one site; on a machine of its own all bodies lie on a disk.
    number = [one.name for one in settings.sites].index(site.name)
    deployed = settings.target != "ecs" and value(only(main, "http"), "proxy_max_temp_file_size") == "0"
    assert value(place, "client_body_temp_path") == (f"/tmp/bodies-{number}" if deployed else None)
    connections = f"all.connections {site.limits.connections}" if site.limits.connections else None
    assert value(place, "limit_conn") == connections
    check_rate(site.limits.rate, f"{site.name}.rate", place, main)
    assert value(place, "auth_basic") == (site.name if site.users and not site.maintenance else None)
    assert dict(listed_headers(place, main)) == wanted_headers(settings, site)
    pages = [args for args in listed(place, "error_page") if args[0] != "494"]
    assert pages == [("502", "503", "504", site.locate("/portico-unavailable.html"))]


def check_headers_that_are_too_long(server: Directive) -> None:
    """They are answered with the status that says so: NGINX itself has a number of its own for them."""
    assert ("494", "=", "@headers") in listed(server, "error_page")
    assert find_location(server, "@headers").find("return")[0].args[0] == "431"


def check_rate(
    rate: Rate | None, name: str, block: Directive, main: Directive, around: Directive | None = None
) -> None:
    zones = [args for args in listed(only(main, "http"), "limit_req_zone") if args[1].startswith(f"zone={name}:")]
    if rate is None:
        assert (zones, value(block, "limit_req"), value(block, "limit_req_dry_run")) == ([], None, None)
        return
    above = value(around, "limit_req_dry_run") if around else None
    assert [args[2] for args in zones] == [f"rate={rate.rate}"]
    assert value(block, "limit_req") == f"zone={name}" + (f" burst={rate.burst} nodelay" if rate.burst else "")
    assert (value(block, "limit_req_dry_run") or above or "off") == ("on" if rate.dry_run else "off")


def check_static(rendered: Rendered, release: Release, server: Directive, place: Directive, main: Directive) -> None:
    settings, site = rendered.settings, release.site
    if site.asked and not site.maintenance:
        check_asked(rendered, release, server, main)
    if not release.static or site.maintenance:
        return
    files = find_location(place, "^~", site.locate(site.static_url))
    assert value(files, "root") == f"{rendered.layout.static}/{release.site.name}/{release.id}"
    kept = [header.args[1] for header in files.find("add_header") if header.args[0] == "Cache-Control"]
    assert any("immutable" in text for text in kept) == release.site.immutable
    assert not files.find("proxy_pass")
    # What is no file there is asked of the application, like any other path.
    name = f"@{site.name}.application" if is_shared(settings, site) else "@application"
    assert [found.args for found in files.find("try_files")] == [("$uri", name)] * (1 + site.immutable)
    application, asked = find_location(server, name), value(find_rest(place, site), "proxy_pass")
    assert asked is not None and value(application, "proxy_pass") == asked
    if is_shared(settings, site) and site.asked:
        # `place` itself is read off the application's location here; what every answer needs is compared.
        for name in ("add_header", "error_page"):
            assert {*listed(place, name)} <= {*listed(application, name)}
    elif is_shared(settings, site):
        check_own_again(application, find_rest(place, site), place)


def check_asked(rendered: Rendered, release: Release, server: Directive, main: Directive) -> None:
    """What is said of everything else counts already where a file may answer."""
    settings, site = rendered.settings, release.site
    around = find_location(server, site.locate("/")) if is_shared(settings, site) else server
    files, application = find_rest(around, site), find_application(server, settings, site)
    assert value(files, "root") == f"{rendered.layout.static}/{site.name}/{release.id}"
    assert listed(files, "try_files") == [("$uri", *application.args)] and not files.find("proxy_pass")
    assert ("Cache-Control", "no-cache", "always") in listed(files, "add_header")
    rest = find_rest(find_place(main, settings, site), site)
    for name in ("client_max_body_size", "limit_req", "limit_req_dry_run"):
        assert listed(files, name) == listed(rest, name) or (is_shared(settings, site) and not listed(rest, name))


def check_own_again(application: Directive, rest: Directive, place: Directive) -> None:
    """Outside of the place of its site a location inherits nothing of it: all that is said there stands in it too."""
    own = {(one.name, one.args) for one in place.block if one.name != "location"}
    of_rest = {(one.name, one.args) for one in rest.block}
    replaced = {name for name, _ in of_rest}
    wanted = of_rest | {(name, args) for name, args in own if name not in replaced or name == "add_header"}
    found = [(one.name, one.args) for one in application.block]
    # No name is merged with another block's, and none is listed twice.
    assert set(found) == wanted - {("add_header_inherit", ("merge",)), ("limit_req_dry_run", ("off",))}
    assert len(found) == len(set(found))


def check_route(rendered: Rendered, site: Site, route: Route, index: int, around: Directive, main: Directive) -> None:
    place = find_route(around, site, route)
    body = value(place, "client_max_body_size")
    assert (octets(body) if body else None) == (route.body.bytes if route.body else None)
    assert value(place, "proxy_buffering") == ("off" if route.stream or not route.buffering else None)
    assert value(place, "proxy_request_buffering") == (None if route.request_buffering else "off")
    assert value(place, "gzip") == ("off" if route.stream else None)
    check_rate(route.rate, f"{site.name}.rate.{index}", place, main, around)
    reported = {args[0]: args[1] for args in listed(place, "proxy_set_header")}
    assert reported.get("Upgrade") == ("$http_upgrade" if route.websocket else None)
    assert (value(place, "proxy_cache") is not None) == bool(route.cache)
    if route.cache:
        kept = str(value(place, "proxy_cache_valid")).split()
        assert kept[:-1] == ["200", "301"] and milliseconds(kept[-1]) == route.cache.seconds * 1000
        for name in ("proxy_cache_bypass", "proxy_no_cache"):
            assert {"$for_somebody", "$with_body"} <= set(str(value(place, name)).split())
        assert f"$not_for_{route.cache.seconds}s" in str(value(place, "proxy_no_cache"))
    assert value(place, "proxy_pass") == value(find_rest(around, site), "proxy_pass")


def wanted_headers(settings: Settings, site: Site) -> dict[str, str]:
    headers, tls = site.headers, settings.tls
    wanted = {
        "X-Content-Type-Options": "nosniff" if headers.nosniff else "",
        "X-Frame-Options": headers.frame_options,
        "Referrer-Policy": headers.referrer_policy,
        "Content-Security-Policy": headers.content_security_policy,
        "Permissions-Policy": headers.permissions_policy,
        "X-Request-ID": "$request_id",
        # A browser never forgets it, and other programs answer at localhost too.
        "Strict-Transport-Security": "$strict_transport" if tls and tls.hsts and is_trusted(tls) else "",
        "Alt-Svc": f'h3=":{tls.public_port or tls.port}"; ma=86400' if tls and tls.http3 else "",
    }
    return {name: text for name, text in wanted.items() if text}


def listed_headers(block: Directive, main: Directive) -> list[tuple[str, str]]:
    assert all(args[2:] == ("always",) for args in listed(block, "add_header"))
    return [(args[0], said(main, args[1])) for args in listed(block, "add_header")]


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


@pytest.mark.parametrize("version", ["1.26.3", "1.30.6"])
def test_what_is_no_static_file_of_a_shared_host_has_what_its_route_says(root: Path, version: str) -> None:
    """All of a site and all of its route / stand in one location there: nothing twice, and the route wins."""
    route = {"path": "/", "body": "2M", "cache": "5s", "rate": {"rate": "1r/s"}}
    limits = {"rate": {"rate": "9r/s", "dryRun": True}}
    site = {"name": "a", "source": "plain", "entry": "web:app", "hosts": ["a.example"], "path": "/a"}
    values = {"nginxImage": f"nginx:{version}", "sites": [site | {"routes": [route], "limits": limits}]}
    rendered = render(values, root)
    main = parse(rendered)
    check_everything(rendered, main)
    application = find_location(find_server(main, "a.example"), "@a.application")
    assert (value(application, "client_max_body_size"), value(application, "limit_req_dry_run")) == ("2m", None)
    assert value(application, "limit_req") == "zone=a.rate.1 burst=20 nodelay"


def test_aliases_lead_to_a_name_that_exists(root: Path) -> None:
    site = {"name": "a", "source": "plain", "entry": "web:app", "hosts": ["*.shop.example"], "aliases": ["b.example"]}
    with pytest.raises(Mistakes, match="is not a single name"):
        render({"sites": [site]}, root)
