"""NGINX's files say what the settings say, and fit the version that reads them."""

import re
from pathlib import Path
from typing import Any

import pytest

from portico.config.release.assemble import make_release
from portico.config.settings import Duration
from tests.config.nginx_file import Directive, parse_tree
from tests.config.sample import make_site, read_settings, render

BLOG = make_site(name="blog", hosts=["blog.example", "*.blog.example"], gunicorn={"timeout": "2m"}, body="64M")


@pytest.fixture
def http(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Directive:
    (found,) = parse_tree(render(root, make_site(), BLOG), tmp_path_factory.mktemp("tree")).find("http")
    return found


def server_of(http: Directive, name: str) -> Directive:
    (found,) = (
        server for server in http.find("server") if server.block and _names(server) and _names(server)[0] == name
    )
    return found


def _names(server: Directive) -> tuple[str, ...]:
    return next((inner.args for inner in server.block if inner.name == "server_name"), ())


def _seconds(text: str) -> float:
    return Duration.parse(text).amount / 1000


def test_files_are_named_after_their_site(root: Path) -> None:
    files = render(root, make_site(), BLOG).files
    assert set(files) == {
        *("nginx.conf", "conf.d/00-status.conf", "conf.d/shop.conf", "conf.d/blog.conf"),
        "pages/portico-unavailable.html",
    }


def test_a_site_called_status_has_a_file_of_its_own(root: Path) -> None:
    files = render(root, make_site(name="status")).files
    assert {"conf.d/00-status.conf", "conf.d/status.conf"} <= set(files)
    assert "stub_status" in files["conf.d/00-status.conf"] and "shop.example" in files["conf.d/status.conf"]


def test_rendering_again_gives_the_same_files(root: Path) -> None:
    assert render(root, make_site(), BLOG) == render(root, make_site(), BLOG)


def test_a_tree_says_its_own_digest(root: Path) -> None:
    tree = render(root)
    assert tree.digest in tree.files["conf.d/00-status.conf"]
    assert "@TREE@" not in "".join(tree.files.values())


@pytest.mark.parametrize(
    "stack",
    [{"nginx": {"workers": 3}}, {"nginx": {"keepalive": "10s"}}, {"nginxImage": "nginx:1.26.3"}],
    ids=str,
)
def test_another_text_is_another_tree(root: Path, stack: dict[str, Any]) -> None:
    assert render(root, **stack).digest != render(root).digest


def test_every_site_has_exactly_one_server_with_its_host_names(http: Directive) -> None:
    servers = [server for server in http.find("server") if server.block]
    named = [_names(server) for server in servers if _names(server)]
    assert sorted(named) == [("_",), ("blog.example", "*.blog.example"), ("shop.example",)]
    assert len(servers) == len(named) + 1  # the machine's own, on the loopback


def test_an_unknown_host_name_gets_no_answer(http: Directive) -> None:
    (default,) = (server for server in http.find("server") if "default_server" in str(server.find("listen")))
    assert default.get("return") == "444"
    assert default.get("listen") == "8080 default_server"


def test_the_private_server_listens_on_the_loopback_only(http: Directive) -> None:
    (private,) = (server for server in http.find("server") if server.block and not _names(server))
    assert private.get("listen") == "127.0.0.1:8081"
    assert {" ".join(location.args) for location in private.find("location")} == {
        "= /healthz",
        "= /tree",
        "= /counters",
        "= /readyz/shop",
        "= /readyz/blog",
        "/",
    }


def test_a_server_asks_its_own_upstream_with_all_replicas(http: Directive) -> None:
    for name, host in (("shop", "shop.example"), ("blog", "blog.example")):
        assert server_of(http, host).find("proxy_pass")[0].args == (f"http://{name}",)
        (upstream,) = (found for found in http.find("upstream") if found.args == (name,))
        sockets = [found.args[0] for found in upstream.find("server")]
        assert len(sockets) == 2 and all(socket.startswith(f"unix:/run/portico/{name}/") for socket in sockets)


@pytest.mark.parametrize(("host", "timeout"), [("shop.example", 30), ("blog.example", 120)])
def test_nginx_waits_longer_than_gunicorn_lets_a_request_run(http: Directive, host: str, timeout: int) -> None:
    assert _seconds(server_of(http, host).find("proxy_read_timeout")[0].args[0]) > timeout


def test_old_workers_outlive_the_longest_request(root: Path, tmp_path: Path) -> None:
    main = parse_tree(render(root, make_site(), BLOG), tmp_path / "tree")
    assert _seconds(main.get("worker_shutdown_timeout")) > 120


@pytest.mark.parametrize(("host", "size"), [("shop.example", "5m"), ("blog.example", "64m")])
def test_a_body_is_limited_by_site(http: Directive, host: str, size: str) -> None:
    assert server_of(http, host).get("client_max_body_size") == size


def test_nginx_lets_go_of_a_kept_connection_before_gunicorn_does(http: Directive) -> None:
    for upstream in http.find("upstream"):
        assert _seconds(upstream.get("keepalive_timeout")) < 75
        assert int(upstream.get("keepalive")) > 0


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded", "Host"]
)
def test_a_client_cannot_say_what_nginx_says(http: Directive, name: str) -> None:
    reported = {found.args[0]: found.args[1] for found in http.find("proxy_set_header")}
    assert "$http_" not in reported[name] and "$proxy_add" not in reported[name]


def test_static_files_are_served_by_release(root: Path, http: Directive) -> None:
    settings = read_settings(root)
    made = make_release(settings, settings.sites[0], root, {})
    (location,) = (
        found for found in server_of(http, "shop.example").block if found.args == ("^~", "/static/") and found.block
    )
    assert location.get("root") == f"/srv/static/shop/{made.id}"
    assert not http.find("alias")  # with an alias, a forgotten slash opens the folder above


@pytest.mark.parametrize(
    ("host", "port"),
    [
        *(("shop.example", ""), ("shop.example:9000", ":9000"), ("[::1]", ""), ("[::1]:80", ":80"), ("", "")),
        *(("shop.example:", ""), ("shop.example:x", ""), ("shop.example:123456", ""), ("a:1 b", "")),
    ],
)
def test_the_application_is_reported_the_port_that_the_client_asked(http: Directive, host: str, port: str) -> None:
    assert ("Host", "$host$asked_port") in [found.args for found in http.find("proxy_set_header")]
    (asked,) = (found for found in http.find("map") if found.args == ("$http_host", "$asked_port"))
    (pattern,) = (one.name.removeprefix("~") for one in asked.block if one.name.startswith("~"))
    found = re.search(pattern.replace("?<", "?P<"), host)
    assert (found["asked"] if found else "") == port


def test_what_is_no_file_is_asked_of_the_application(http: Directive) -> None:
    server = server_of(http, "shop.example")
    static = server.location("^~", "/static/")
    inner = [found for found in static.find("location") if not found.all("return")]
    assert len(inner) == 2 and all(found.get("try_files") == "$uri @application" for found in inner)
    assert server.location("@application").get("proxy_pass") == "http://shop"


@pytest.mark.parametrize(("routes", "exact"), [(["/api/"], 1), (["/api/", "/api"], 1), (["/api"], 1), (["/"], 0)])
def test_a_folder_without_its_slash_is_the_applications(
    root: Path, tmp_path: Path, routes: list[str], exact: int
) -> None:
    """NGINX would answer with a redirect, and a POST would lose its body."""
    site = make_site(static=None, routes=[{"path": path} for path in routes])
    server = server_of(parse_tree(render(root, site), tmp_path / "tree"), "shop.example")
    found = [location for location in server.find("location") if location.args == ("=", "/api")]
    assert [location.get("proxy_pass") for location in found] == ["http://shop"] * exact


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("nginx:1.26.3-alpine", "1.26.3"),
        ("nginx:1.28", "1.28.0"),
        ("hub.example:5000/team/nginx:1.22.1", "1.22.1"),
        ("nginx@sha256:" + "0" * 64, "1.30.6"),
    ],
)
def test_the_version_is_read_off_the_image(root: Path, image: str, version: str) -> None:
    assert f"Written by Portico for NGINX {version}." in render(root, nginxImage=image).files["nginx.conf"]


def test_containers_are_found_by_name_again_and_again(root: Path, tmp_path: Path) -> None:
    main = parse_tree(render(root, upstream="container"), tmp_path / "tree")
    (upstream,) = main.find("upstream")
    servers = upstream.find("server")
    assert [server.args[0].rpartition("-")[2] for server in servers] == ["0:8000", "1:8000"]
    assert all(server.args[0].startswith("shop-") and "resolve" in server.args for server in servers)
    assert main.find("resolver")[0].args[0] == "127.0.0.11"


def test_the_status_in_the_json_log_is_always_a_number(root: Path, tmp_path: Path) -> None:
    """NGINX writes 000 for a client that left before any answer, and 009 for HTTP/0.9: neither is JSON."""
    main = parse_tree(render(root, nginx={"logFormat": "json"}), tmp_path)
    (mapped,) = (found for found in main.find("map") if found.args == ("$status", "$status_number"))
    assert {one.name: one.args for one in mapped.block} == {"default": ("$status",), "000": ("0",), "009": ("9",)}
    (line,) = main.find("log_format")
    assert '"status":$status_number,' in "".join(line.args)
