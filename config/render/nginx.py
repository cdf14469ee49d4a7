"""NGINX's files: pure functions, so that a preview shows exactly what will be live."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from portico.config.ordered_names import CHALLENGE_URL
from portico.config.release.release import Release
from portico.config.render.align import align
from portico.config.render.caching import bound_kept, list_times, spell_below
from portico.config.render.headers import insists, list_headers, name_defaults
from portico.config.render.layout import PRIVATE, READY, Layout, lay_out
from portico.config.render.shared_hosts import list_shared_hosts
from portico.config.render.templates import render
from portico.config.render.tree import Tree, name_tree
from portico.config.settings import Duration, Settings, Site
from portico.config.settings.hidden import spell_hidden
from portico.config.settings.nginx import HEADER_BUFFERS
from portico.config.settings.route import Route

# How long a kept connection is still answered after a reload: clients that ask every few seconds
# get their next answer with `Connection: close` instead of a reset.
DRAIN = Duration.parse("5s")

# What the applications get about a request: always set, so that no client can say it.
_SENT = (
    ("Host", "$host$asked_port", "the name and the port that the client asked for"),
    ("X-Real-IP", "$remote_addr", "the client's address"),
    ("X-Forwarded-For", "$remote_addr", "replaces the client's own"),
    ("X-Forwarded-Proto", "{scheme}", "http or https"),
    ("X-Request-ID", "$request_id", "also in the access log"),
)
# What a browser shows of uploads: types in which nothing runs. SVG and HTML are none.
_SHOWN = (
    *(f"image/{kind}" for kind in ("avif", "gif", "jpeg", "png", "webp", "x-icon", "x-ms-bmp")),
    *(f"audio/{kind}" for kind in ("midi", "mpeg", "ogg", "x-m4a")),
    *(f"video/{kind}" for kind in ("3gpp", "mp4", "mpeg", "quicktime", "webm", "x-m4v")),
    *("application/pdf", "text/plain"),
)
# How long NGINX waits when a load balancer asks whether a task is ready: with the time to connect, less than the 5 s
# that the load balancer waits itself.
_READY = Duration.parse("2s")
# The reason of the scheme behind a load balancer.
_BALANCED = "http or https, as the client asked the load balancer, which itself uses http"
# And what nobody may tell them.
_CLEARED = ("X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Ssl", "Forwarded", "Proxy")


def render_nginx(
    settings: Settings,
    releases: Sequence[Release],
    layout: Layout | None = None,
    private: str = "",
    *,
    balanced: bool = False,
) -> Tree:
    """Write `nginx.conf`, a file a site, the private status server and the error page.

    `private` is the folder of certificates and password files, below the layout's. `balanced` says that a load balancer
    of Portico's own is in front: what is written for it says so beside it.
    """
    layout = layout or lay_out(settings)
    common = _gather(settings, releases, layout, private, balanced)
    files = {"nginx.conf": _render_nginx("nginx.conf.j2", **common)}
    files["conf.d/00-status.conf"] = _render_nginx("status.conf.j2", **common)
    if balanced:
        files["conf.d/01-ready.conf"] = _render_nginx("ready.conf.j2", **common)
    files["pages/portico-unavailable.html"] = render("nginx/pages/portico-unavailable.html.j2")
    for release in releases:
        values = common | _gather_site(settings, release, common)
        files[f"{layout.sites}/{release.site.name}.conf"] = _render_nginx("site.conf.j2", **values)
        if values["shared"]:
            files[values["locations"]] = _render_nginx("path.conf.j2", **values)
    for host in common["shared_hosts"]:
        values = common | _gather_site(settings, host.releases[0], common) | {"rooted": host.rooted}
        # What all applications send, the host's own answers have too.
        others = [list_headers(settings, release.site, common["defaults"]) for release in host.releases]
        values["headers"] = [header for header in values["headers"] if all(header in other for other in others)]
        files[f"hosts/{host.folder}/server.conf"] = _render_nginx("server.conf.j2", **values)
    links = {}
    if layout.enabled != layout.sites:
        for release in releases:
            name = f"{release.site.name}.conf"
            links[f"{layout.enabled}/{name}"] = f"../{layout.sites}/{name}"
    return name_tree(files, links)


def _gather(
    settings: Settings, releases: Sequence[Release], layout: Layout, private: str, balanced: bool
) -> dict[str, Any]:
    """The values that all templates see."""
    timeout = max((release.site.gunicorn.timeout for release in releases), key=lambda value: value.amount)
    tls, routes = settings.tls, [route for release in releases for route in _list_routes(release.site)]
    scheme = "$scheme"
    if settings.client is not None and settings.client.header != "proxy_protocol":
        scheme = "$client_scheme"
    # Before 1.27.3 an upstream's names are resolved once, so a restarted container would be lost.
    variable = settings.upstream == "container" and settings.nginx_version < (1, 27, 3)
    served = [release for release in releases if not release.site.maintenance]
    sent = [(name, value.format(scheme=scheme), reason) for name, value, reason in _SENT]
    if balanced:
        sent = [(*one[:2], _BALANCED) if scheme in one[1] else one for one in sent]
    return {
        "settings": settings,
        "balanced": balanced,
        "ready_port": READY,
        "ready_timeout": _READY,
        "nginx": settings.nginx,
        "client": settings.client,
        "tls": tls,
        "version": settings.nginx_version,
        "header_buffers": HEADER_BUFFERS,
        "layout": layout,
        "private": private,
        "private_port": PRIVATE,
        "releases": releases,
        "drain": DRAIN,
        # A request that just began when the reload came may take this long and is still answered.
        "shutdown": Duration(timeout.amount + 5_000),
        "sent": sent,
        "cleared": _CLEARED,
        "scheme": scheme,
        "insists": insists(settings),
        "challenge_url": CHALLENGE_URL,
        "orders": any(settings.is_ordered(release.site) for release in releases),
        "challenges": any(_name_lead(settings, release.site) for release in releases),
        "defaults": name_defaults(release.site for release in releases),
        "tls_port": _spell_port(tls.public_port or tls.port) if tls else "",
        "proxy_protocol": settings.client is not None and settings.client.header == "proxy_protocol",
        "variable": variable,
        # As a variable, a name is asked for by sites that are served alone.
        "resolves": settings.upstream == "container" and bool(served or not variable),
        "crowded": any(release.site.limits.connections for release in releases),
        "rates": _list_rates(releases),
        # What is compressed already is of use only where files are served.
        "packed": settings.nginx.gzip.static and any(release.static or release.site.asked for release in served),
        "shown": _SHOWN if any(data.url for release in served for data in release.site.data) else (),
        "caches": list_times(routes),
        "caching": (caching := [one.site.name for one in releases if list_times(_list_routes(one.site))]),
        "kept": bound_kept(len(caching)),
        "spell_below": spell_below,
        "shared_hosts": list_shared_hosts(releases),
        "websockets": any(route.websocket for route in routes),
    }


def _gather_site(settings: Settings, release: Release, common: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the file of one site sees besides those that are `common`."""
    site, tls = release.site, settings.tls
    # By their numbers, which name the zones that limits count in.
    routes = dict(enumerate(_list_routes(site), 1))
    home = f"{common['scheme']}://{site.hosts[0]}$asked_port"
    ordered, leads = settings.is_ordered(site), _name_lead(settings, site)
    if tls and tls.redirect and not ordered:
        home = f"https://{site.hosts[0]}{common['tls_port']}"
    layout, number = common["layout"], [one.name for one in settings.sites].index(site.name)
    folder = next((host.folder for host in common["shared_hosts"] if release in host.releases), None)
    return {
        "release": release,
        "site": site,
        "shared": folder is not None,
        "folder": folder,
        "locations": f"hosts/{folder}/paths/{site.name}.conf",
        # What stands before each path of the application, and the location of what is no static file.
        "below": site.locate(""),
        # A task on ECS has one site, and what NGINX writes there lies on a disk.
        "store": f"{layout.bodies}-{number}" if layout.bodies and not common["balanced"] else "",
        "application": f"@{site.name}.application" if folder else "@application",
        "maintenance": site.maintenance,
        "ordered": ordered,
        "leads": leads,
        # Plain HTTP has a server of its own, which redirects.
        "apart": tls is not None and tls.redirect and not ordered,
        "routes": {number: route for number, route in routes.items() if route.path != "/"},
        "rest": next(((number, route) for number, route in routes.items() if route.path == "/"), (0, Route(path="/"))),
        "kept_routes": [(number, route) for number, route in routes.items() if route.cache],
        "bare": _list_bare(routes.values()),
        "hidden": spell_hidden(release.site.publish),
        "describe": _describe,
        "headers": (headers := list_headers(settings, site, common["defaults"])),
        "widest": max(len(name) for name, _ in headers),
        "home": home,
        # Gunicorn gives up first, so that a slow request ends with the application's own answer.
        "read_timeout": Duration(site.gunicorn.timeout.amount + 5_000),
    }


def _name_lead(settings: Settings, site: Site) -> str:
    """The variable that says whether plain HTTP leads to HTTPS, where that depends on what is ordered; "" elsewhere."""
    tls = settings.tls
    if tls is None or not settings.is_ordered(site) or not tls.redirect or not tls.is_trusted:
        return ""
    return f"lead_{site.name.replace('-', '_')}"


def _list_routes(site: Site) -> Sequence[Route]:
    """The routes that are written: none in maintenance, when every path has the same answer."""
    return () if site.maintenance else site.routes


def _list_bare(routes: Collection[Route]) -> list[str]:
    """The paths of folders without their slash, but for those that have a route of their own."""
    named = {route.path for route in routes}
    found = [route.path.rstrip("/") for route in routes if route.path.endswith("/")]
    return [path for path in found if path and path not in named]


def _spell_port(port: int) -> str:
    return "" if port in (80, 443) else f":{port}"


def _list_rates(releases: Sequence[Release]) -> dict[str, str]:
    """The zones that requests are counted in over time, and the rate of each."""
    rates: dict[str, str] = {}
    for release in releases:
        site = release.site
        limits = [(f"{site.name}.rate", site.limits.rate)]
        limits += [(f"{site.name}.rate.{index}", route.rate) for index, route in enumerate(_list_routes(site), 1)]
        rates |= {zone: limit.rate for zone, limit in limits if limit}
    return rates


def _describe(route: Route) -> str:
    """What a route is for, in one line."""
    for given, text in (
        (route.websocket, "WebSocket: the connection may be upgraded, and be silent for long."),
        (route.stream, "Server-sent events: each is sent at once, and silence may be long."),
        (route.cache, "Answers stored for all visitors, never those for one person."),
        (not route.buffering or not route.request_buffering, "Passed on without buffering."),
    ):
        if given:
            return text
    return "A path with limits of its own."


def _render_nginx(template: str, **values: object) -> str:
    """Render, then lay the comments of neighbouring lines under one another."""
    return align(render(f"nginx/{template}", **values))
