"""Values that NGINX, Gunicorn and Docker must agree on come from one setting, so they do."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.render.nginx import render_gunicorn
from portico.config.settings import Duration, Settings
from tests.config.nginx_file import Directive, inherit, list_levels, parse_tree, servers_of
from tests.config.sample import make_full_site, make_site, read_settings, render

SITES: list[dict[str, Any]] = [
    make_site(),
    make_full_site(),
    make_site(gunicorn={"timeout": "1500ms"}),
    make_site(gunicorn={"timeout": "10m"}, routes=[{"path": "/slow", "timeout": "9m"}]),
    make_site(body="1k", routes=[{"path": "/upload", "body": "2G", "requestBuffering": False}]),
    make_site(body="90M", routes=[{"path": "/form", "body": "1k"}]),
]
STACKS: list[dict[str, Any]] = [
    {},
    {"preset": "article"},
    {"preset": "strict"},
    {"upstream": "container"},
    {"nginxImage": "nginx:1.22.1"},
    {"nginx": {"connections": 4096, "upstreamConnections": 1}},
]


class Both:
    """NGINX's configuration and Gunicorn's, of one site."""

    def __init__(self, settings: Settings, main: Directive, gunicorn: dict[str, Any]) -> None:
        self.settings = settings
        self.main = main
        self.gunicorn = gunicorn
        self.site = settings.sites[0]
        (self.http,) = main.find("http")
        servers = servers_of(main, "shop.example")
        (self.server,) = (server for server in servers if server.find("proxy_pass"))


@pytest.fixture(params=range(len(STACKS)), ids=lambda index: str(STACKS[index]))
def stack(request: pytest.FixtureRequest) -> dict[str, Any]:
    index: int = request.param
    return STACKS[index]


@pytest.fixture(params=range(len(SITES)), ids=lambda index: f"site {index}")
def both(
    request: pytest.FixtureRequest,
    root: Path,
    stack: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Both:
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    site = SITES[request.param]
    settings = read_settings(root, site, **stack)
    values: dict[str, Any] = {}
    exec(compile(render_gunicorn(settings.sites[0]), "gunicorn.conf.py", "exec"), values)
    return Both(settings, parse_tree(render(root, site, **stack), tmp_path_factory.mktemp("tree")), values)


def seconds(text: str) -> float:
    return Duration.parse(text).amount / 1000


def size(text: str) -> int:
    return int(text[:-1]) * {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[text[-1]]


def test_nginx_lets_go_of_a_kept_connection_first(both: Both) -> None:
    for upstream in both.http.find("upstream"):
        for (kept,) in upstream.all("keepalive_timeout"):
            assert seconds(kept) + 10 <= both.gunicorn["keepalive"]
    assert both.gunicorn["worker_class"] != "sync"


def test_nginx_waits_just_longer_than_gunicorn_lets_a_request_run(both: Both) -> None:
    plain = {route.path: route for route in both.site.routes if not (route.stream or route.websocket)}
    for levels in list_levels(both.server):
        if levels[-1].all("proxy_pass"):
            ((waits,),) = inherit(levels, "proxy_read_timeout")
            path = levels[-1].args[-1]
            if path == "/" or (path in plain and plain[path].timeout is None):
                assert both.gunicorn["timeout"] < seconds(waits)
                assert 0 < seconds(waits) - both.site.gunicorn.timeout.amount / 1000 <= 5
            elif path in plain:
                assert seconds(waits) <= both.gunicorn["timeout"]
            else:
                assert seconds(waits) >= 3600


def test_requests_that_began_before_a_stop_may_end(both: Both) -> None:
    longest = both.site.gunicorn.timeout.amount / 1000
    assert both.gunicorn["graceful_timeout"] >= longest
    assert longest < seconds(both.main.get("worker_shutdown_timeout")) <= longest + 30


def test_a_request_line_that_nginx_takes_gunicorn_takes(both: Both) -> None:
    count, each = both.http.get("large_client_header_buffers").split()
    # Both count the line's end.
    assert int(each) == both.gunicorn["limit_request_line"] == both.gunicorn["limit_request_field_size"]
    assert int(count) >= 4


def test_gunicorn_believes_the_one_header_that_nginx_always_sets(both: Both) -> None:
    ((name, value),) = both.gunicorn["secure_scheme_headers"].items()
    passed = {args[0].upper(): args[1] for args in both.http.all("proxy_set_header")}
    assert (value, passed[name]) == ("https", "$scheme")
    assert both.gunicorn["forwarder_headers"] == ""


def test_the_largest_body_is_the_same_for_nginx_and_flask(both: Both) -> None:
    limits = {size(found.args[0]) for found in both.server.find("client_max_body_size")}
    flask = type("App", (), {"config": {"MAX_CONTENT_LENGTH": None}})()
    both.gunicorn["post_worker_init"](type("Worker", (), {"wsgi": flask, "pid": 7}))
    # A body of exactly NGINX's limit passes: Werkzeug refuses one that just reaches its own.
    assert flask.config["MAX_CONTENT_LENGTH"] == max(limits) + 1
    assert size(both.server.get("client_max_body_size")) == both.site.body.bytes


def test_a_limit_of_the_applications_own_is_kept(both: Both) -> None:
    flask = type("App", (), {"config": {"MAX_CONTENT_LENGTH": 7}})()
    both.gunicorn["post_worker_init"](type("Worker", (), {"wsgi": flask, "pid": 7}))
    assert flask.config["MAX_CONTENT_LENGTH"] == 7


def test_there_are_files_for_both_ends_of_every_connection(both: Both) -> None:
    (events,) = both.main.find("events")
    assert int(both.main.get("worker_rlimit_nofile")) >= 2 * int(events.get("worker_connections"))
    assert int(events.get("worker_connections")) == both.settings.nginx.connections
