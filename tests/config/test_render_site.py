"""What a site's settings become in its file: balance, users, maintenance, static files, addresses."""

import re
from pathlib import Path
from typing import Any

import pytest

from portico.config.release.assemble import make_release
from tests.config.sample import HASH, make_full_site, make_site, parse, read_settings, server_of


@pytest.mark.parametrize("balance", ["round_robin", "least_conn", "ip_hash", "random"])
def test_balance_stands_before_keepalive(root: Path, tmp_path: Path, balance: str) -> None:
    (upstream,) = parse(root, tmp_path, make_site(balance=balance)).find("upstream")
    names = [one.name for one in upstream.block]
    assert (balance in names) == (balance != "round_robin")
    assert balance == "round_robin" or names.index(balance) < names.index("keepalive")


def test_each_replica_has_its_weight(root: Path, tmp_path: Path) -> None:
    (upstream,) = parse(root, tmp_path, make_site(weights=[3, 1], replicas=2)).find("upstream")
    assert [args[1:] for args in upstream.all("server")] == [("max_fails=0", "weight=3"), ("max_fails=0", "weight=1")]


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
    _, pattern = (found.args[1] for found in location.find("location") if found.args[0] == "~")
    assert bool(re.search(pattern, f"/static/{name}")) == kept


@pytest.mark.parametrize("immutable", [True, False])
def test_only_a_name_with_a_digest_is_kept_for_ever(root: Path, tmp_path: Path, immutable: bool) -> None:
    location = server_of(parse(root, tmp_path, make_site(immutable=immutable))).location("^~", "/static/")
    said = {found.args[1] for found in location.find("add_header") if found.args[0] == "Cache-Control"}
    assert said == {"no-cache"} | ({"public, max-age=31536000, immutable"} if immutable else set())
    assert len(location.find("location")) == (4 if immutable else 2)


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
