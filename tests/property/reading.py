"""Questions to a configuration that was read back."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from portico.config.settings import Settings, Site
from portico.config.settings.route import Route
from tests.config.nginx_file import Directive

_SECONDS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_BYTES: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def milliseconds(text: str) -> int:
    """NGINX's spelling of a duration."""
    match = re.fullmatch(r"([0-9]+)([a-z]+)", text)
    assert match, text
    return int(match[1]) * _SECONDS[match[2]]


def octets(text: str) -> int:
    """NGINX's spelling of a size."""
    match = re.fullmatch(r"([0-9]+)([kmg]?)", text)
    assert match, text
    return int(match[1]) * _BYTES[match[2]]


def only(block: Directive, name: str) -> Directive:
    """The only directive of that name directly inside."""
    (found,) = (inner for inner in block.block if inner.name == name)
    return found


def listed(block: Directive, name: str) -> list[tuple[str, ...]]:
    """The arguments of all directives of that name directly inside."""
    return [inner.args for inner in block.block if inner.name == name]


def value(block: Directive, name: str) -> str | None:
    """The arguments of a directive directly inside, as one text; None where there is none."""
    found = listed(block, name)
    assert len(found) <= 1, f"{name} stands {len(found)} times"
    return " ".join(found[0]) if found else None


def find_server(main: Directive, *names: str) -> Directive:
    """The server that answers the applications' requests to these host names."""
    (found,) = (
        server
        for server in only(main, "http").block
        if server.name == "server" and listed(server, "server_name") == [names] and listed(server, "location")
    )
    return found


def find_redirects(main: Directive, *names: str) -> list[Directive]:
    """The servers that send these host names elsewhere."""
    return [
        server
        for server in only(main, "http").block
        if server.name == "server" and listed(server, "server_name") == [names] and not listed(server, "location")
    ]


def find_location(server: Directive, *args: str) -> Directive:
    (found,) = (inner for inner in server.block if inner.name == "location" and inner.args == args)
    return found


def is_shared(settings: Settings, site: Site) -> bool:
    """Whether the host of a site has more than this site at /."""
    return site.path != "/" or any(one.path != "/" and set(one.hosts) & set(site.hosts) for one in settings.sites)


def find_place(main: Directive, settings: Settings, site: Site) -> Directive:
    """What holds all of a site: its server, or a location of the server that it shares."""
    server = find_server(main, *site.hosts)
    place = find_location(server, site.locate("/")) if is_shared(settings, site) else server
    if not site.asked or site.maintenance:
        return place
    # There what passes on stands in a location with a name. As it is elsewhere, without what is said of the site.
    files, application = find_location(place, site.locate("/")), find_application(server, settings, site)
    own = {(one.name, one.args) for one in place.block} if is_shared(settings, site) else set()
    passed = tuple(one for one in application.block if (one.name, one.args) not in own)
    names = {one.name for one in passed}
    dry = ("limit_req_dry_run", ("on",))
    if dry in own and "limit_req" in names and dry not in {(one.name, one.args) for one in application.block}:
        # A limit of its own: it stands outside of its site there, whose word about limits does not count.
        passed += (Directive(name="limit_req_dry_run", args=("off",), block=()),)
    rest = replace(application, args=files.args, block=passed)
    return replace(place, block=tuple(rest if one is files else one for one in place.block))


def find_application(server: Directive, settings: Settings, site: Site) -> Directive:
    """Where all goes that is no static file, where there are any."""
    return find_location(server, f"@{site.name}.application" if is_shared(settings, site) else "@application")


def find_rest(place: Directive, site: Site) -> Directive:
    """The location of everything that has no other, in the place of a site."""
    return find_location(place, site.locate("/"))


def find_route(place: Directive, site: Site, route: Route) -> Directive:
    """The location of a route, in the place of a site; "/" is everything that has none."""
    mark = () if route.path == "/" else ("^~",) if route.path.endswith("/") else ("=",)
    return find_location(place, *mark, site.locate(route.path))


def find_upstream(main: Directive, name: str) -> Directive:
    (found,) = (inner for inner in only(main, "http").block if inner.name == "upstream" and inner.args == (name,))
    return found


def walk_with_parents(block: Directive, *parents: Directive) -> Iterator[tuple[Directive, tuple[Directive, ...]]]:
    """Every directive inside and the blocks around it, the outermost first."""
    for inner in block.block:
        yield inner, (*parents, block)
        yield from walk_with_parents(inner, *parents, block)


def inherited(name: str, chain: tuple[Directive, ...]) -> list[tuple[str, ...]]:
    """What is in force in the last block of `chain`: the innermost block that has any says all."""
    return next((found for block in reversed(chain) if (found := listed(block, name))), [])


def in_force(name: str, chain: tuple[Directive, ...]) -> str | None:
    """The same of a directive that stands once."""
    found = inherited(name, chain)
    return " ".join(found[-1]) if found else None
