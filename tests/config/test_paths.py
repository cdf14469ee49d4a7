"""Applications below paths: what they are reported, what is of the host, and what two of them may not say at once."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, request, session, url_for
from werkzeug.test import Client

from portico.config.plan import make_plan
from portico.config.public_address import make_url
from portico.config.render.gunicorn import render_gunicorn
from portico.config.settings import Mistakes, Site
from portico.config.shared_hosts import OF_THE_HOST
from portico.config.tls.local_ca import issue_certificate
from tests.config.sample import HASH, make_site, make_values, read_settings, render, write_files

BLOG = make_site(name="blog", path="/blog", replicas=2)


def refuse(root: Path, *sites: Any, **stack: Any) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        read_settings(root, *sites, **stack)
    return [f"{one.path}: {one.text}" for one in caught.value.all]


# --- which sites may share a host


@pytest.mark.parametrize("paths", [("/shop", "/blog"), ("/", "/blog"), ("/shop", "/shop/admin", "/"), ("/a", "/ab")])
def test_sites_share_a_host_by_their_paths(root: Path, paths: tuple[str, ...]) -> None:
    sites = [make_site(name=f"s{index}", path=path) for index, path in enumerate(paths)]
    assert [site.path for site in read_settings(root, *sites).sites] == list(paths)


def test_a_path_belongs_to_one_site(root: Path) -> None:
    said = (
        '"shop.example" is used at sites[0].hosts[0] already; a host name belongs to one site, once; give each site '
        "its "
        "own name, or a path of its own, such as path: /blog"
    )
    twin = (
        '"shop.example" is used at sites[0].hosts[0] already, with the same path /blog; write another path for one of '
        "the sites, or another host name"
    )
    assert refuse(root, BLOG, make_site(name="b", path="/blog")) == [f"sites[1].hosts[0]: {twin}"]
    three = refuse(root, make_site(name="a"), BLOG, make_site(name="c", path="/"))
    assert three == [f"sites[2].hosts[0]: {said}"]


def test_a_name_is_no_alias_of_another_site(root: Path) -> None:
    (line, *_) = refuse(root, make_site(), make_site(name="blog", path="/blog", hosts=["a"], aliases=["shop.example"]))
    assert line == (
        'sites[1].aliases[0]: "shop.example" is used at sites[0].hosts[0] already; a host name belongs to one site, '
        "once"
    )


@pytest.mark.parametrize(
    "path", ["shop", "/shop/", "//", "/a//b", "/../a", "/.well-known", "/a.b", "/a b", "/a/b/c/d/e", ""]
)
def test_what_is_no_path_is_refused(root: Path, path: str) -> None:
    (line,) = refuse(root, make_site(path=path))
    assert line.startswith(f'sites[0].path: "{path}" is not the path of an application; write it from the root')


@pytest.mark.parametrize(
    ("key", "own"),
    [
        ("hosts", ["shop.example", "more.example"]),
        ("aliases", ["www.shop.example"]),
        ("certificate", {"certificate": "a.crt", "key": "a.key"}),
    ],
)
def test_what_is_of_the_host_is_said_alike(root: Path, key: str, own: Any) -> None:
    said = (
        f"sites[1].{key}: differs from sites[0].{key}, and both sites share the host shop.example; write the same in "
        "both"
    )
    # A certificate is read with tls alone; the authority gives one to the site that has none.
    stack = {"tls": {"localAuthority": True}}
    assert refuse(root, make_site(), BLOG | {key: own}, **stack) == [said]
    assert refuse(root, make_site(**{key: own}), BLOG, **stack) == [said]
    assert read_settings(root, make_site(**{key: own}), BLOG | {key: own}, **stack)


@pytest.mark.parametrize(
    ("site", "setting", "path"),
    [
        ({"routes": [{"path": "/events"}, {"path": "/blog/events"}]}, "routes[1].path", "/blog/events"),
        ({"routes": [{"path": "/blog"}]}, "routes[0].path", "/blog"),
        ({"staticUrl": "/blog/static/"}, "staticUrl", "/blog/static/"),
        ({"data": [{"name": "a", "path": "/srv/a", "url": "/blog/"}]}, "data[0].url", "/blog/"),
    ],
)
def test_nothing_is_said_of_the_paths_of_another_site(
    root: Path, site: dict[str, Any], setting: str, path: str
) -> None:
    assert refuse(root, make_site(**site), BLOG) == [
        f"sites[0].{setting}: {path} is below /blog (sites[1].path), which the site blog answers; write another"
    ]
    # On hosts of their own, or beside one another, it is nobody's.
    assert read_settings(root, make_site(**site), BLOG | {"hosts": ["blog.example"]})
    assert read_settings(root, make_site(path="/shop", **site), BLOG)


def test_script_name_is_no_variable_of_the_user(root: Path) -> None:
    (line,) = refuse(root, make_site(environment={"SCRIPT_NAME": "/shop"}))
    assert line.endswith("SCRIPT_NAME follows from `path` of this site; write that, such as path: /shop")


# --- what is of the host, found by rendering: each setting changed in one of two sites

# What another site may say; what is read from its folder, or runs beside the web, is in no file of NGINX's.
OTHER: Mapping[str, Any] = {
    "entry": "web:create_app()",
    "health": "/healthz",
    "replicas": 3,
    "body": "9M",
    "staticUrl": "/files/",
    "publish": ["*.py"],
    "environment": {"A": "b"},
    "balance": "least_conn",
    "weights": [3, 1],
    "headers": {"frameOptions": "DENY"},
    "limits": {"connections": 3, "rate": {"rate": "1r/s", "dryRun": True}},
    "routes": [{"path": "/", "body": "9M", "cache": "1s"}, {"path": "/ws", "websocket": True}],
    "immutable": False,
    "users": {"ann": HASH},
    "maintenance": True,
    "gunicorn": {"timeout": "2m"},
    "data": [{"name": "media", "path": "/srv/media", "url": "/media/"}],
}
BESIDE = {
    *("name", "path", "source", "context", "requirements", "extras", "pythonImage", "packages", "buildPackages"),
    *("buildSecrets", "secretsAs", "static", "staticFrom", "release", "workers", "schedule", "uses"),
}


def test_every_setting_of_a_site_is_of_the_host_or_its_own() -> None:
    assert {str(field.alias) for field in Site.model_fields.values()} == {*OTHER, *OF_THE_HOST, *BESIDE}


@pytest.mark.parametrize("key", OTHER)
def test_a_setting_of_one_site_changes_no_other_of_its_host(root: Path, key: str) -> None:
    before, after = (render(root, make_site(), BLOG | changes).files for changes in ({}, {key: OTHER[key]}))
    changed = {path for path, text in after.items() if text != before.get(path)}
    own = {"nginx.conf", "conf.d/00-status.conf", "conf.d/blog.conf", "hosts/shop.example/paths/blog.conf"}
    # Of headers the host's own answers have those that all of its sites have.
    assert changed and changed <= own | ({"hosts/shop.example/server.conf"} if key == "headers" else set())
    assert after.keys() == before.keys()


# --- what the application is given


def run(root: Path, path: str, application: Any) -> Client:
    """What answers in Gunicorn's worker: the application as gunicorn.conf.py wraps it."""
    values: dict[str, Any] = {}
    exec(
        compile(render_gunicorn(read_settings(root, make_site(path=path)).sites[0]), "gunicorn.conf.py", "exec"), values
    )
    worker = SimpleNamespace(wsgi=application, pid=7)
    values["post_worker_init"](worker)
    return Client(worker.wsgi)


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setitem(os.environ, "PORTICO_ADDRESS", "0.0.0.0:8000")
    app = Flask("shop")
    app.secret_key = "of the test"

    @app.get("/")
    @app.get("/where/<path:rest>")
    def where(rest: str = "") -> list[str]:
        session["seen"] = True
        return [request.script_root, request.path, url_for("where", rest="x")]

    return app


@pytest.mark.parametrize("path", ["/shop", "/shop/admin"])
def test_an_application_knows_its_path(root: Path, application: Flask, path: str) -> None:
    client = run(root, path, application)
    answer = client.get(f"{path}/where/a%2Fb")
    assert answer.json == [path, "/where/a/b", f"{path}/where/x"]
    assert client.get(f"{path}/").json == [path, "/", f"{path}/where/x"]
    assert f"Path={path}" in answer.headers["Set-Cookie"]


def test_an_image_says_no_other_path(root: Path, application: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gunicorn itself would take it off, and refuse what does not begin with it."""
    monkeypatch.setenv("SCRIPT_NAME", "/other")
    run(root, "/shop", application)
    assert "SCRIPT_NAME" not in os.environ


@pytest.mark.parametrize("path", ["/", "/where/x", "/shopping", "/shopwhere/x", "//shop/where/x", "/x/../shop/"])
def test_what_is_not_below_the_path_is_not_the_applications(root: Path, application: Flask, path: str) -> None:
    assert run(root, "/shop", application).get(path).status_code == 404


def test_no_header_says_where_an_application_is(root: Path, application: Flask) -> None:
    evil = {"Script-Name": "/evil", "X-Script-Name": "/evil", "X-Forwarded-Prefix": "/evil", "Path-Info": "/evil"}
    answer = run(root, "/shop", application).get("/shop/where/x", headers=evil)
    assert answer.json == ["/shop", "/where/x", "/shop/where/x"]


def test_what_an_application_says_of_its_cookies_stands(root: Path, application: Flask) -> None:
    application.config["APPLICATION_ROOT"] = "/mine"
    assert "Path=/mine" in run(root, "/shop", application).get("/shop/").headers["Set-Cookie"]
    application.config["SESSION_COOKIE_PATH"] = "/"
    assert "Path=/;" in f"{run(root, '/shop', application).get('/shop/').headers['Set-Cookie']};"


def test_an_application_at_the_root_is_not_wrapped(root: Path, application: Flask) -> None:
    assert run(root, "/", application).get("/where/x").json == ["", "/where/x", "/where/x"]
    text = render_gunicorn(read_settings(root, make_site()).sites[0])
    assert "Dispatcher" not in text and "APPLICATION_ROOT" not in text


def test_the_url_of_a_site_has_its_path(root: Path) -> None:
    settings = read_settings(root, make_site(), BLOG, make_site(name="any", path="/any", hosts=["*.example"]))
    assert [make_url(site, settings) for site in settings.sites] == [
        "http://shop.example:8080",
        "http://shop.example:8080/blog/",
        "http://www.example:8080/any/",
    ]


def test_a_shared_host_has_one_certificate_of_its_own(root: Path) -> None:
    chain, key = issue_certificate(root / "issued", "shop", ["shop.example"])
    write_files(root, {"a.crt": chain, "a.key": key})
    own = {"certificate": {"certificate": "a.crt", "key": "a.key"}}
    files = render(root, make_site(**own), BLOG | own, tls={}).files
    assert files["hosts/shop.example/server.conf"].count("ssl_certificate_key") == 1


def test_an_earlier_release_has_the_path_that_it_had(root: Path) -> None:
    """Its image takes off that one. Where another site has it now, both places are reported."""
    record = {"release": "0" * 12, "image": "1" * 12, "at": "2026-01-01T00:00:00Z", "static": "", "entrypoint": ""}
    earlier = {"blog": [{**record, "site": json.dumps(BLOG | {"path": "/news"})}]}
    values = make_values(make_site(), BLOG, rollback={"blog": "0" * 12})
    plan = make_plan(values, root, earlier)
    assert [release.site.path for release in plan.releases] == ["/", "/news"]
    assert "hosts/shop.example/paths/blog.conf" in plan.render().files
    with pytest.raises(Mistakes) as caught:
        make_plan(values | {"sites": [make_site(path="/news"), BLOG]}, root, earlier)
    (mistake,) = caught.value.all
    assert mistake.path == "sites[1].hosts[0]" and "is used at sites[0].hosts[0] already" in mistake.text
    assert mistake.text.endswith("; blog has the settings of release 000000000000 (rollback.blog)")
