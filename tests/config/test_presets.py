"""Presets: values laid under the user's own."""

from pathlib import Path
from typing import Any, get_args

import pytest

from portico.config.settings import Settings
from portico.config.settings.presets import PRESETS, apply_preset
from tests.config.nginx_file import Directive, inherit, parse_tree, said, servers_of
from tests.config.sample import make_site, make_values, read_settings, render


def parse(root: Path, folder: Path, *sites: Any, **stack: Any) -> tuple[Directive, Directive]:
    """`http` and the server of shop.example."""
    main = parse_tree(render(root, *sites, **stack), folder)
    (http,) = main.find("http")
    (server,) = servers_of(main, "shop.example")
    return http, server


def test_every_preset_that_can_be_named_exists() -> None:
    assert set(PRESETS) == set(get_args(Settings.model_fields["preset"].annotation))


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_values_are_valid_settings(root: Path, name: str) -> None:
    assert read_settings(root, preset=name).preset == name


def test_the_default_preset_changes_nothing(root: Path) -> None:
    assert apply_preset(make_values()) == make_values()
    assert render(root, preset="default").files == render(root).files


OVERRIDES: list[tuple[str, dict[str, Any], dict[str, Any], str, object]] = [
    ("article", {}, {}, "nginx.workers", 1),
    ("article", {"nginx": {"workers": 3}}, {}, "nginx.workers", 3),
    ("article", {"nginx": {"workers": 3}}, {}, "nginx.upstream_connections", 0),
    ("article", {"nginx": {"gzip": {"level": 6}}}, {}, "nginx.gzip.level", 6),
    ("article", {"nginx": {"gzip": {"level": 6}}}, {}, "nginx.gzip.types", "html"),
    ("article", {}, {"limits": {"connections": 9}}, "sites.0.limits.connections", 9),
    ("article", {}, {"headers": {"nosniff": True}}, "sites.0.headers.nosniff", True),
    ("article", {}, {"headers": {"nosniff": True}}, "sites.0.headers.frame_options", ""),
    ("strict", {}, {}, "sites.0.limits.rate.rate", "50r/s"),
    ("strict", {}, {"limits": {"rate": {"burst": 5}}}, "sites.0.limits.rate.rate", "50r/s"),
    ("strict", {}, {"limits": {"rate": {"burst": 5}}}, "sites.0.limits.rate.burst", 5),
    ("strict", {}, {"limits": {"rate": None}}, "sites.0.limits.rate", None),
    ("strict", {}, {"limits": {"rate": None}}, "sites.0.limits.connections", 64),
    ("strict", {"nginx": {"logFormat": "main"}}, {}, "nginx.log_format", "main"),
]


@pytest.mark.parametrize(("preset", "stack", "site", "path", "value"), OVERRIDES)
def test_what_the_user_says_wins_and_the_rest_is_the_presets(
    root: Path, preset: str, stack: dict[str, Any], site: dict[str, Any], path: str, value: object
) -> None:
    found: Any = read_settings(root, make_site(**site), preset=preset, **stack)
    for part in path.split("."):
        found = found[int(part)] if part.isdigit() else getattr(found, part)
    assert found == value


def test_a_site_of_many_gets_the_presets_values_beside_its_own(root: Path) -> None:
    sites = [make_site(body="9M"), make_site(name="blog", hosts=["blog.example"])]
    assert [str(site.body) for site in read_settings(root, *sites, preset="strict").sites] == ["9m", "1m"]


def test_the_users_own_values_are_left_as_they_are() -> None:
    values = make_values(make_site(limits={"connections": 1}), preset="strict", nginx={"workers": 9})
    copy = make_values(make_site(limits={"connections": 1}), preset="strict", nginx={"workers": 9})
    apply_preset(values)
    assert values == copy and PRESETS["strict"][1]["limits"]["connections"] == 64


@pytest.mark.parametrize("sites", ["shop", {"name": "shop"}, ["shop"], None], ids=str)
def test_a_preset_does_not_trip_over_sites_that_are_none(sites: object) -> None:
    assert apply_preset({"preset": "strict", "sites": sites})["sites"] == sites


def test_the_articles_files_are_those_of_the_article(root: Path, tmp_path: Path) -> None:
    http, server = parse(root, tmp_path, preset="article")
    assert http.get("default_type") == "text/html" and http.get("gzip") == "on"
    assert http.all("gzip_types") == [] and http.all("gzip_static") == []
    assert http.get("keepalive_timeout") == "65s" and server.get("client_max_body_size") == "5m"
    assert http.find("limit_conn") == [] and http.find("limit_req") == []
    assert server.all("add_header") == [("X-Request-ID", "$request_id", "always")]
    (upstream,) = http.find("upstream")
    # From 1.29.7 NGINX keeps connections unless it is configured otherwise; the article's did not.
    assert upstream.get("keepalive") == "0"


def test_the_articles_safety_is_that_of_the_default(root: Path, tmp_path: Path) -> None:
    http, server = parse(root, tmp_path, preset="article")
    plain, _ = parse(root, tmp_path / "plain")
    assert http.all("proxy_set_header") == plain.all("proxy_set_header")
    assert "return 444" in " ".join(f"{one.name} {' '.join(one.args)}" for one in http.walk())
    assert server.location("^~", "/static/")


def test_strict_is_stricter_in_every_point(root: Path, tmp_path: Path) -> None:
    http, server = parse(root, tmp_path, preset="strict")
    plain, default = parse(root, tmp_path / "plain")
    assert http.get("client_header_timeout") == "10s" and plain.get("client_header_timeout") == "15s"
    assert server.get("client_max_body_size") == "1m" and default.get("client_max_body_size") == "5m"
    assert server.get("limit_conn") == "all.connections 64" and default.get("limit_conn") == "all.connections 256"
    assert server.get("limit_req") == "zone=shop.rate burst=100 nodelay" and default.all("limit_req") == []
    headers = {name: said(http, value) for name, value, _ in inherit((server,), "add_header")}
    assert headers["X-Frame-Options"] == "DENY" and headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert set(headers) >= {name for name, *_ in default.all("add_header")}
