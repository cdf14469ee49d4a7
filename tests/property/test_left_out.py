"""A site whose replicas are not well is left out of a tree: NGINX must accept what remains, also where none does.

What remains stands here for NGINX: a variable that nothing makes, or an upstream that is nowhere, is refused.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from scripts.setup.base_images import TESTED
from tests.config.nginx_file import Directive
from tests.property.applications import CERTIFICATE, KEY
from tests.property.edge import Edge
from tests.property.left_out import leave_out
from tests.property.pool import Tried, holds_for_stacks
from tests.property.rendered import Rendered, parse, render

# Variables of NGINX's own that are written here; another one needs a line.
_OWN: Final = re.compile(
    r"binary_remote_addr|body_bytes_sent|host|https|is_args|args|proxy_add_x_forwarded_for|realip_remote_addr|remote_addr"
    r"|remote_user|request|request_id|request_method|request_time|request_uri|scheme|status|time_iso8601|time_local|uri"
    r"|http_\w+|sent_http_\w+|upstream_\w+|ssl_\w+|document_root|server_port|cookie_\w+"
)
SITE = {"name": "hello", "source": "plain", "entry": "web:app", "hosts": ["hello.example"]}
OTHER = {**SITE, "name": "other", "hosts": ["other.example"]}


def list_unknown(main: Directive) -> Iterator[str]:
    """What NGINX would not know."""
    every = list(main.walk())
    words = " ".join(word for one in every for word in (one.name, *one.args))
    makers = {"map": -1, "geo": -1, "set": 0, "auth_request_set": 0}
    made = {one.args[makers[one.name]].removeprefix("$") for one in every if one.name in makers}
    made |= set(re.findall(r"\(\?<(\w+)>", words))
    for name in sorted(set(re.findall(r"\$\{?([a-z]\w*)", words)) - made):
        if not _OWN.fullmatch(name):
            yield f"unknown variable ${name}"
    upstreams = {one.args[0] for one in main.find("upstream")}
    asked = {one.args[0].removeprefix("http://").partition("/")[0] for one in main.find("proxy_pass")}
    yield from (f"host not found: {name}" for name in sorted(asked - upstreams) if not name.startswith("$"))


def without(rendered: Rendered) -> Iterator[Rendered]:
    """Without all of its sites, and with each alone."""
    names = [release.site.name for release in rendered.releases]
    for kept in (None, *names[1:]):
        yield leave_out(rendered, [name for name in names if name != kept])


@holds_for_stacks(every=2)
def test_what_remains_stands_alone(stack: Tried) -> None:
    rendered = stack.rendered
    assert list(list_unknown(stack.main)) == []
    # Elsewhere nobody leaves a site out: a task has one, and without Portico's container there is no switch.
    if stack.layout == "conf.d" and rendered.settings.target != "ecs":
        for one in without(rendered):
            main = parse(one)
            assert list(list_unknown(main)) == []
            # Whatever is asked of a host has a location: NGINX has pages of its own besides.
            for server in main.find("server"):
                places = [location.args for location in server.find("location")]
                assert not places or ("/",) in places


def test_what_nginx_would_not_know_is_found(root: Path) -> None:
    rendered = render({"sites": [SITE, OTHER]}, root)
    files = {path: text.replace("charset ", "set $a $nobody; charset ") for path, text in rendered.tree.files.items()}
    files["conf.d/hello.conf"] = files["conf.d/hello.conf"].replace("upstream hello ", "upstream goodbye ")
    said = list(list_unknown(parse(rendered.with_files(files))))
    assert said == ["unknown variable $nobody", "host not found: hello"]


@pytest.mark.docker
@pytest.mark.parametrize("version", TESTED)
def test_nginx_accepts_what_remains(root: Path, edge: Callable[[str], Edge], version: str) -> None:
    values = {"nginxImage": f"nginx:{version}", "sites": [SITE, OTHER]}
    own = {"certificate": {"certificate": CERTIFICATE, "key": KEY}}
    below = {"hosts": SITE["hosts"], "path": "/other"}
    for changes in (
        {},
        {"upstream": "container"},
        {"tls": {}, "sites": [SITE | own, OTHER | own]},
        {"sites": [SITE, OTHER | below]},
        {"upstream": "container", "sites": [OTHER | below, SITE]},
    ):
        for one in without(render(values | changes, root)):
            assert edge(version).test(one) == [], changes
