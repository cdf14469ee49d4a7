"""What a route becomes: a location that says what differs, its limits, its cache."""

import re
from pathlib import Path
from typing import Any

import pytest

from portico.config.render.caching import KEYS, bound_kept, spell_below
from portico.config.settings.nginx import ANSWERS
from portico.config.settings.quantity import Size
from tests.config.nginx_file import Directive, inherit, list_levels
from tests.config.sample import make_full_site, make_site, parse, server_of

ROUTES: list[tuple[dict[str, Any], tuple[str, str], set[str]]] = [
    ({"path": "/a"}, ("=", "/a"), {"proxy_read_timeout 35s"}),
    ({"path": "/a/"}, ("^~", "/a/"), {"proxy_read_timeout 35s"}),
    ({"path": "/a", "timeout": "9s"}, ("=", "/a"), {"proxy_read_timeout 9s"}),
    ({"path": "/a", "body": "9M"}, ("=", "/a"), {"proxy_read_timeout 35s", "client_max_body_size 9m"}),
    ({"path": "/a", "buffering": False}, ("=", "/a"), {"proxy_read_timeout 35s", "proxy_buffering off"}),
    ({"path": "/a", "requestBuffering": False}, ("=", "/a"), {"proxy_read_timeout 35s", "proxy_request_buffering off"}),
    ({"path": "/a", "stream": True}, ("=", "/a"), {"proxy_read_timeout 1h", "proxy_buffering off", "gzip off"}),
    (
        {"path": "/a", "stream": True, "timeout": "2h"},
        ("=", "/a"),
        {"proxy_read_timeout 2h", "proxy_buffering off", "gzip off"},
    ),
    (
        {"path": "/a", "rate": {"rate": "9r/m"}},
        ("=", "/a"),
        {"proxy_read_timeout 35s", "limit_req zone=shop.rate.1 burst=20 nodelay"},
    ),
    (
        {"path": "/a", "rate": {"rate": "9r/m", "burst": 0, "dryRun": True}},
        ("=", "/a"),
        {"proxy_read_timeout 35s", "limit_req zone=shop.rate.1", "limit_req_dry_run on"},
    ),
]


def own(location: Directive) -> set[str]:
    """The directives that a location has of its own, beside those that pass a request on."""
    return {
        f"{one.name} {' '.join(one.args)}" for one in location.block if one.name not in ("proxy_pass", "add_header")
    }


def test_the_root_as_a_route_is_all_that_nothing_else_names(root: Path, tmp_path: Path) -> None:
    routes = [{"path": "/a", "rate": {"rate": "1r/s"}}, {"path": "/", "cache": "10s", "rate": {"rate": "9r/s"}}]
    main = parse(root, tmp_path, make_site(routes=routes))
    server = server_of(main)
    rest = server.location("/")
    assert rest.get("proxy_cache") == "shop.answers" and rest.get("limit_req") == "zone=shop.rate.2 burst=20 nodelay"
    assert server.location("=", "/a").all("proxy_cache") == []
    assert server.location("^~", "/static/").find("proxy_pass") == []
    assert [args[1:] for args in main.find("http")[0].all("limit_req_zone")] == [
        ("zone=shop.rate.1:10m", "rate=1r/s"),
        ("zone=shop.rate.2:10m", "rate=9r/s"),
    ]


@pytest.mark.parametrize(("route", "args", "said"), ROUTES, ids=[str(row[0]) for row in ROUTES])
def test_a_route_says_what_differs_and_nothing_else(
    root: Path, tmp_path: Path, route: dict[str, Any], args: tuple[str, str], said: set[str]
) -> None:
    location = server_of(parse(root, tmp_path, make_site(routes=[route]))).location(*args)
    assert own(location) == said and location.get("proxy_pass") == "http://shop"


def test_a_websocket_is_upgraded_and_may_be_silent(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, make_site(routes=[{"path": "/ws", "websocket": True}]))
    location = server_of(main).location("=", "/ws")
    assert (location.get("proxy_read_timeout"), location.get("proxy_send_timeout")) == ("1h", "1h")
    assert ("Upgrade", "$http_upgrade") in location.all("proxy_set_header")
    (mapped,) = (found for found in main.find("map") if found.args[1] == "$connection_upgrade")
    # Without an upgrade the connection to Gunicorn stays open.
    assert [(one.name, *one.args) for one in mapped.block] == [("default", "upgrade"), ("", "")]


def test_no_map_without_a_websocket(root: Path, tmp_path: Path) -> None:
    assert "$connection_upgrade" not in [found.args[1] for found in parse(root, tmp_path).find("map")]


def test_what_is_kept_for_everybody_is_never_for_one(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, make_site(routes=[{"path": "/news", "cache": "10s"}]))
    location = server_of(main).location("=", "/news")
    assert location.get("proxy_cache_valid") == "200 301 10s"
    assert location.get("proxy_cache_bypass").split() == ["$for_somebody", "$with_body"]
    assert location.get("proxy_no_cache").split() == [
        *("$for_somebody", "$with_body", "$answer_for_somebody", "$answer_too_long", "$not_for_10s"),
    ]
    # Of each part it is known where it ends: none holds a space.
    key = location.get("proxy_cache_key").split(" ")
    assert key[0] == "shop" and len(key[1]) == 12 and key[2:] == ["$scheme", "$host$asked_port", "$request_uri"]
    assert ("X-Cache", "$upstream_cache_status", "always") in location.all("add_header")
    (zone,) = main.find("proxy_cache_path")
    assert f"keys_zone={location.get('proxy_cache')}:{KEYS}" in zone.args


@pytest.mark.parametrize("sites", [1, 2, 3, 5, 6, 11, 12, 40])
def test_all_that_is_kept_fits_whatever_is_asked_for(root: Path, tmp_path: Path, sites: int) -> None:
    """What NGINX may name for all sites, each of the longest that is kept, and what is in flight."""
    made = [
        make_site(name=f"a{one}", hosts=[f"a{one}.example"], routes=[{"path": "/", "cache": "1s"}])
        for one in range(sites)
    ]
    main = parse(root, tmp_path, *made)
    places = [zone.args[0] for zone in main.find("proxy_cache_path")]
    assert places == [f"/tmp/cache-a{one}" for one in range(sites)]
    kept = bound_kept(sites)
    # NGINX needs two pages of these names for itself, and 128 bytes for each.
    names = (Size.parse(KEYS).bytes // 4096 - 2) * 4096 // 128
    assert (names * sites + 256) * (kept.bytes + 4096) < ANSWERS.bytes
    (known,) = (found for found in main.find("map") if found.args[1] == "$answer_too_long")
    pattern = re.compile(known.block[1].name.strip('"').removeprefix("~"))
    for length, fits in (("0", True), (f"0{kept.bytes}", True), (str(kept.bytes + 1), False), ("99999999", False)):
        assert bool(pattern.match(length)) == fits, length


def test_what_finds_no_space_is_passed_on_and_not_kept(root: Path, tmp_path: Path) -> None:
    routes = [{"path": "/news/", "cache": "10s", "timeout": "9s"}]
    server = server_of(parse(root, tmp_path, make_site(routes=routes)))
    kept, unkept = server.location("^~", "/news/"), server.location("@shop.unkept.1")
    assert ("500", "=", "@shop.unkept.1") in kept.all("error_page")
    assert (unkept.get("proxy_pass"), unkept.get("proxy_read_timeout")) == ("http://shop", "9s")
    assert not unkept.all("proxy_cache")
    # A body that found no space is not whole.
    (refused,) = unkept.find("if")
    assert refused.args == ("$with_body",)


@pytest.mark.parametrize("number", [1, 2, 9, 10, 11, 19, 60, 99, 100, 101, 120, 599, 600, 3600, 86400])
def test_shorter_times_are_reported_from_longer_ones(number: int) -> None:
    pattern = re.compile(f'max-age *= *"?0*{spell_below(number)}')
    tried = {*range(130), *range(number - 12, number + 12), number * 10, number * 10 - 1, number // 10, 31536000}
    for one in tried - {-1}:
        if one >= 0:
            for text in (f"max-age={one}", f"max-age = {one}, public", f'max-age="{one}"', f"max-age=00{one}"):
                assert bool(pattern.search(text)) == (one < number), text


def test_a_key_names_who_is_asked_by_the_scheme_that_is_reported(root: Path, tmp_path: Path) -> None:
    proxies = {"proxies": ["10.0.0.0/16"], "header": "X-Forwarded-For"}
    main = parse(root, tmp_path, make_site(routes=[{"path": "/news", "cache": "10s"}]), client=proxies)
    assert server_of(main).location("=", "/news").get("proxy_cache_key").split(" ")[2] == "$client_scheme"


def test_no_cache_is_opened_where_no_route_asks_for_one(root: Path, tmp_path: Path) -> None:
    assert [one.name for one in parse(root, tmp_path).walk() if one.name.startswith("proxy_cache")] == []


@pytest.mark.parametrize(("cache", "said"), [("10s", "10s"), ("3000ms", "3s"), ("2m", "120s")])
def test_an_answer_is_kept_for_whole_seconds(root: Path, tmp_path: Path, cache: str, said: str) -> None:
    (found,) = parse(root, tmp_path, make_site(routes=[{"path": "/a", "cache": cache}])).find("proxy_cache_valid")
    assert found.args == ("200", "301", said)


@pytest.mark.parametrize(
    "site", [make_site(limits={"connections": 0}), make_site(), make_full_site()], ids=["a", "b", "c"]
)
def test_every_zone_that_is_counted_in_exists_and_every_other_does_not(
    root: Path, tmp_path: Path, site: dict[str, Any]
) -> None:
    main = parse(root, tmp_path, site)
    used = {found.args[0] for found in main.find("limit_conn")}
    used |= {found.args[0].removeprefix("zone=") for found in main.find("limit_req")}
    zones = [found.args[1] for name in ("limit_conn_zone", "limit_req_zone") for found in main.find(name)]
    assert {zone.removeprefix("zone=").partition(":")[0] for zone in zones} == used and len(zones) == len(used)


def test_zones_of_different_sites_are_different(root: Path, tmp_path: Path) -> None:
    limits = {"rate": {"rate": "10r/s"}}
    sites = [make_site(limits=limits), make_site(name="blog", hosts=["b.example"], limits=limits)]
    zones = [found.args[1] for found in parse(root, tmp_path, *sites).find("limit_req_zone")]
    assert zones == ["zone=shop.rate:10m", "zone=blog.rate:10m"]


def test_a_route_refuses_what_it_says_where_the_site_only_logs(root: Path, tmp_path: Path) -> None:
    limits = {"rate": {"rate": "10r/s", "dryRun": True}}
    site = make_site(limits=limits, routes=[{"path": "/login", "rate": {"rate": "1r/s"}}])
    server = server_of(parse(root, tmp_path, site))
    for levels in list_levels(server):
        if levels[-1].args == ("=", "/login"):
            assert inherit(levels, "limit_req_dry_run") == [("off",)]
            break
    else:
        pytest.fail("there is no such location")
