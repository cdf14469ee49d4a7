"""Portico: the parts of a whole stack, in the order that is the promise."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from tests.components.recorder import CONTAINER, IMAGE, NETWORK, VOLUME, Recorder, Resource, list_texts, run
from tests.components.sample import BLOG, SECRET, deploy, deploy_both, make_stack
from tests.config.sample import make_site


def test_its_children_are_the_edges_parts_and_two_components_a_site(whole: Recorder) -> None:
    assert whole.children(whole.component("Portico")) == {
        "portico-network": "portico:index:Network",
        "portico-config": VOLUME,
        "portico-sockets": VOLUME,
        "portico-static": VOLUME,
        "portico-nginx-image": IMAGE,
        "portico-check": "portico:index:ConfigCheck",
        "portico-nginx": "portico:index:Nginx",
        "portico-port": "portico:index:Port",
        "portico-release": "portico:index:ConfigRelease",
        "shop": "portico:index:FlaskApp",
        "shop-gunicorn": "portico:index:Gunicorn",
        "blog": "portico:index:FlaskApp",
        "blog-gunicorn": "portico:index:Gunicorn",
    }


def test_everything_is_below_it(whole: Recorder) -> None:
    above = whole.component("Portico")
    assert all(whole.is_descendant(found, above) for found in whole.resources)


def test_no_name_holds_the_stacks_name(whole: Recorder) -> None:
    assert [found.name for found in whole.resources if "test" in found.name] == []


def test_every_component_registers_its_outputs(whole: Recorder) -> None:
    components = {found.urn for found in whole.resources if found.type.startswith("portico:index:")}
    assert components <= set(whole.outputs)


def test_volumes_and_networks_are_known_by_their_labels(whole: Recorder) -> None:
    for found in [*whole.of_type(VOLUME), *whole.of_type(NETWORK)]:
        assert found.labels["portico.project"] == "portico" and found.labels["portico.stack"] == "test"
        assert found.labels["portico.role"] in {"config", "sockets", "static", "secrets", "network"}
        assert "name" not in found.inputs


def test_only_what_belongs_to_a_site_carries_its_label(whole: Recorder) -> None:
    for found in whole.of_type(CONTAINER):
        site = "shop" if found.name.startswith("shop") else "blog" if found.name.startswith("blog") else None
        assert found.labels.get("portico.site") == site


def test_the_release_waits_for_every_replica(whole: Recorder) -> None:
    replicas = {found.urn for found in whole.of_type(CONTAINER) if found.labels["portico.role"] == "gunicorn"}
    assert len(replicas) == 3
    assert whole.component("ConfigRelease").dependencies == replicas
    assert [found.name for found in whole.resources if found.type == CONTAINER][-2:] == [
        "portico-release-switch",
        "portico-port-holder-8080",
    ]
    assert whole.container("portico-release-switch").urn in whole.container("portico-port-holder-8080").dependencies


def test_nothing_is_built_or_started_before_the_configuration_is_accepted(whole: Recorder) -> None:
    checked = whole.container("portico-check-nginx-t").urn
    built = [image for image in whole.of_type(IMAGE) if "build" in image.inputs]
    assert len(built) == 2 and all(checked in image.dependencies for image in built)
    assert checked in whole.container("portico-nginx-server").dependencies


def test_replicas_start_after_their_files_are_laid_out(whole: Recorder) -> None:
    files = whole.container("shop-files").urn
    for index in range(2):
        assert files in whole.container(f"shop-gunicorn-{index}").dependencies


def test_a_refused_configuration_leaves_everything_as_it_was(root: Path) -> None:
    line = 'nginx: [emerg] unknown directive "x" in /etc/portico/trees/1/nginx.conf:3'
    seen: list[Resource] = []
    state = {"portico-check-nginx-t": {"exitCode": 1, "containerLogs": line}}
    with pytest.raises(pulumi.RunError) as caught:
        deploy(root, states=state, seen=seen)
    assert str(caught.value).splitlines()[1:] == [f"  {line}"]
    assert [found.name for found in seen if found.type == CONTAINER] == ["portico-check-nginx-t"]
    assert [found.name for found in seen if found.type == IMAGE] == ["portico-nginx-image"]


def test_files_that_cannot_be_laid_out_start_no_replica_and_no_switch(root: Path) -> None:
    seen: list[Resource] = []
    with pytest.raises(pulumi.RunError, match="The files of shop could not be written"):
        deploy(root, states={"shop-files": {"exitCode": 1, "containerLogs": "x"}}, seen=seen)
    roles = {found.labels["portico.role"] for found in seen if found.type == CONTAINER}
    assert roles <= {"check", "nginx", "files"}


def test_a_secret_is_nowhere_in_the_clear(whole: Recorder) -> None:
    seen = [(one.name, hidden) for one in whole.resources for text, hidden in list_texts(one.raw) if SECRET in text]
    assert seen == [("shop-files", True)]
    assert SECRET not in repr(whole.outputs) and SECRET not in repr(whole.exports)


def test_a_secret_is_not_written_into_the_build_context(root: Path) -> None:
    deploy_both(root)
    for path in (root / ".portico").rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()


def test_the_edge_is_reported_by_its_settings(root: Path) -> None:
    edge = deploy(root, address="0.0.0.0", port=80).container("portico-port-holder-80")
    assert edge.inputs["ports"] == [{"internal": 8080, "external": 80, "ip": "0.0.0.0"}]


@pytest.mark.parametrize("protect", [True, False])
def test_what_outlives_releases_can_be_protected_and_nothing_else(root: Path, protect: bool) -> None:
    made = deploy(root, protect=protect)
    assert {found.name for found in made.resources if found.protect and found.type.startswith("docker:")} == (
        {"portico-network-bridge", "portico-config", "portico-sockets", "portico-static"} if protect else set()
    )


def test_the_edge_serves_what_the_replicas_and_files_share(whole: Recorder) -> None:
    edge, files, replica = (
        whole.container(f"{name}") for name in ("portico-nginx-server", "shop-files", "shop-gunicorn-0")
    )
    assert edge.mounts["/run/portico"] == files.mounts["/run/portico"] == replica.mounts["/run/portico"]
    assert edge.mounts["/srv/static"].removeprefix("ro:") == files.mounts["/srv/static"]
    switch, check = whole.container("portico-release-switch"), whole.container("portico-check-nginx-t")
    assert (
        edge.mounts["/etc/portico"].removeprefix("ro:") == switch.mounts["/etc/portico"] == check.mounts["/etc/portico"]
    )


@pytest.mark.parametrize(
    ("site", "port", "url"),
    [
        ({}, 8080, "http://shop.example:8080"),
        ({}, 80, "http://shop.example"),
        ({"hosts": ["*.shop.example"]}, 8080, "http://www.shop.example:8080"),
    ],
)
def test_the_url_is_the_first_host_of_the_first_site(root: Path, site: dict[str, Any], port: int, url: str) -> None:
    outputs = deploy(root, make_site(**site), BLOG | {"hosts": ["blog.example"]}, port=port).registered_outputs(
        "Portico"
    )
    assert outputs["url"] == outputs["urls"]["shop"] == url
    assert set(outputs["urls"]) == {"shop", "blog"}


def test_its_outputs_name_the_releases_and_the_live_tree(root: Path) -> None:
    stack = make_stack(root)
    outputs = deploy(root).registered_outputs("Portico")
    assert outputs["releases"] == {"shop": stack.releases[0].id}
    assert outputs["tree"] == stack.tree.digest


def test_the_edge_is_the_same_whatever_its_sites_need(root: Path) -> None:
    edges = [
        dict(deploy(root, make_site(gunicorn={"timeout": timeout}), *more).container("portico-nginx-server").inputs)
        for timeout, more in (("30s", ()), ("5m", ()), ("5m", (BLOG,)))
    ]
    assert edges[0] == edges[1]
    # What changes while it runs: one site more may fill a store more.
    limits = [edges[index].pop(name) for index in (1, 2) for name in ("memory", "memorySwap")]
    assert limits == [256, 256, 352, 352] and edges[1] == edges[2]


def test_another_compression_lays_the_files_out_anew(root: Path) -> None:
    commands = [
        deploy(root, nginx={"gzip": {"static": static}}).container("shop-files").inputs["command"]
        for static in (True, False)
    ]
    assert [command[5] for command in commands] == ["compress", "plain"]
    assert commands[0][1] != commands[1][1]


def test_by_the_network_each_site_has_one_of_its_own_that_nginx_is_in(root: Path) -> None:
    """No container of a site finds one of another site; all else is as in a stack of sockets."""
    release = {"release": {"command": "flask db upgrade"}, "workers": [{"name": "queue", "command": "work"}]}
    sites = [make_site(**release), make_site(name="blog", hosts=["blog.example"])]
    made = run(lambda: Portico("portico", PorticoArgs(stack=make_stack(root, *sites, upstream="container"), root=root)))
    networks = {found.labels.get("portico.site"): f"{found.name}-0123456" for found in made.of_type(NETWORK)}
    assert networks.keys() == {None, "shop", "blog"}
    seen: dict[str | None, set[str]] = {}
    for found in made.of_type(CONTAINER):
        names = {one["name"] for one in found.inputs.get("networksAdvanced") or []}
        seen.setdefault(found.labels.get("portico.site") or found.labels["portico.role"], set()).update(names)
    assert seen["shop"] == {networks["shop"]} and seen["blog"] == {networks["blog"]}
    assert seen["nginx"] == set(networks.values()) and seen["port"] == {networks[None]}
    (edge,) = (found for found in made.of_type(CONTAINER) if found.labels["portico.role"] == "nginx")
    assert {one["name"] for one in edge.inputs["networksAdvanced"] if one.get("aliases") == ["portico-edge"]} == {
        networks["shop"],
        networks["blog"],
    }
