"""Rendered files of one site compared with its settings: its locations, static files, routes and headers."""

from portico.config.release.release import Release
from portico.config.settings import Settings, Site
from portico.config.settings.limits import Rate
from portico.config.settings.route import Route
from tests.config.nginx_file import Directive, said
from tests.property.ordered import CHALLENGES, check_lead, is_ordered, is_trusted
from tests.property.reading import (
    find_application,
    find_location,
    find_place,
    find_rest,
    find_route,
    find_server,
    is_shared,
    listed,
    milliseconds,
    octets,
    only,
    value,
)
from tests.property.rendered import Rendered


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
