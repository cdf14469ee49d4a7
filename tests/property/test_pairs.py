"""What NGINX and Gunicorn must agree upon, they agree upon: both files are read, neither is believed."""

import os
from types import SimpleNamespace
from unittest.mock import patch

from gunicorn.config import Config

from tests.config.nginx_file import Directive
from tests.property.pool import Tried, holds_for_stacks
from tests.property.reading import (
    find_place,
    find_rest,
    find_route,
    find_server,
    in_force,
    listed,
    milliseconds,
    octets,
    only,
    walk_with_parents,
)
from tests.property.rendered import Rendered


@holds_for_stacks()
def test_both_sides_of_every_pair_agree(stack: Tried) -> None:
    for check in CHECKS:
        check(stack.rendered, stack.main)


def check_gunicorn_keeps_idle_connections_longer_than_nginx(rendered: Rendered, main: Directive) -> None:
    upstreams = {upstream.args[0]: upstream for upstream in main.find("upstream")}
    for release in rendered.releases:
        gunicorn = rendered.gunicorn(release)
        # A worker of the class sync would hang up after each answer.
        limit = {"gthread": "threads", "gevent": "worker_connections"}[gunicorn["worker_class"]]
        assert gunicorn[limit] >= 1 and len({"threads", "worker_connections"} & gunicorn.keys()) == 1
        for upstream in filter(None, [upstreams.get(release.site.name)]):
            if listed(upstream, "keepalive") not in ([], [("0",)]):
                idle = milliseconds(only(upstream, "keepalive_timeout").args[0])
                assert idle < gunicorn["keepalive"] * 1000
            elif rendered.settings.nginx_version >= (1, 29, 7):
                # There, connections are kept by default otherwise.
                assert listed(upstream, "keepalive") == [("0",)]


def check_a_request_may_end_on_both_sides(rendered: Rendered, main: Directive) -> None:
    shutdown = milliseconds(only(main, "worker_shutdown_timeout").args[0])
    for release in rendered.releases:
        gunicorn = rendered.gunicorn(release)
        longest = release.site.gunicorn.timeout.amount
        # Gunicorn counts whole seconds; Docker stops it 5 s after that (components/docker/gunicorn.py).
        assert longest <= gunicorn["timeout"] * 1000 < longest + 1000
        assert gunicorn["graceful_timeout"] == gunicorn["timeout"]
        assert shutdown > gunicorn["graceful_timeout"] * 1000
        if release.site.maintenance:
            continue  # nobody is asked
        place = find_place(main, rendered.settings, release.site)
        routes = {route.path: route for route in release.site.routes}
        if "/" not in routes:
            waits = milliseconds(only(find_rest(place, release.site), "proxy_read_timeout").args[0])
            assert gunicorn["timeout"] * 1000 < waits <= longest + 5_000
        for route in routes.values():
            waits = milliseconds(only(find_route(place, release.site, route), "proxy_read_timeout").args[0])
            assert waits == (route.longest_silence.amount if route.longest_silence else longest + 5_000)
            assert route.stream or route.websocket or waits <= longest + 5_000


def check_both_take_the_same_lines_and_headers(rendered: Rendered, main: Directive) -> None:
    count, size = only(only(main, "http"), "large_client_header_buffers").args
    assert int(count) >= 4
    for release in rendered.releases:
        gunicorn = rendered.gunicorn(release)
        # NGINX's buffer holds the line end too; what it lets through, Gunicorn takes, and hardly more.
        limit = gunicorn["limit_request_field_size"]
        assert limit - 2 <= octets(size) <= limit + 2
        assert octets(size) == rendered.settings.nginx.request_header.bytes - 2
        # Gunicorn counts a longer line than 8190 bytes to 8190: there, it must not count at all.
        assert gunicorn["limit_request_line"] == (limit if limit <= 8190 else 0)
        for most in listed(only(main, "http"), "max_headers"):
            assert (
                int(most[0]) + len(listed(only(main, "http"), "proxy_set_header")) <= gunicorn["limit_request_fields"]
            )
        assert listed(find_server(main, *release.site.hosts), "large_client_header_buffers") == []


def check_the_longest_body_is_the_same(rendered: Rendered, main: Directive) -> None:
    for release in rendered.releases:
        gunicorn = rendered.gunicorn(release)
        place = find_place(main, rendered.settings, release.site)
        routes = [octets(str(route.body)) for route in release.site.routes if route.body]
        largest = max(
            [octets(limit.args[0]) for limit in place.find("client_max_body_size")]
            + (routes if release.site.maintenance else [])
        )
        application = SimpleNamespace(config={"MAX_CONTENT_LENGTH": None})
        gunicorn["post_worker_init"](SimpleNamespace(wsgi=application, pid=7))
        # Werkzeug refuses a body that just reaches its limit, NGINX the first that is above it.
        assert application.config["MAX_CONTENT_LENGTH"] == largest + 1
        # What the application says itself stands.
        application = SimpleNamespace(config={"MAX_CONTENT_LENGTH": 7})
        gunicorn["post_worker_init"](SimpleNamespace(wsgi=application, pid=7))
        assert application.config["MAX_CONTENT_LENGTH"] == 7


def check_only_nginx_is_believed_about_the_client(rendered: Rendered, main: Directive) -> None:
    reported = {args[0]: args[1] for args in listed(only(main, "http"), "proxy_set_header")}
    for release in rendered.releases:
        with patch.dict(os.environ, {"FORWARDED_ALLOW_IPS": "*"}):
            gunicorn = rendered.gunicorn(release)
        assert gunicorn["forwarded_allow_ips"] == "127.0.0.1"
        assert gunicorn["secure_scheme_headers"] == {"X-FORWARDED-PROTO": "https"}
        assert reported["X-Forwarded-Proto"] in ("$scheme", "$client_scheme")
        assert gunicorn["forwarder_headers"] == ""


def check_every_connection_may_hold_two_files(rendered: Rendered, main: Directive) -> None:
    connections = int(only(only(main, "events"), "worker_connections").args[0])
    assert int(only(main, "worker_rlimit_nofile").args[0]) >= 2 * connections


def check_gunicorn_takes_its_file(rendered: Rendered, main: Directive) -> None:
    """Its own parser accepts each value, and the values are the settings'."""
    for release in rendered.releases:
        config = Config()
        for name, setting in rendered.gunicorn(release).items():
            if name in config.settings:
                config.set(name, setting)
        wanted = release.site.gunicorn
        threads = wanted.threads if wanted.worker_class == "gthread" else Config().threads
        assert (config.workers, config.threads, config.preload_app) == (wanted.workers, threads, wanted.preload)
        assert (config.accesslog is not None) == wanted.access_log


def check_what_proxies_keeps_connections_open(rendered: Rendered, main: Directive) -> None:
    for directive, chain in walk_with_parents(main):
        if directive.name == "proxy_pass":
            assert in_force("proxy_http_version", chain) == "1.1"


CHECKS = (
    check_gunicorn_keeps_idle_connections_longer_than_nginx,
    check_a_request_may_end_on_both_sides,
    check_both_take_the_same_lines_and_headers,
    check_the_longest_body_is_the_same,
    check_only_nginx_is_believed_about_the_client,
    check_every_connection_may_hold_two_files,
    check_gunicorn_takes_its_file,
    check_what_proxies_keeps_connections_open,
)
