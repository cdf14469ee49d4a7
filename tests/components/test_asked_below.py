"""A site below a path is asked there by everything that asks, and its static files lie where NGINX looks."""

from pathlib import Path

import pulumi_docker as docker

from portico.components.docker.replica import Replica
from portico.config.release.replica import Place, describe_files, describe_replica
from tests.components.sample import make_stack
from tests.config.sample import make_site


def test_whoever_asks_an_application_asks_below_its_path(root: Path) -> None:
    stack = make_stack(root, make_site(path="/shop", health="/healthz"))
    (release,) = stack.releases
    assert "/shop/healthz" in describe_replica(release, 0, Place())["healthcheck"]["tests"]
    line = Replica(release=release, index=0, container=docker.Container.__new__(docker.Container)).describe("0" * 64)
    assert line.split()[-2:] == ["shop.example", "/shop/healthz"]
    assert "proxy_pass http://shop/shop/healthz;" in stack.tree.files["conf.d/00-status.conf"]


def test_static_files_are_laid_out_below_the_path(root: Path) -> None:
    stack = make_stack(root, make_site(path="/shop"))
    (release,) = stack.releases
    assert "/shop/static/" in describe_files(release, Place())["command"]
    assert "location ^~ /shop/static/ {" in stack.tree.files["hosts/shop.example/paths/shop.conf"]
