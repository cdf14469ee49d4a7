"""A site on ECS has the files that it has on a VM: what differs is listed here, and each line says why it does."""

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

from portico.config.plan import make_plan
from portico.config.render.tree import Tree
from tests.config.aws_sample import make_aws_values
from tests.config.ecs_sample import CERTIFICATE, make_ecs_values, make_section, plan_fleet
from tests.config.sample import make_full_site, make_site
from tests.config.test_reasons import list_unexplained

READY = "conf.d/01-ready.conf"
# What may differ, by what it begins with; the rest of a line is in `EXPECTED`.
MAY_DIFFER = {
    "listen": r"listen ",
    "real client": r"(set_real_ip_from|real_ip_header|real_ip_recursive|proxy_set_header X-Forwarded-Proto) ",
    # The scheme is the client's too: a load balancer speaks HTTPS, and NGINX behind it HTTP.
    "real scheme": r"(geo |map \$is_proxy|default |10\.0\.0\.0/16 1;|1:https? |\}$|return 308 |proxy_cache_key )",
    "upstream": r"server (127\.0\.0\.1:8000|unix:)",
    "keepalive": r"keepalive_timeout ",
    # A task has one site, so its bodies need no store apart from those of others.
    "store": r"client_body_temp_path ",
    "why": r"#",
}
# Both stacks have one site, so that what sites share in a file is the same. Balance and weights are the load
# balancer's on ECS.
SITES = {
    "plain": make_site(),
    "full": make_full_site(weights=None, balance=None, replicas=3),
    "closed": make_full_site(weights=None, balance=None, maintenance=True),
    "slow": make_site(gunicorn={"timeout": "100s"}),
}
STACKS: dict[str, dict[str, Any]] = {
    "default": {},
    "article": {"preset": "article"},
    "strict": {"preset": "strict"},
    "old": {"nginxImage": "nginx:1.22.1"},
    "logs": {"nginx": {"logFormat": "json", "gzip": {"level": 0, "static": False}}},
}


def normalize(tree: Tree, release: str) -> dict[str, list[str]]:
    """Lines without their indent and without the spaces before comments, and with one name for every release."""
    return {
        path: [
            re.sub(r" {2,}", " ", line.strip().replace(release, "<release>").replace(tree.digest, "<tree>"))
            for line in text.splitlines()
            if line.strip()
        ]
        for path, text in tree.files.items()
    }


def render_both(root: Path, site: Mapping[str, Any], **stack: Any) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The files of a site on a VM, and on ECS."""
    vm = make_plan(make_aws_values(sites=[site], **stack), root)
    (fleet,) = plan_fleet(root, site, **stack)
    return normalize(vm.render(), vm.releases[0].id), normalize(fleet.tree, fleet.release.id)


def list_changes(vm: list[str], ecs: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """What is another text: lines there, lines here."""
    for kind, start, end, first, last in SequenceMatcher(None, vm, ecs, autojunk=False).get_opcodes():
        if kind != "equal":
            yield vm[start:end], ecs[first:last]


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("site", SITES)
def test_only_what_must_differ_differs_and_says_why(root: Path, site: str, stack: str) -> None:
    vm, ecs = render_both(root, SITES[site], **STACKS[stack])
    assert set(ecs) == {*vm, READY}
    seen = 0
    for path in vm:
        for before, after in list_changes(vm[path], ecs[path]):
            seen += 1
            for line in [*before, *after]:
                assert any(re.match(pattern, line) for pattern in MAY_DIFFER.values()), f"{path}: {line}"
            # A block's comment stands above it, that of a line behind it.
            headed = bool(after) and after[0].startswith("# ---")
            for line in after:
                assert headed or line.startswith("#") or " # " in line, f"{path}: {line} says nothing"
                assert headed or re.search(r"load balancer|task|not a proxy's", line), f"{path}: {line} says not why"
    assert seen >= 4


EXPECTED = {
    "nginx.conf": [
        (
            ["keepalive_timeout 65s; # how long an idle connection stays open"],
            [
                "keepalive_timeout 50s; # longer than the load balancer keeps one: it never sends into a closed "
                "connection"
            ],
        ),
        (
            [],
            [
                "# --- the client's address, from a header of the proxies in front; nobody else can set it",
                "set_real_ip_from 10.0.0.0/16; # the load balancer's network: all connections come from there",
                "real_ip_header X-Forwarded-For; # where the load balancer writes the client's address",
                "real_ip_recursive on; # the client is the last address that is not a proxy's",
            ],
        ),
        (
            [],
            [
                "# --- http or https, from a header of the proxies in front",
                "geo $realip_remote_addr $is_proxy {",
                "default 0;",
                "10.0.0.0/16 1;",
                "}",
                "map $is_proxy:$http_x_forwarded_proto $client_scheme {",
                "default $scheme;",
                "1:http http;",
                "1:https https;",
                "}",
            ],
        ),
        (
            ["proxy_set_header X-Forwarded-Proto $scheme; # http or https"],
            [
                "proxy_set_header X-Forwarded-Proto $client_scheme; # http or https, as the client asked the load "
                "balancer, which itself uses http"
            ],
        ),
    ],
    "conf.d/00-status.conf": [
        (
            ["proxy_set_header X-Forwarded-Proto $scheme;"],
            [
                "proxy_set_header X-Forwarded-Proto $client_scheme; # http or https, as the client asked the load "
                "balancer, which itself uses http"
            ],
        ),
    ],
    "conf.d/shop.conf": [
        (
            [
                "server unix:/run/portico/shop/<release>-0.sock max_fails=0;",
                "server unix:/run/portico/shop/<release>-1.sock max_fails=0;",
            ],
            ["server 127.0.0.1:8000 max_fails=0; # in the same task, whose containers share one loopback"],
        ),
        (
            ["return 308 $scheme://shop.example$asked_port$request_uri; # 308 keeps the method, such as POST"],
            [
                "return 308 $client_scheme://shop.example$asked_port$request_uri; # 308 keeps the method, such as "
                "POST, and this is the scheme that the client asked the load balancer for"
            ],
        ),
        (
            [
                "client_body_temp_path /tmp/bodies-0; # a body above 16k is collected here, in storage of this "
                "site's own"
            ],
            [],
        ),
    ],
    "pages/portico-unavailable.html": [],
}


def test_the_difference_word_for_word(root: Path) -> None:
    vm, ecs = render_both(root, make_site(aliases=["www.shop.example"]))
    assert {path: list(list_changes(vm[path], ecs[path])) for path in vm} == EXPECTED


def test_a_certificate_makes_no_other_files(root: Path) -> None:
    """It is the load balancer's, which tells NGINX the scheme."""
    (plain,) = plan_fleet(root, make_site(aliases=["www.shop.example"]))
    (secure,) = plan_fleet(
        root, make_site(aliases=["www.shop.example"]), section=make_section(certificate=CERTIFICATE), protect=True
    )
    assert secure.tree == plain.tree and secure.release.id == plain.release.id


@pytest.mark.parametrize("site", SITES)
def test_every_directive_has_a_reason(root: Path, site: str) -> None:
    for stack in STACKS.values():
        (fleet,) = plan_fleet(root, SITES[site], **stack)
        lacking = {path: list(list_unexplained(text)) for path, text in fleet.tree.files.items() if ".conf" in path}
        assert len(lacking) == 4 and not any(lacking.values()), lacking


def test_each_site_has_a_tree_of_its_own(root: Path) -> None:
    sites = [make_site(), make_site(name="blog", hosts=["blog.example"])]
    plan = make_plan(make_ecs_values(*sites), root)
    shop, blog = plan_fleet(root, *sites)
    assert [one.site.name for one in (shop, blog)] == ["shop", "blog"]
    assert not any("blog" in text for text in shop.tree.files.values())
    assert shop.tree.digest != blog.tree.digest and shop.tree.digest in shop.tree.files["conf.d/00-status.conf"]
    # Both on a stack of its own are the same: a site says nothing about another.
    assert plan_fleet(root, sites[0])[0].tree == shop.tree
    joined = plan.render()
    assert joined.files == {
        f"{one.site.name}/{path}": text for one in (shop, blog) for path, text in one.tree.files.items()
    }
