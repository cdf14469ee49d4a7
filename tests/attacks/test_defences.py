"""Each defence is what makes its test pass: without its lines, the same test fails."""

from collections.abc import Callable

import pytest

from tests.attacks import test_answers as answers
from tests.attacks import test_client as client
from tests.attacks import test_forged as forged
from tests.attacks import test_hosts as hosts
from tests.attacks import test_private as private
from tests.attacks import test_redirects as redirects
from tests.attacks import test_sizes as sizes
from tests.attacks import test_slow as slow
from tests.attacks import test_spoofing as spoofing
from tests.attacks import test_static as static
from tests.attacks.edge import Edge, read_files, run_nginx, weaken

pytestmark = [pytest.mark.docker, pytest.mark.extended]
Edits = tuple[tuple[str, str], ...]
Test = Callable[[Edge], None]


def claim(name: str, value: str = "evil") -> Test:
    return lambda edge: spoofing.test_a_claim_is_not_believed(edge, name, value)


def passed(name: str) -> Edits:
    """Without the line that sets or clears a header towards the application."""
    return ((rf"^ *proxy_set_header {name} .*$", ""),)


def slow_ones(edge: Edge) -> None:
    slow.test_a_normal_request_is_quick_among_slow_ones(edge, lambda name, value: None, timed=False)


DEFENCES: dict[str, tuple[Edits, Test]] = {
    "location with both slashes": (
        ((r"location \^~ /static/ \{\n *root ([^;]*);", r"location ^~ /static {\n alias \1/static/;"),),
        lambda edge: static.test_look_alikes_are_not_found(edge, "/static../static/style.css"),
    ),
    "hidden files are not asked of the application": (
        ((r"^ *location ~\* .*return 404.*$", ""),),
        lambda edge: static.test_dotfiles_backups_and_source_are_not_served(edge, ".htpasswd", False),
    ),
    "no forged name of a file": (
        ((r"^ *location ~ .*x00-.*$", ""), (r"^ *try_files +\$uri.*$", "")),
        forged.test_a_forged_name_of_a_file_is_not_found,
    ),
    "no forged user or referrer": (((r"^ *if \(\$forged.*$", ""),), forged.test_a_forged_user_or_referrer_is_refused),
    "default server": (
        ((r"return +444;", "return 200 hello;"),),
        lambda edge: hosts.test_an_unknown_host_is_not_answered(edge, "elsewhere.example"),
    ),
    "default server, without a name": (
        ((r"return +444;", "return 200 hello;"),),
        hosts.test_a_missing_host_is_refused,
    ),
    "Host is the edge's": (
        ((r"(proxy_set_header Host) +\S+;", r"\1 $http_host;"),),
        lambda edge: hosts.test_the_application_sees_the_name_as_the_edge_spells_it(edge, "PROBE.localhost:9000"),
    ),
    "X-Forwarded-For replaces": (
        ((r"(proxy_set_header X-Forwarded-For) +\S+;", r"\1 $proxy_add_x_forwarded_for;"),),
        claim("X-Forwarded-For", "203.0.113.7"),
    ),
    "X-Forwarded-Proto": (passed("X-Forwarded-Proto"), claim("X-Forwarded-Proto", "https")),
    "X-Real-IP": (passed("X-Real-IP"), claim("X-Real-IP")),
    "X-Forwarded-Host": (passed("X-Forwarded-Host"), claim("X-Forwarded-Host")),
    "X-Forwarded-Prefix": (passed("X-Forwarded-Prefix"), claim("X-Forwarded-Prefix")),
    "X-Forwarded-Port": (passed("X-Forwarded-Port"), claim("X-Forwarded-Port")),
    "X-Forwarded-Ssl": (passed("X-Forwarded-Ssl"), claim("X-Forwarded-Ssl", "on")),
    "Forwarded": (passed("Forwarded"), claim("Forwarded", "for=203.0.113.7")),
    "Proxy": (passed("Proxy"), claim("Proxy")),
    "X-Request-ID": (passed("X-Request-ID"), spoofing.test_the_request_id_is_made_at_the_edge),
    "version": (((r"^ *server_tokens .*$", ""),), spoofing.test_the_version_is_not_reported),
    "path as it was sent": (
        ((r"(return +308 \S+?)\$request_uri;", r"\1$uri;"),),
        lambda edge: redirects.test_a_redirect_repeats_the_path_as_it_was_sent(edge, "/a%0d%0aX-Evil:%201"),
    ),
    "body limit": (
        ((r"client_max_body_size 64k;", "client_max_body_size 1m;"),),
        lambda edge: sizes.test_the_body_limit_is_exact(edge, "/echo", 65536, "plain"),
    ),
    "body limit, chunked": (
        ((r"client_max_body_size 64k;", "client_max_body_size 1m;"),),
        lambda edge: sizes.test_the_body_limit_is_exact(edge, "/echo", 65536, "chunked"),
    ),
    "body limit of a route": (
        ((r"client_max_body_size 1k;", ""),),
        lambda edge: sizes.test_the_body_limit_is_exact(edge, "/tiny", 1024, "plain"),
    ),
    "header buffers": (
        ((r"large_client_header_buffers 4 \S+;", "large_client_header_buffers 8 64k;"),),
        sizes.test_a_long_header_is_refused,
    ),
    "address buffers": (
        ((r"large_client_header_buffers 4 \S+;", "large_client_header_buffers 8 64k;"),),
        sizes.test_a_long_address_is_refused,
    ),
    "a fair address is answered": (
        ((r"large_client_header_buffers 4 \S+;", "large_client_header_buffers 4 4k;"),),
        sizes.test_a_fairly_long_address_reaches_the_application,
    ),
    "requests in flight": (
        ((r"^ *limit_conn all.*$", ""),),
        sizes.test_one_address_has_a_limit_of_requests_in_flight,
    ),
    "time for headers": (((r"client_header_timeout +15s;", ""),), slow_ones),
    "bodies are collected": (
        ((r"^( *)server_tokens .*$", r"\1proxy_request_buffering off;"),),
        slow_ones,
    ),
    "headers of a location come on top": (
        ((r"^ *add_header_inherit .*$", ""),),
        lambda edge: answers.test_the_header_set_is_there(edge, "static"),
    ),
    "headers on errors": (
        ((r"(add_header X-Content-Type-Options .*) always;", r"\1;"),),
        lambda edge: answers.test_the_header_set_is_there(edge, "too long"),
    ),
    "error page is internal": (((r"^ *internal;.*$", ""),), answers.test_the_error_page_is_not_a_page),
    "private listener": (
        ((r"listen +127\.0\.0\.1:8081;", "listen 127.0.0.1:8081; listen 8080; server_name 127.0.0.1;"),),
        lambda edge: private.test_no_host_name_leads_to_them(edge, "/healthz"),
    ),
    "private address": (((r"listen +127\.0\.0\.1:8081;", "listen 8081;"),), private.test_other_containers_are_refused),
    "only declared proxies": (
        ((r"^( *)server_tokens .*$", r"\1set_real_ip_from 0.0.0.0/0; real_ip_header X-Forwarded-For;"),),
        client.check_is_not_believed,
    ),
}


@pytest.mark.parametrize("name", DEFENCES)
def test_without_the_defence_its_test_fails(edge: Edge, name: str) -> None:
    edits, test = DEFENCES[name]
    with run_nginx(edge, weaken(read_files(edge), *edits)) as weak, pytest.raises(AssertionError):
        test(weak)


def test_with_every_defence_the_same_nginx_passes(edge: Edge) -> None:
    """The plain NGINX of these tests differs from the deployed one in nothing else."""
    with run_nginx(edge, read_files(edge)) as same:
        for name, (_, test) in DEFENCES.items():
            if test is not slow_ones:
                try:
                    test(same)
                except AssertionError as error:
                    raise AssertionError(f"{name}: {error}") from error
