"""Nothing is written that has no effect: each name that is made is used, each part stands beside what it serves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.nginx_file import Directive
from tests.property.pool import Tried, holds_for_stacks
from tests.property.reading import listed, only, walk_with_parents
from tests.property.rendered import parse, render

SITE = {"name": "hello", "source": "plain", "entry": "web:app", "hosts": ["hello.example"]}
# A directive, and what must stand somewhere for it to mean anything.
NEEDS = {
    "limit_conn_status": {"limit_conn"},
    "limit_conn_zone": {"limit_conn"},
    "limit_req_status": {"limit_req"},
    "limit_req_zone": {"limit_req"},
    "limit_req_dry_run": {"limit_req"},
    "gzip_comp_level": {"gzip"},
    "gzip_min_length": {"gzip"},
    "gzip_proxied": {"gzip"},
    "gzip_types": {"gzip"},
    "gzip_vary": {"gzip", "gzip_static"},
    "keepalive_requests": {"keepalive"},
    "real_ip_header": {"set_real_ip_from"},
    "real_ip_recursive": {"set_real_ip_from"},
    "proxy_cache_path": {"proxy_cache"},
    "auth_basic": {"auth_basic_user_file"},
    "ssl_protocols": {"ssl_certificate"},
    "ssl_ciphers": {"ssl_certificate"},
    "ssl_ecdh_curve": {"ssl_certificate"},
    "ssl_session_cache": {"ssl_certificate"},
}
# Inside the blocks of these, what stands before the value is no directive.
DATA = ("map", "geo", "types")


def list_dead(main: Directive) -> Iterator[str]:
    """What could be taken away without a difference."""
    http = only(main, "http")
    every = [(one, chain) for one, chain in walk_with_parents(main) if chain[-1].name not in DATA]
    there = {one.name for one, _ in every}
    for name, needed in NEEDS.items():
        if name in there and not there & needed:
            yield f"{name} without {' or '.join(sorted(needed))}"
    words = " ".join(word for one, _ in every for word in (one.args[:-1] if one.name in DATA else one.args))
    words += " " + " ".join(
        word for one in http.block if one.name in DATA for inner in one.block for word in inner.args
    )
    for one, _ in every:
        made = {"map": one.args[-1:], "geo": one.args[-1:], "set": one.args[:1]}.get(one.name, ())
        for variable in made:
            # Once more than where it is made.
            if len(re.findall(rf"{re.escape(variable)}(?!\w)", words)) <= (one.name == "set"):
                yield f"{variable} is not used"
    passed = {found.args[0].removeprefix("http://").partition("/")[0] for found in main.find("proxy_pass")}
    yield from (f"upstream {one.args[0]} is not used" for one in main.find("upstream") if one.args[0] not in passed)
    if "gzip_static" in there and not any(one.name == "root" and "/srv/static" in one.args[0] for one, _ in every):
        yield "gzip_static without files"
    if "resolver" in there and "resolve" not in words and "$replicas" not in words:
        yield "resolver without names"
    for upstream in main.find("upstream"):
        if listed(upstream, "keepalive_timeout") and not listed(upstream, "keepalive"):
            yield "keepalive_timeout without keepalive"
    for block in (main, *(one for one, _ in every if one.block)):
        if block.name not in DATA:
            lines = [(one.name, one.args) for one in block.block if not one.block]
            yield from (f"{name} {' '.join(args)} twice" for name, args in lines if lines.count((name, args)) > 1)


@holds_for_stacks()
def test_nothing_is_dead(stack: Tried) -> None:
    assert list(list_dead(stack.main)) == []


@pytest.mark.parametrize("image", ["nginx:1.22.1", "nginx:1.30.6"])
def test_nothing_is_dead_where_no_site_is_served(root: Path, image: str) -> None:
    """Nobody is asked for by name then."""
    values = {"sites": [SITE | {"maintenance": True}], "upstream": "container", "nginxImage": image}
    assert list(list_dead(parse(render(values, root)))) == []


@pytest.mark.parametrize("preset", ["article", "default", "strict"])
def test_nothing_is_dead_in_a_preset(root: Path, preset: str) -> None:
    for changes in ({}, {"source": "bare", "entry": "main:app"}, {"maintenance": True}):
        values = {"preset": preset, "sites": [{**SITE, **changes}]}
        assert list(list_dead(parse(render(values, root)))) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("gzip            on;", "", "gzip_types without gzip"),
        ("limit_conn all.connections 256;", "", "limit_conn_zone without limit_conn"),
        ("add_header X-Frame-Options         $x_frame_options always;", "", "$x_frame_options is not used"),
        ("charset utf-8;", "set $a b;", "$a is not used"),
        ("charset utf-8;", "charset utf-8; charset utf-8;", "charset utf-8 twice"),
    ],
)
def test_what_is_dead_is_found(root: Path, before: str, after: str, said: str) -> None:
    rendered = render({"sites": [SITE]}, root)
    files = {path: text.replace(before, after) for path, text in rendered.tree.files.items()}
    assert files != rendered.tree.files
    assert said in list(list_dead(parse(rendered.with_files(files))))
