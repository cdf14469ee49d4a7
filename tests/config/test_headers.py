"""Headers that NGINX adds are complete in every location, whatever a location adds of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.config.nginx_file import Directive, inherit, list_levels, parse_tree, said, servers_of
from tests.config.sample import EVEN, make_full_site, make_site, render

# Either side of 1.29.3, where a location's own headers come to lie on top of the server's.
VERSIONS = ["1.22.1", "1.26.3", "1.29.2", "1.29.3", "1.30.6", "1.31.3"]
PASSED = {
    *("Connection", "Host", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"),
    *("X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Ssl", "Forwarded", "Proxy", "X-Request-ID"),
}
SENT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Request-ID": "$request_id",
}
STRICT = ("Strict-Transport-Security", "$strict_transport", "always")
# A 404 of a moment must not be kept for a year, so this one is said of what is there alone.
KEPT = ("Cache-Control", "public, max-age=31536000, immutable")
SITES: dict[str, dict[str, Any]] = {
    "plain": make_site(),
    "every route": make_full_site(),
    "maintenance": make_full_site(maintenance=True),
    "nothing immutable": make_site(immutable=False),
}


def list_places(main: Directive) -> Iterator[tuple[str, tuple[Directive, ...]]]:
    """Every place that may answer for shop.example: the server and its locations, each with what is above it."""
    for server in servers_of(main, "shop.example"):
        if server.block[-1].name == "location":
            for levels in list_levels(server):
                yield " > ".join(" ".join(level.args) for level in levels[1:]) or "server", levels


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SITES[request.param]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_whole_set_is_sent_from_every_location(
    root: Path, tmp_path: Path, site: dict[str, Any], version: str
) -> None:
    tls = {"certificate": {"certificate": "a.crt", "key": "a.key"}}
    main = parse_tree(render(root, site | tls, nginxImage=f"nginx:{version}", tls={}), tmp_path)
    merge = [args for _, levels in list_places(main) for level in levels for args in level.all("add_header_inherit")]
    assert set(merge) <= {("merge",)}
    places = list(list_places(main))
    assert len(places) >= (3 if site.get("maintenance") else 4)
    for place, levels in places:
        headers = inherit(levels, "add_header", merge=bool(merge))
        names = [args[0] for args in headers]
        assert len(names) == len(set(names)), place
        assert {name: said(main, args[0]) for name, *args in headers if name in SENT} == SENT, place
        assert STRICT in headers, place
        assert (KEPT in headers) == ("[0-9a-f]{8,64}" in place), place
        assert all(args[-1] == "always" for args in headers if args != KEPT), place


@pytest.mark.parametrize("upstream", ["socket", "container"])
@pytest.mark.parametrize("version", VERSIONS)
def test_everything_the_application_is_reported_is_set_where_anything_is_set(
    root: Path, tmp_path: Path, site: dict[str, Any], version: str, upstream: str
) -> None:
    if upstream == "container" and version in ("1.22.1", "1.26.3"):
        site = site | EVEN
    main = parse_tree(render(root, site, nginxImage=f"nginx:{version}", upstream=upstream), tmp_path)
    (http,) = main.find("http")
    common = {name: value for name, value in http.all("proxy_set_header")}
    assert set(common) == PASSED
    for place, (server, *levels) in list_places(main):
        reported = {name: value for name, value in inherit((http, server, *levels), "proxy_set_header")}
        own = {} if reported == common else {"Upgrade": "$http_upgrade", "Connection": "$connection_upgrade"}
        assert reported == common | own, place


@pytest.mark.parametrize("name", sorted(PASSED - {"Connection", "X-Request-ID", "Host"}))
def test_nothing_that_the_client_says_is_passed_on(root: Path, tmp_path: Path, name: str) -> None:
    main = parse_tree(render(root, make_full_site()), tmp_path)
    reported = {
        args[1] for found in main.walk() if found.name == "proxy_set_header" for args in [found.args] if args[0] == name
    }
    assert reported <= {"", "$remote_addr", "$scheme"} and len(reported) == 1


def test_the_readiness_page_asks_as_every_other_location_does(root: Path, tmp_path: Path) -> None:
    main = parse_tree(render(root), tmp_path)
    (http,) = main.find("http")
    location = main.location("=", "/readyz/shop")
    (server,) = (found for found in main.find("server") if location in found.block)
    common = {name: value for name, value in http.all("proxy_set_header")}
    reported = {name: value for name, value in inherit((http, server, location), "proxy_set_header")}
    # Connection is NGINX's own at this level (`close`): never the asker's.
    assert reported | {"Connection": ""} == common | {"Host": "$site_host"}
    assert location.get("set") == "$site_host shop.example"


@pytest.mark.parametrize(
    ("tls", "sent"),
    [
        (None, False),
        ({}, True),
        ({"hsts": False}, False),
        ({"localAuthority": True}, False),
        ({"redirect": False}, True),
    ],
    ids=str,
)
def test_browsers_insist_on_https_only_with_a_certificate_of_the_sites_own(
    root: Path, tls: dict[str, Any] | None, sent: bool
) -> None:
    own = {"certificate": {"certificate": "a.crt", "key": "a.key"}}
    files = render(root, make_site(**own if tls is not None else {}), tls=tls).files
    assert ("add_header Strict-Transport-Security $strict_transport always;" in files["conf.d/shop.conf"]) == sent
    assert ("Strict-Transport-Security" in "".join(files.values())) == sent
    assert ("$strict_transport" in files["nginx.conf"]) == sent


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"contentSecurityPolicy": ""}, "Content-Security-Policy"),
        ({"referrerPolicy": ""}, "Referrer-Policy"),
        ({"permissionsPolicy": ""}, "Permissions-Policy"),
        ({"frameOptions": ""}, "X-Frame-Options"),
        ({"nosniff": False}, "X-Content-Type-Options"),
    ],
    ids=str,
)
def test_a_header_can_be_left_out(root: Path, headers: dict[str, Any], name: str) -> None:
    text = render(root, make_site(headers=headers)).files["conf.d/shop.conf"]
    assert name not in text
    assert all(other in text for other in SENT if other != name)


@pytest.mark.parametrize("value", ["default-src 'self'; script-src 'nonce-a'", "a#b", "x=(self), y=*", "%20&?@+~-"])
def test_a_headers_text_arrives_as_it_is(root: Path, tmp_path: Path, value: str) -> None:
    main = parse_tree(render(root, make_site(headers={"contentSecurityPolicy": value})), tmp_path)
    reported = {said(main, f.args[1]) for f in main.find("add_header") if f.args[0] == "Content-Security-Policy"}
    assert reported == {value}


@pytest.mark.parametrize("version", ["1.26.3", "1.30.6"])
def test_an_error_is_never_kept_for_ever(root: Path, tmp_path: Path, version: str) -> None:
    main = parse_tree(render(root, nginxImage=f"nginx:{version}"), tmp_path)
    assert [found.args for found in main.find("add_header") if "immutable" in found.args[1]] == [KEPT]


@pytest.mark.parametrize("site", [{"aliases": ["www.shop.example"]}, {}], ids=["aliases", "no redirect"])
def test_hsts_is_not_sent_over_plain_http(root: Path, tmp_path: Path, site: dict[str, Any]) -> None:
    own = make_site(certificate={"certificate": "a.crt", "key": "a.key"}, **site)
    main = parse_tree(render(root, own, tls={"redirect": bool(site)}), tmp_path)
    # NGINX leaves a header out whose value is empty, and a map without `default` is empty where nothing fits.
    (found,) = (found for found in main.find("map") if found.args[1:] == ("$strict_transport",))
    assert [(one.name, one.args) for one in found.block] == [("on:", ("max-age=31536000",))]
    said = {found.args for found in main.find("add_header") if found.args[0] == "Strict-Transport-Security"}
    assert said == {STRICT}
    for server in main.find("server"):
        if any(args[0] == "Strict-Transport-Security" for args in server.all("add_header")):
            assert any("ssl" in args for args in server.all("listen"))


def test_packed_files_say_that_they_vary(root: Path, tmp_path: Path) -> None:
    main = parse_tree(render(root, nginx={"gzip": {"level": 0}}), tmp_path)
    assert [found.args for found in main.find("gzip_static")] == [("on",)]
    assert [found.args for found in main.find("gzip_vary")] == [("on",)]


def test_sites_with_the_same_header_share_one_text(root: Path, tmp_path: Path) -> None:
    """A thousand sites make no thousand variables: NGINX's table of them is small."""
    other = {"frameOptions": "DENY"}
    sites = [make_site(name=f"s{index}", hosts=[f"s{index}.example"]) for index in range(5)]
    sites += [make_site(name=name, hosts=[f"{name}.example"], headers=other) for name in ("t", "u")]
    main = parse_tree(render(root, *sites), tmp_path)
    framed = [found for found in main.find("map") if found.args[0] == "$upstream_http_x_frame_options"]
    assert [found.get("") for found in framed] == ["SAMEORIGIN", "DENY"]
    assert len({found.args[1] for found in main.find("map")}) == len(main.find("map"))
    for host, text in (("s4.example", "SAMEORIGIN"), ("u.example", "DENY")):
        (server,) = servers_of(main, host)
        (sent,) = (args[1] for args in server.all("add_header") if args[0] == "X-Frame-Options")
        assert said(main, sent) == text
