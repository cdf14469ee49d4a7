"""What a site's settings become in its file: routes, limits, balance, users, redirects, HTTPS, maintenance."""

import re
from pathlib import Path
from typing import Any

import pytest

from config.release import make_release
from tests.config.nginx_file import Directive, inherit, list_levels, parse_tree, servers_of
from tests.config.sample import HASH, make_full_site, make_site, read_settings, render

TLS = {"localAuthority": True}


def parse(root: Path, folder: Path, *sites: Any, **stack: Any) -> Directive:
    return parse_tree(render(root, *sites, **stack), folder)


def server_of(main: Directive) -> Directive:
    """The server that has the site's locations."""
    (server,) = (found for found in servers_of(main, "shop.example") if found.all("error_page"))
    return server


def own(location: Directive) -> set[str]:
    """The directives that a location has of its own, beside those that pass a request on."""
    return {
        f"{one.name} {' '.join(one.args)}" for one in location.block if one.name not in ("proxy_pass", "add_header")
    }


ROUTES: list[tuple[dict[str, Any], tuple[str, str], set[str]]] = [
    ({"path": "/a"}, ("=", "/a"), {"proxy_read_timeout 35s"}),
    ({"path": "/a/"}, ("^~", "/a/"), {"proxy_read_timeout 35s"}),
    ({"path": "/a", "timeout": "9s"}, ("=", "/a"), {"proxy_read_timeout 9s"}),
    ({"path": "/a", "body": "1G"}, ("=", "/a"), {"proxy_read_timeout 35s", "client_max_body_size 1g"}),
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


def test_the_root_as_a_route_is_all_that_nothing_else_names(root: Path, tmp_path: Path) -> None:
    routes = [{"path": "/a", "rate": {"rate": "1r/s"}}, {"path": "/", "cache": "10s", "rate": {"rate": "9r/s"}}]
    main = parse(root, tmp_path, make_site(routes=routes))
    server = server_of(main)
    rest = server.location("/")
    assert rest.get("proxy_cache") == "all.answers" and rest.get("limit_req") == "zone=shop.rate.2 burst=20 nodelay"
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
    assert set(location.get("proxy_cache_bypass").split()) >= {"$http_cookie", "$http_authorization"}
    assert set(location.get("proxy_no_cache").split()) >= {
        *("$http_cookie", "$http_authorization", "$upstream_http_set_cookie"),
    }
    assert {"$scheme", "$host", "$request_uri"} <= set(location.get("proxy_cache_key").replace("$", " $").split())
    assert ("X-Cache", "$upstream_cache_status", "always") in location.all("add_header")
    (zone,) = main.find("proxy_cache_path")
    assert f"keys_zone={location.get('proxy_cache')}:10m" in zone.args


def test_no_cache_is_opened_where_no_route_asks_for_one(root: Path, tmp_path: Path) -> None:
    assert [one.name for one in parse(root, tmp_path).walk() if one.name.startswith("proxy_cache")] == []


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


@pytest.mark.parametrize("balance", ["round_robin", "least_conn", "ip_hash", "random"])
def test_balance_stands_before_keepalive(root: Path, tmp_path: Path, balance: str) -> None:
    (upstream,) = parse(root, tmp_path, make_site(balance=balance)).find("upstream")
    names = [one.name for one in upstream.block]
    assert (balance in names) == (balance != "round_robin")
    assert balance == "round_robin" or names.index(balance) < names.index("keepalive")


def test_each_replica_has_its_weight(root: Path, tmp_path: Path) -> None:
    (upstream,) = parse(root, tmp_path, make_site(weights=[3, 1], replicas=2)).find("upstream")
    assert [args[1:] for args in upstream.all("server")] == [("max_fails=0", "weight=3"), ("max_fails=0", "weight=1")]


@pytest.mark.parametrize(
    ("stack", "home"),
    [
        ({"port": 80}, "http://shop.example$request_uri"),
        ({"port": 8080}, "http://shop.example:8080$request_uri"),
        ({"tls": TLS}, "https://shop.example:8443$request_uri"),
        ({"tls": TLS | {"port": 443}}, "https://shop.example$request_uri"),
        ({"tls": TLS | {"redirect": False}}, "http://shop.example:8080$request_uri"),
    ],
    ids=str,
)
def test_aliases_lead_to_the_first_host_by_a_308(root: Path, tmp_path: Path, stack: dict[str, Any], home: str) -> None:
    main = parse(root, tmp_path, make_site(aliases=["www.shop.example", "*.old.example"]), **stack)
    (server,) = servers_of(main, "www.shop.example")
    assert server.get("server_name") == "www.shop.example *.old.example"
    assert server.get("return") == f"308 {home}" and server.find("location") == []


@pytest.mark.parametrize(("port", "spelled"), [(443, ""), (8443, ":8443")])
def test_plain_http_leads_to_https_by_a_308(root: Path, tmp_path: Path, port: int, spelled: str) -> None:
    main = parse(root, tmp_path, tls=TLS | {"port": port})
    plain, secure = servers_of(main, "shop.example")
    assert plain.all("listen") == [("8080",)] and plain.find("location") == []
    assert plain.get("return") == f"308 https://$host{spelled}$request_uri"
    assert secure.all("listen") == [("8443", "ssl")]
    assert ("Host", f"$host{spelled}") in [found.args for found in main.find("proxy_set_header")]


def test_without_the_redirect_one_server_answers_both(root: Path, tmp_path: Path) -> None:
    (server,) = servers_of(parse(root, tmp_path, tls=TLS | {"redirect": False}), "shop.example")
    assert server.all("listen") == [("8080",), ("8443", "ssl")]


def test_an_unknown_name_gets_no_handshake(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, tls=TLS)
    plain, secure = servers_of(main, "_")
    assert plain.get("return") == "444" and plain.all("listen") == [("8080", "default_server")]
    assert secure.get("ssl_reject_handshake") == "on"
    assert secure.all("listen") == [("8443", "ssl", "default_server")]


@pytest.mark.parametrize(
    ("profile", "protocols", "ciphers"), [("modern", "TLSv1.3", False), ("intermediate", "TLSv1.2 TLSv1.3", True)]
)
def test_a_profile_is_mozillas(root: Path, tmp_path: Path, profile: str, protocols: str, ciphers: bool) -> None:
    (http,) = parse(root, tmp_path, tls=TLS | {"profile": profile}).find("http")
    assert http.get("ssl_protocols") == protocols and http.get("ssl_session_tickets") == "off"
    assert bool(http.all("ssl_ciphers")) == ciphers
    for cipher in http.get("ssl_ciphers").split(":") if ciphers else ():
        assert cipher.startswith("ECDHE-") and ("GCM" in cipher or "POLY1305" in cipher)


@pytest.mark.parametrize(
    ("header", "recursive"),
    [("X-Forwarded-For", True), ("X-Real-IP", False), ("CF-Connecting-IP", False), ("proxy_protocol", False)],
)
def test_proxies_in_front_are_believed_and_nobody_else(
    root: Path, tmp_path: Path, header: str, recursive: bool
) -> None:
    main = parse(root, tmp_path, client={"proxies": ["10.0.0.0/8", "fd00::/8"], "header": header}, tls=TLS)
    (http,) = main.find("http")
    assert http.all("set_real_ip_from") == [("10.0.0.0/8",), ("fd00::/8",)]
    assert http.get("real_ip_header") == header
    assert http.all("real_ip_recursive") == ([("on",)] if recursive else [])
    for server in http.find("server"):
        for args in server.all("listen"):
            public = not args[0].startswith("127.0.0.1")
            assert ("proxy_protocol" in args) == (public and header == "proxy_protocol")


def test_without_proxies_the_peer_is_the_client(root: Path, tmp_path: Path) -> None:
    assert [one.name for one in parse(root, tmp_path).walk() if "real_ip" in one.name] == []


def test_users_guard_the_whole_site(root: Path, tmp_path: Path) -> None:
    server = server_of(parse(root, tmp_path, make_full_site(users={"ann": HASH})))
    assert server.get("auth_basic") == "shop"
    assert server.get("auth_basic_user_file") == "/etc/portico/private/private-digest/shop.users"
    assert [found.args for found in server.find("auth_basic")] == [("shop",)]


@pytest.mark.parametrize("route", [None, {"path": "/events", "stream": True}, {"path": "/ws", "websocket": True}])
def test_in_maintenance_nothing_reaches_the_application(
    root: Path, tmp_path: Path, route: dict[str, Any] | None
) -> None:
    server = server_of(parse(root, tmp_path, make_site(maintenance=True, routes=[route] if route else [])))
    assert server.find("proxy_pass") == []
    answered = [found for found in server.block if found.name == "location" and "unavailable" not in found.args[-1]]
    assert all(found.get("return") == "503" for found in answered) and len(answered) == 1
    page = server.location("=", "/portico-unavailable.html")
    assert ("Retry-After", "300", "always") in page.all("add_header") and page.all("internal") == [()]


def test_in_maintenance_no_directive_is_dead(root: Path, tmp_path: Path) -> None:
    server = server_of(parse(root, tmp_path, make_full_site(maintenance=True)))
    assert [one.name for one in server.walk() if one.name.startswith("proxy_")] == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *(("app.3f2a9c1b.js", True), ("app.55e7cbb9ba48.css", True), ("app.00000000a.js", True)),
        *(("report.20261123.pdf", False), ("backup.20261123094500.csv", False), ("app.js", False)),
        *(("a.deadbee.js", False), ("app.3F2A9C1B.js", False), ("app.3f2a9c1b", False)),
    ],
)
def test_a_date_is_no_digest(root: Path, tmp_path: Path, name: str, kept: bool) -> None:
    location = server_of(parse(root, tmp_path)).location("^~", "/static/")
    (pattern,) = (found.args[1] for found in location.find("location") if found.args[0] == "~")
    assert bool(re.search(pattern, f"/static/{name}")) == kept


@pytest.mark.parametrize("immutable", [True, False])
def test_only_a_name_with_a_digest_is_kept_for_ever(root: Path, tmp_path: Path, immutable: bool) -> None:
    location = server_of(parse(root, tmp_path, make_site(immutable=immutable))).location("^~", "/static/")
    said = {found.args[1] for found in location.find("add_header") if found.args[0] == "Cache-Control"}
    assert said == {"no-cache"} | ({"public, max-age=31536000, immutable"} if immutable else set())
    assert len(location.find("location")) == (2 if immutable else 0)


@pytest.mark.parametrize(
    "site", [make_site(name="a", hosts=["a.example"]), make_site(name="b", hosts=["b.example"], replicas=3)], ids=str
)
def test_replicas_of_one_site_have_addresses_of_their_own(root: Path, site: dict[str, Any]) -> None:
    for upstream in ("tcp", "socket", "container"):
        settings = read_settings(root, site, upstream=upstream)
        made = make_release(settings, settings.sites[0], root, {})
        assert len(set(made.upstream)) == made.replicas


@pytest.mark.parametrize("upstream", ["tcp", "socket", "container"])
def test_no_site_is_sent_to_anothers_replicas(root: Path, upstream: str) -> None:
    settings = read_settings(root, make_site(), make_site(name="b", hosts=["b.example"]), upstream=upstream)
    shop, other = (make_release(settings, site, root, {}) for site in settings.sites)
    assert not set(shop.upstream) & set(other.upstream)


def test_the_host_names_the_port_that_the_request_came_by(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, port=8080, tls=TLS | {"redirect": False, "port": 8443})
    (found,) = (found for found in main.find("map") if found.args == ("$scheme", "$public_port"))
    assert [(one.name, one.args) for one in found.block] == [
        ("default", ("",)),
        ("http", (":8080",)),
        ("https", (":8443",)),
    ]
    server = server_of(main)
    told = {found.args[1] for found in main.find("proxy_set_header") if found.args[0] == "Host"}
    assert told == {"$host$public_port", "$site_host"} and server.get("server_name") == "shop.example"


def test_behind_a_proxy_the_host_is_the_clients(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, port=8080, client={"proxies": ["10.0.0.0/8"]})
    (http,) = main.find("http")
    assert [args[1] for args in http.all("proxy_set_header") if args[0] == "Host"] == ["$host"]
    assert "public_port" not in str(main)


def test_behind_a_proxy_its_word_for_http_or_https_is_taken_and_nobody_elses(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, client={"proxies": ["10.0.0.0/8", "fd00::/8"]})
    (known,) = main.find("geo")
    assert known.args == ("$realip_remote_addr", "$is_proxy")
    assert [(one.name, one.args) for one in known.block] == [
        *(("default", ("0",)), ("10.0.0.0/8", ("1",)), ("fd00::/8", ("1",)))
    ]
    (said,) = (found for found in main.find("map") if found.args[1] == "$client_scheme")
    assert said.args[0] == "$is_proxy:$http_x_forwarded_proto"
    assert {one.name: one.args for one in said.block} == {
        "default": ("$scheme",),
        "1:http": ("http",),
        "1:https": ("https",),
    }
    told = {found.args[1] for found in main.find("proxy_set_header") if found.args[0] == "X-Forwarded-Proto"}
    assert told == {"$client_scheme"}


@pytest.mark.parametrize("client", [None, {"proxies": ["10.0.0.0/8"], "header": "proxy_protocol"}], ids=str)
def test_where_no_proxy_speaks_http_the_scheme_is_ours(
    root: Path, tmp_path: Path, client: dict[str, Any] | None
) -> None:
    main = parse(root, tmp_path, client=client)
    told = {found.args[1] for found in main.find("proxy_set_header") if found.args[0] == "X-Forwarded-Proto"}
    assert told == {"$scheme"} and main.find("geo") == []


@pytest.mark.parametrize(("cache", "said"), [("500ms", "1s"), ("10s", "10s"), ("1500ms", "2s"), ("2m", "120s")])
def test_an_answer_is_kept_for_whole_seconds(root: Path, tmp_path: Path, cache: str, said: str) -> None:
    (found,) = parse(root, tmp_path, make_site(routes=[{"path": "/a", "cache": cache}])).find("proxy_cache_valid")
    assert found.args == ("200", "301", said)
