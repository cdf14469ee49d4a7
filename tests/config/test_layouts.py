"""Both layouts hold the same configuration; paths, ports and the user differ."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.config.nginx_file import Directive, parse_tree, servers_of
from tests.config.sample import HASH, make_site, render

BLOG = make_site(name="blog", hosts=["blog.example"])
LAYOUTS = ["conf.d", "sites-available"]


def parse(root: Path, folder: Path, layout: str, *sites: Any, **stack: Any) -> Directive:
    return parse_tree(render(root, *sites, layout=layout, **stack), folder)


@pytest.mark.parametrize(
    ("layout", "files", "links"),
    [
        ("conf.d", {"conf.d/shop.conf", "conf.d/blog.conf"}, {}),
        (
            "sites-available",
            {"sites-available/shop.conf", "sites-available/blog.conf"},
            {
                "sites-enabled/shop.conf": "../sites-available/shop.conf",
                "sites-enabled/blog.conf": "../sites-available/blog.conf",
            },
        ),
    ],
)
def test_a_file_a_site_and_a_link_where_a_link_enables(
    root: Path, layout: str, files: set[str], links: dict[str, str]
) -> None:
    tree = render(root, make_site(), BLOG, layout=layout)
    common = {"nginx.conf", "conf.d/00-status.conf", "pages/portico-unavailable.html"}
    assert set(tree.files) == files | common and tree.links == links


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nginx_finds_every_site_by_its_includes(root: Path, tmp_path: Path, layout: str) -> None:
    main = parse(root, tmp_path, layout, make_site(), BLOG)
    assert len(servers_of(main, "shop.example")) == len(servers_of(main, "blog.example")) == 1
    assert len(main.find("stub_status")) == 1


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        (
            "conf.d",
            {
                "user": [],
                "pid": [("/tmp/nginx.pid",)],
                "error_log": [("/dev/stderr", "warn")],
                "access_log": [("/dev/stdout", "main"), ("off",)],
                "ssl_certificate": [("/etc/portico/private/private-digest/shop.crt",)],
                "ssl_certificate_key": [("/etc/portico/private/private-digest/shop.key",)],
                "auth_basic_user_file": [("/etc/portico/private/private-digest/shop.users",)],
            },
        ),
        (
            "sites-available",
            {
                "user": [("www-data",)],
                "pid": [("/run/nginx.pid",)],
                "error_log": [("/var/log/nginx/error.log", "warn")],
                "access_log": [("/var/log/nginx/access.log", "main"), ("off",)],
                "ssl_certificate": [("/etc/nginx/private/private-digest/shop.crt",)],
                "ssl_certificate_key": [("/etc/nginx/private/private-digest/shop.key",)],
                "auth_basic_user_file": [("/etc/nginx/private/private-digest/shop.users",)],
            },
        ),
    ],
)
def test_paths_and_the_user_are_the_layouts(
    root: Path, tmp_path: Path, layout: str, said: dict[str, list[tuple[str, ...]]]
) -> None:
    main = parse(root, tmp_path, layout, make_site(users={"ann": HASH}), tls={"localAuthority": True})
    assert {name: [found.args for found in main.find(name)] for name in said} == said


def listens(main: Directive, host: str) -> set[str]:
    return {found.args[0] for server in servers_of(main, host) for found in server.find("listen")}


@pytest.mark.parametrize("host", ["shop.example", "_"])
def test_ports_are_the_containers_or_the_machines_own(root: Path, tmp_path: Path, host: str) -> None:
    stack = {"port": 80, "tls": {"port": 443, "localAuthority": True}}
    assert listens(parse(root, tmp_path / "1", "conf.d", **stack), host) == {"8080", "8443"}
    assert listens(parse(root, tmp_path / "2", "sites-available", **stack), host) == {"80", "443"}


def test_the_rest_is_the_same_text(root: Path) -> None:
    one, other = (render(root, make_site(), layout=layout, port=8080) for layout in LAYOUTS)
    assert one.files["conf.d/00-status.conf"].replace(one.digest, "") == other.files["conf.d/00-status.conf"].replace(
        other.digest, ""
    )
    changed = one.files["conf.d/shop.conf"].replace("/etc/portico/live/pages", "/etc/nginx/pages")
    # On a machine of its own NGINX collects bodies where it was packaged to.
    changed = re.sub(r"\n *client_body_temp_path .*", "", changed)
    # Comments beside a shorter path stand further to the left.
    assert re.sub("  +#", "  #", changed) == re.sub("  +#", "  #", other.files["sites-available/shop.conf"])


def test_in_the_container_everything_is_found_below_the_live_tree(root: Path, tmp_path: Path) -> None:
    tree = render(root, tls={"localAuthority": True})
    written = [line for text in tree.files.values() for line in text.splitlines() if not line.lstrip().startswith("#")]
    paths = {path for line in written for path in re.findall(r" (/[\w./-]+);", line)}
    allowed = ("/etc/nginx/mime.types", "/etc/portico/live/", "/etc/portico/private/", "/srv/static/", "/tmp/", "/dev/")
    assert {path for path in paths if not path.startswith(allowed)} <= {"/portico-unavailable.html"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_port_below_1024_is_opened_in_the_container(root: Path, tmp_path: Path, layout: str) -> None:
    main = parse(root, tmp_path, layout, port=80)
    ports = {int(found.args[0].rpartition(":")[2]) for found in main.find("listen")}
    assert (min(ports) >= 1024) == (layout == "conf.d")
