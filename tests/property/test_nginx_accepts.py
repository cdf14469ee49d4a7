"""NGINX itself accepts whatever is rendered, without a warning, in the version that it is written for."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from portico.config.settings import Mistakes, Settings
from scripts.setup.base_images import TESTED
from tests.property.applications import CERTIFICATE, KEY
from tests.property.edge import Edge
from tests.property.profile import holds_for
from tests.property.rendered import render
from tests.property.settings import LAYOUTS, stacks

pytestmark = pytest.mark.docker

Start = Callable[[str], Edge]

SHIPPED = str(Settings.model_fields["nginx_image"].default).rpartition(":")[2]
SITE = {"name": "hello", "source": "plain", "entry": "web:app", "hosts": ["hello.example"]}


@pytest.mark.parametrize("version", TESTED)
def test_the_image_holds_the_version(edge: Start, version: str) -> None:
    """A stand-in of another release line would prove nothing about this one."""
    assert edge(version).version.split(".")[:2] == version.split(".")[:2]


@pytest.mark.parametrize("version", TESTED)
def test_nginx_accepts_every_preset(root: Path, edge: Start, version: str) -> None:
    own = {"certificate": CERTIFICATE, "key": KEY}
    for preset, upstream, tls in product(
        ("default", "article", "strict"), ("socket", "container", "tcp"), (False, True)
    ):
        values: dict[str, Any] = {
            "preset": preset,
            "upstream": upstream,
            "nginxImage": f"nginx:{version}",
            "sites": [SITE],
        }
        if tls:
            values |= {"tls": {}, "sites": [{**SITE, "certificate": own}]}
        assert edge(version).test(render(values, root)) == [], (preset, upstream, tls)
    ordered = {"nginxImage": f"nginx:{version}", "tls": {"acme": {"email": "ops@hello.example"}}, "sites": [SITE]}
    assert edge(version).test(render(ordered, root)) == []


# What is shipped in each run; every other one in `make test-all`.
@pytest.mark.parametrize(
    "version", [one if one == SHIPPED else pytest.param(one, marks=pytest.mark.extended) for one in TESTED]
)
def test_nginx_accepts_every_tree(root: Path, edge: Start, version: str) -> None:
    container = edge(version)

    @holds_for(values=stacks([version]), layout=st.sampled_from(LAYOUTS))
    def accepts(values: dict[str, Any], layout: str) -> None:
        rendered = render(values, root, layout)
        assert ".".join(map(str, rendered.settings.nginx_version)) == version
        assert container.test(rendered) == []

    accepts()


def test_nginx_has_memory_for_whatever_there_is(root: Path, edge: Start) -> None:
    """Its tables hold thousands of long names, policies of sixty sites, and a long name with an ordered certificate."""
    long = f"{'a' * 60}.{'b' * 60}.{'c' * 60}"
    many = {"sites": [{**SITE, "hosts": [f"{long}.x{index}.example" for index in range(5000)]}]}
    policies = [
        {**SITE, "name": f"s{index}", "hosts": [f"s{index}.example"]}
        | {"headers": {"contentSecurityPolicy": f"default-src https://{index}.example", "permissionsPolicy": "a=()"}}
        for index in range(60)
    ]
    for values in (many, {"sites": policies}):
        assert edge("1.30.6").test(render(values, root)) == []
    ordered = render({"tls": {"acme": {"email": "ops@hello.example"}}, "sites": [{**SITE, "hosts": [long]}]}, root)
    files = {
        path: re.sub(r"include .*names\.map;", f'"http {long}" yes;', text) for path, text in ordered.tree.files.items()
    }
    assert edge("1.30.6").test(ordered.with_files(files)) == []


def test_a_complaint_is_heard(root: Path, edge: Start) -> None:
    """The checks themselves work: what is wrong, and what is only warned of, is reported."""
    rendered = render({"sites": [SITE]}, root)
    for bad, said in (("no_such_directive on;", "unknown directive"), ("server_name a; server_name a;", "conflicting")):
        files = {**rendered.tree.files}
        files["conf.d/hello.conf"] = files["conf.d/hello.conf"].replace("server_name ", f"{bad}\n    server_name ", 1)
        complaints = edge("1.30.6").test(rendered.with_files(files))
        assert complaints and said in complaints[0]


# Each of these is refused, with the path of the setting, or written so that NGINX accepts it.
EDGES = {
    "an alias that is a host name too": {"aliases": ["hello.example"]},
    "the same alias twice": {"aliases": ["www.example", "www.example"]},
    "answers kept for less than a second": {"routes": [{"path": "/a", "cache": "500ms"}]},
    "a route at the static files": {"routes": [{"path": "/static/"}]},
    "a route at the static files' folder": {"routes": [{"path": "/static"}]},
    "a route at NGINX's own page": {"routes": [{"path": "/portico-unavailable.html"}]},
    "a body of a zebibyte": {"body": "999999999999G"},
    "a timeout of ages": {"gunicorn": {"timeout": "999999999999h"}},
    "the longest path": {"routes": [{"path": f"/{'a' * 199}"}], "staticUrl": f"/{'b' * 200}/"},
    "60 limited routes": {"routes": [{"path": f"/{number}/", "rate": {"rate": "1r/s"}} for number in range(60)]},
    "32 replicas, any of them": {"replicas": 32, "balance": "random"},
    "the longest header": {"headers": {"contentSecurityPolicy": "a" * 2000}},
    "a burst of 0": {"limits": {"rate": {"rate": "10r/s", "burst": 0}}},
    "a host name of more than 58 letters": {"hosts": [f"{'a' * 50}.{'b' * 30}.example"]},
    # NGINX reads no line of more than 4,096 bytes, not even a comment.
    "400 host names": {"hosts": [f"tenant{number}.example" for number in range(400)]},
    "static files at NGINX's own page": {"staticUrl": "/portico-unavailable.html/"},
}


@pytest.mark.parametrize("changes", EDGES.values(), ids=EDGES)
def test_what_nginx_refuses_is_refused(root: Path, edge: Start, changes: dict[str, Any]) -> None:
    check(edge, root, {"sites": [{**SITE, **changes}]}, "sites[0]")


@pytest.mark.parametrize(
    "proxies",
    [["0.0.0.0/0"], ["10.0.0.0/8", "10.0.0.0/8"], ["255.255.255.255/32"]],
    ids=["everybody", "one twice", "nobody"],
)
def test_proxies_that_nginx_warns_of_are_refused(root: Path, edge: Start, proxies: list[str]) -> None:
    check(edge, root, {"client": {"proxies": proxies}, "sites": [SITE]}, "client.proxies")


def check(edge: Start, root: Path, values: dict[str, Any], place: str) -> None:
    try:
        rendered = render(values, root)
    except Mistakes as mistakes:
        assert all(mistake.path.startswith(place) for mistake in mistakes.all)
        return
    assert edge("1.30.6").test(rendered) == []
