"""What the load balancer asks a task, and what it is reported."""

from pathlib import Path

import pytest

from tests.config.ecs_sample import plan_fleet
from tests.config.nginx_file import Directive, parse_tree
from tests.config.sample import HASH, make_full_site, make_site


def find_ready(main: Directive) -> Directive:
    """The server that only the load balancer asks."""
    (found,) = (
        server for server in main.find("server") if server.block and ("8082", "default_server") in server.all("listen")
    )
    return found


@pytest.mark.parametrize(("host", "asked"), [("shop.example", "shop.example"), ("*.shop.example", "www.shop.example")])
def test_the_application_is_asked_by_its_own_name(root: Path, tmp_path: Path, host: str, asked: str) -> None:
    """The load balancer says the task's address, which no site has."""
    (fleet,) = plan_fleet(root, make_site(hosts=[host], health="/healthz"))
    ready = find_ready(parse_tree(fleet.tree, tmp_path))
    location = ready.location("=", "/ready")
    assert location.get("set") == f"$site_host {asked}"
    assert location.get("proxy_pass") == "http://shop/healthz"
    assert ("Host", "$site_host") in ready.all("proxy_set_header")


def test_nothing_else_is_answered(root: Path, tmp_path: Path) -> None:
    (fleet,) = plan_fleet(root, make_site())
    ready = find_ready(parse_tree(fleet.tree, tmp_path))
    assert [found.args for found in ready.find("location")] == [("=", "/ready"), ("=", "/working"), ("/",)]
    assert ready.location("/").get("return") == "404" and ready.location("=", "/working").all("internal")


def test_a_task_that_is_busy_or_asks_for_a_password_is_ready_and_one_that_fails_is_not(
    root: Path, tmp_path: Path
) -> None:
    """As components/in_container/health.py sees it; a load balancer knows 2xx alone."""
    (fleet,) = plan_fleet(root, make_site())
    location = find_ready(parse_tree(fleet.tree, tmp_path)).location("=", "/ready")
    assert location.get("proxy_intercept_errors") == "on"
    *good, status, page = location.get("error_page").split()
    assert (status, page) == ("=200", "/working")
    assert set(good) == {"301", "302", "303", "307", "308", "401", "403", "404", "405", "429", "504"}


def test_it_is_reported_in_time(root: Path, tmp_path: Path) -> None:
    """2 s to connect and 2 s to wait are less than the 5 s of a load balancer, which would take silence for an end."""
    (fleet,) = plan_fleet(root, make_site())
    main = parse_tree(fleet.tree, tmp_path)
    (http,) = main.find("http")
    location = find_ready(main).location("=", "/ready")
    waited = [http.get("proxy_connect_timeout"), location.get("proxy_read_timeout")]
    assert sum(int(text.removesuffix("s")) for text in waited) < 5


def test_no_limit_no_password_and_no_maintenance_is_in_the_way(root: Path, tmp_path: Path) -> None:
    site = make_full_site(weights=None, balance=None, users={"ann": HASH}, maintenance=True)
    (fleet,) = plan_fleet(root, site)
    ready = find_ready(parse_tree(fleet.tree, tmp_path))
    assert not [found for found in ready.walk() if found.name in ("auth_basic", "limit_conn", "limit_req")]
    assert ready.location("=", "/ready").get("proxy_pass") == "http://shop/"
