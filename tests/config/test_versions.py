"""What is written fits the version of NGINX that reads it: nothing that it does not know, all that it needs."""

import re
from pathlib import Path
from typing import Any

import pytest

from portico.config.settings import Mistakes
from tests.config.nginx_file import Directive, parse_tree, servers_of
from tests.config.sample import EVEN, make_full_site, make_site, render

TLS = {"localAuthority": True}
# Directives and parameters that came after the oldest version that is written for.
NEWER = {
    "http2": (1, 25, 1),
    "http3": (1, 25, 0),
    "quic": (1, 25, 0),
    "resolve": (1, 27, 3),
    "keepalive_min_timeout": (1, 27, 4),
    "add_header_inherit": (1, 29, 3),
    "max_headers": (1, 29, 8),
}
VERSIONS = ["1.22.1", "1.24.0", "1.25.0", "1.25.1", "1.26.3", "1.27.2", "1.27.3", "1.27.4"]
VERSIONS += ["1.29.2", "1.29.3", "1.29.6", "1.29.7", "1.29.8", "1.30.6", "1.31.3"]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def parse(root: Path, folder: Path, version: str, *sites: Any, **stack: Any) -> Directive:
    return parse_tree(render(root, *sites, nginxImage=f"nginx:{version}", **stack), folder)


@pytest.mark.parametrize("upstream", ["socket", "container", "tcp"])
@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_written_that_the_version_does_not_know(
    root: Path, tmp_path: Path, version: str, upstream: str
) -> None:
    http3 = numbers(version) >= (1, 25, 0)
    even = EVEN if upstream == "container" and numbers(version) < NEWER["resolve"] else {}
    main = parse(root, tmp_path, version, make_full_site(**even), upstream=upstream, tls=TLS | {"http3": http3})
    words = {found.name for found in main.walk()}
    words |= {word for found in main.find("server") for word in found.args}
    # `listen … http2` is the older spelling of the directive.
    words |= {word for found in main.find("listen") for word in found.args[1:] if word != "http2"}
    assert {word: since for word, since in NEWER.items() if word in words and numbers(version) < since} == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_gets_what_it_knows(root: Path, tmp_path: Path, version: str) -> None:
    main = parse(root, tmp_path, version)
    for name in ("keepalive_min_timeout", "add_header_inherit", "max_headers"):
        assert bool(main.find(name)) == (numbers(version) >= NEWER[name]), name


@pytest.mark.parametrize(
    ("version", "parameter", "directive"),
    [("1.22.1", True, False), ("1.25.0", True, False), ("1.25.1", False, True), ("1.30.6", False, True)],
)
def test_http2_is_spelled_as_the_version_reads_it(
    root: Path, tmp_path: Path, version: str, parameter: bool, directive: bool
) -> None:
    main = parse(root, tmp_path, version, tls=TLS)
    (server,) = (found for found in servers_of(main, "shop.example") if "ssl" in str(found.all("listen")))
    assert any("http2" in args for args in server.all("listen")) == parameter
    assert (server.all("http2") == [("on",)]) == directive


@pytest.mark.parametrize("version", ["1.22.1", "1.30.6"])
def test_without_http2_nothing_speaks_of_it(root: Path, version: str) -> None:
    files = render(root, nginxImage=f"nginx:{version}", tls=TLS | {"http2": False}).files
    assert "http2" not in "".join(files.values())


def test_http3_listens_beside_and_is_announced(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, "1.30.6", port=80, tls=TLS | {"http3": True, "port": 443})
    (server,) = (found for found in servers_of(main, "shop.example") if "ssl" in str(found.all("listen")))
    assert server.all("listen") == [("8443", "ssl"), ("8443", "quic")]
    assert ("Alt-Svc", 'h3=":443"; ma=86400', "always") in server.all("add_header")
    # `reuseport` may stand once an address, so with the default server.
    assert [found.args for found in main.find("listen") if "reuseport" in found.args] == [
        ("8443", "quic", "reuseport", "default_server")
    ]


def test_http3_is_announced_only_by_servers_that_speak_it(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, "1.30.6", make_site(aliases=["www.shop.example"]), tls=TLS | {"http3": True})
    for server in main.find("server"):
        if any(args[0] == "Alt-Svc" for args in server.all("add_header")):
            assert any("quic" in args for args in server.all("listen"))


@pytest.mark.parametrize(("version", "said"), [("1.29.6", []), ("1.29.7", [("0",)]), ("1.30.6", [("0",)])])
def test_no_idle_connections_is_said_where_the_default_is_some(
    root: Path, tmp_path: Path, version: str, said: list[tuple[str, ...]]
) -> None:
    (upstream,) = parse(root, tmp_path, version, nginx={"upstreamConnections": 0}).find("upstream")
    assert upstream.all("keepalive") == said and upstream.all("keepalive_timeout") == []


@pytest.mark.parametrize("version", ["1.27.3", "1.30.6"])
def test_names_of_containers_are_resolved_in_the_upstream(root: Path, tmp_path: Path, version: str) -> None:
    main = parse(root, tmp_path, version, upstream="container")
    (upstream,) = main.find("upstream")
    assert all("resolve" in server.args for server in upstream.find("server")) and upstream.all("zone")
    assert main.find("resolver")[0].args[0] == "127.0.0.11"
    assert {found.args for found in main.find("proxy_pass")} == {("http://shop",), ("http://shop/",)}


@pytest.mark.parametrize("version", ["1.22.1", "1.27.2"])
def test_before_that_a_variable_is_resolved_for_each_request(root: Path, tmp_path: Path, version: str) -> None:
    main = parse(root, tmp_path, version, make_full_site(**EVEN), upstream="container")
    assert main.find("upstream") == [] and main.find("resolver")[0].args[0] == "127.0.0.11"
    (server,) = servers_of(main, "shop.example")
    for location in server.find("location"):
        if location.all("proxy_pass"):
            assert location.get("proxy_pass") == "http://$replicas"
            assert re.fullmatch(r"\$replicas shop-[0-9a-f]{12}:8000", location.get("set"))


@pytest.mark.parametrize("site", [{"balance": "ip_hash"}, {"weights": [3, 1], "replicas": 2}], ids=str)
def test_balance_is_never_dropped_without_a_word(root: Path, tmp_path: Path, site: dict[str, Any]) -> None:
    with pytest.raises(Mistakes, match=r"sites\[0\]: balance and weights over container names need NGINX 1\.27\.3"):
        parse(root, tmp_path, "1.27.2", make_site(**site), upstream="container")
    (upstream,) = parse(root, tmp_path, "1.27.3", make_site(**site), upstream="container").find("upstream")
    assert "ip_hash" in [one.name for one in upstream.block] or "weight=3" in upstream.all("server")[0]
    for other in ("socket", "tcp"):
        assert parse(root, tmp_path, "1.27.2", make_site(**site), upstream=other).find("upstream")


@pytest.mark.parametrize("upstream", ["socket", "tcp"])
def test_no_resolver_is_asked_where_there_are_no_names(root: Path, tmp_path: Path, upstream: str) -> None:
    main = parse(root, tmp_path, "1.30.6", upstream=upstream)
    assert main.find("resolver") == [] and "resolve" not in str(main.find("upstream"))


@pytest.mark.parametrize(
    ("image", "version", "written"),
    [
        ("nginx@sha256:" + "0" * 64, None, "1.30.6"),
        ("nginx@sha256:" + "0" * 64, "1.26.3", "1.26.3"),
        ("nginx:1.28", None, "1.28.0"),
        ("hub.example:5000/edge:v7", "1.31.3", "1.31.3"),
        ("nginx:1.26.3@sha256:" + "0" * 64, None, "1.26.3"),
    ],
)
def test_the_version_is_the_images_or_what_is_said(root: Path, image: str, version: str | None, written: str) -> None:
    nginx = {"version": version} if version else {}
    assert f"for NGINX {written}." in render(root, nginxImage=image, nginx=nginx).files["nginx.conf"]
