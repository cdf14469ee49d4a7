"""Portico: the parts of a whole stack, in the order that is the promise."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from tests.components.recorder import CONTAINER, IMAGE, NETWORK, VOLUME, Recorder, Resource, list_texts, run
from tests.components.sample import BLOG, SECRET, deploy, deploy_both, make_stack
from tests.components.watched import EDGE, Watched, show
from tests.config.sample import HASH, make_site, write_files


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


def read_envs(container: Resource) -> dict[str, str]:
    return dict(env.split("=", 1) for env in container.inputs["envs"])


def test_the_switch_has_time_for_the_longest_request(whole: Recorder) -> None:
    envs = read_envs(whole.container("portico-release-switch"))
    assert int(envs["LONGEST"]) > 50 + 5


def test_the_switch_asks_every_replica_of_every_site(whole: Recorder) -> None:
    asked = [line.split() for line in read_envs(whole.container("portico-release-switch"))["REPLICAS"].splitlines()]
    assert [(site, index, id) for site, _, index, id, *_ in asked] == [
        ("shop", "0", "shop-gunicorn-0-id"[:12]),
        ("shop", "1", "shop-gunicorn-1-id"[:12]),
        ("blog", "0", "blog-gunicorn-0-id"[:12]),
    ]


def test_the_switch_waits_for_replicas_as_long_as_set(root: Path) -> None:
    envs = read_envs(deploy(root, healthTimeout=90).container("portico-release-switch"))
    assert envs["WAIT"] == "90"
    replica = deploy(root, healthTimeout=90).container("shop-gunicorn-0").inputs
    assert not replica.get("wait") and "waitTimeout" not in replica


def test_nothing_is_asked_of_a_site_in_maintenance(root: Path) -> None:
    made = deploy(root, make_site(maintenance=True), BLOG)
    asked = read_envs(made.container("portico-release-switch"))["REPLICAS"].splitlines()
    assert [line.split()[0] for line in asked] == ["blog"]
    everything_in_maintenance = deploy(root, make_site(maintenance=True))
    assert read_envs(everything_in_maintenance.container("portico-release-switch"))["REPLICAS"] == ""


def test_a_replica_that_is_not_well_is_made_anew_and_the_other_is_not(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the state says: a refresh has taken the mark from it."""
    stack = make_stack(root)
    release = stack.releases[0].id
    well, sick = show("1" * 12, release=release), show("2" * 12, release=release, State="restarting")
    files = {f"trees/{stack.tree.digest}/{path}": text for path, text in stack.tree.files.items()}
    proven = f"shop {'1' * 12}\nshop {'2' * 12}\n"
    engine = Watched(listed=[EDGE, well, sick], target=f"trees/{stack.tree.digest}", files={**files, "proven": proven})
    resources = {
        f"urn:pulumi:test::portico::{CONTAINER}::{name}": {
            "type": CONTAINER,
            "outputs": {"name": one["Names"][0][1:], "labels": [{"label": "portico.attempt", "value": "4"}]},
        }
        for name, one in {"shop-gunicorn-0": well, "shop-gunicorn-1": sick, "portico-nginx-server": EDGE}.items()
    }
    monkeypatch.setattr("portico.components.docker.image_tags.list_tags", lambda _: frozenset())
    monkeypatch.setattr("portico.components.docker.preview.list_tags", lambda _: frozenset())
    args = PorticoArgs(stack=stack, root=root, engine=engine, resources=resources)
    made = run(lambda: Portico("portico", args))
    attempts = [made.container(f"shop-gunicorn-{index}").labels["portico.attempt"] for index in range(2)]
    assert attempts == ["4", "5"]
    # The tree is live: the switch has nothing to repeat, but for the replica that it has to ask.
    assert made.container("portico-release-switch").labels["portico.attempt"] == "0"


def test_a_switch_that_ends_badly_fails_the_run_before_the_port_is_taken(root: Path) -> None:
    seen: list[Resource] = []
    logs = "@refused shop 0 0123456789ab nothing answers GET /\n"
    with pytest.raises(pulumi.RunError, match="shop did not go live"):
        deploy(root, states={"portico-release-switch": {"exitCode": 1, "containerLogs": logs}}, seen=seen)
    roles = {found.labels["portico.role"] for found in seen if found.type == CONTAINER}
    assert "gunicorn" in roles and "switch" in roles and "port" not in roles


def test_one_sites_change_leaves_the_others_replicas_alone(root: Path) -> None:
    write_files(root / "blog", {"requirements.txt": "flask\n", "web.py": "app = 1\n"})
    before = deploy(root, make_site(), BLOG | {"source": "blog"})
    write_files(root / "shop", {"web.py": "app = 2\n"})
    after = deploy(root, make_site(), BLOG | {"source": "blog"})
    assert before.container("blog-gunicorn-0").inputs == after.container("blog-gunicorn-0").inputs
    assert before.container("shop-gunicorn-0").inputs != after.container("shop-gunicorn-0").inputs


def test_a_change_of_nginx_alone_leaves_all_replicas_alone(root: Path) -> None:
    before, after = deploy(root), deploy(root, nginx={"workers": 4})
    assert before.container("shop-gunicorn-0").inputs == after.container("shop-gunicorn-0").inputs
    assert before.container("portico-nginx-server").inputs == after.container("portico-nginx-server").inputs
    assert before.container("portico-release-switch").inputs != after.container("portico-release-switch").inputs


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


TLS = {"localAuthority": True}


@pytest.mark.parametrize(
    ("stack", "url", "ports"),
    [
        ({"port": 80, "tls": TLS | {"port": 443}}, "https://shop.example", [("tcp", 443)]),
        ({"port": 80, "tls": TLS}, "https://shop.example:8443", [("tcp", 8443)]),
        ({"port": 443}, "http://shop.example:443", []),
        ({"tls": TLS | {"http3": True}}, "https://shop.example:8443", [("tcp", 8443), ("udp", 8443)]),
    ],
    ids=str,
)
def test_with_https_the_url_and_the_ports_are_its(
    root: Path, stack: dict[str, Any], url: str, ports: list[tuple[str, int]]
) -> None:
    made = deploy(root, **stack)
    assert made.registered_outputs("Portico")["url"] == url
    found = made.container(f"portico-port-holder-{stack.get('port', 8080)}").inputs["ports"]
    assert [(one["protocol"], one["external"]) for one in found if "protocol" in one] == ports


def test_keys_and_hashes_are_nowhere_in_the_clear(root: Path) -> None:
    made = deploy(root, make_site(users={"ann": HASH}), tls=TLS)
    seen = {
        (one.name, hidden)
        for one in made.resources
        for text, hidden in list_texts(one.raw)
        if HASH in text or "PRIVATE KEY" in text
    }
    assert seen == {("portico-check-nginx-t", True)}
    assert HASH not in repr(made.outputs) and "PRIVATE KEY" not in repr(made.outputs)


def test_the_tree_and_the_check_speak_of_the_same_private_folder(root: Path) -> None:
    check = deploy(root, tls=TLS).container("portico-check-nginx-t")
    (digest,) = (env.removeprefix("PRIVATE=") for env in check.inputs["envs"] if env.startswith("PRIVATE="))
    texts = {upload["file"]: upload["content"] for upload in check.inputs["uploads"]}
    assert len(digest) == 12 and f"/etc/portico/private/{digest}/shop.key" in texts["/incoming/conf.d/shop.conf"]


def test_the_authority_stays_out_of_the_build_context(root: Path) -> None:
    made = deploy(root, tls=TLS)
    context = root / next(image for image in made.of_type(IMAGE) if "build" in image.inputs).inputs["build"]["context"]
    assert (root / ".portico/authority/authority.key").is_file()
    assert [path for path in context.rglob("*") if path.suffix in (".key", ".crt")] == []


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


def test_nginx_goes_before_the_replicas_that_it_sends_requests_to(whole: Recorder) -> None:
    replicas = {found.urn for found in whole.of_type(CONTAINER) if found.labels["portico.role"] == "gunicorn"}
    assert len(replicas) == 3 and replicas <= whole.container("portico-nginx-server").dependencies


def test_where_nginx_cannot_take_the_port_over_it_holds_it(root: Path) -> None:
    made = deploy(root, nginxImage="nginx:1.30.6-alpine")
    edge = made.container("portico-nginx-edge-8080")
    assert edge.inputs["ports"] == [{"internal": 8080, "external": 8080, "ip": "127.0.0.1"}]
    assert edge.delete_before_replace is True
    assert made.of_type("portico:index:Port") == []
    assert "HANDOVER=" in made.container("portico-check-nginx-t").inputs["envs"]


BELOW = "urn:pulumi:test::portico::portico:index:Portico$portico:index:"


def know(component: str, name: str, *ports: int) -> dict[str, Any]:
    """A container of an update before, as Pulumi's record has it."""
    published = [{"internal": 8080, "external": port, "ip": "127.0.0.1", "protocol": "tcp"} for port in ports]
    return {f"{BELOW}{component}${CONTAINER}::{name}": {"type": CONTAINER, "outputs": {"ports": published}}}


def test_whoever_holds_the_port_next_takes_the_place_of_who_had_it(root: Path) -> None:
    """As one resource to Pulumi: so the old container goes first, and the port is free."""
    edge, holder = know("Nginx", "portico-nginx-edge-8080", 8080), know("Port", "portico-port-holder-8080", 8080)
    taking, holding = deploy(root, known=edge), deploy(root, known=holder, nginxImage="nginx:1.30.6-alpine")
    assert taking.container("portico-port-holder-8080").aliases == tuple(edge)
    assert holding.container("portico-nginx-edge-8080").aliases == tuple(holder)


def test_so_does_one_that_wants_a_part_of_its_ports(root: Path) -> None:
    before = know("Port", "portico-port-holder-8080", 8080, 8443)
    assert deploy(root, known=before, port=81, tls=TLS).container("portico-port-holder-81").aliases == tuple(before)


@pytest.mark.parametrize("image", ["nginx:1.30.6", "nginx:1.30.6-alpine"])
def test_at_another_port_the_old_one_stays_until_the_new_one_is_open(root: Path, image: str) -> None:
    before = know("Port", "portico-port-holder-8080", 8080) | know("Nginx", "portico-nginx-edge-8080", 8080)
    made = deploy(root, known=before, port=81, nginxImage=image)
    name = "portico-port-holder-81" if image == "nginx:1.30.6" else "portico-nginx-edge-81"
    assert made.container(name).aliases == ()
    # NGINX asks for the ports where the new one is kept open, so another one starts beside the old one.
    places = [env for env in made.of_type(CONTAINER) if "PLACE=/etc/portico/port/81" in (env.inputs.get("envs") or ())]
    assert [one.name for one in places] == (["portico-nginx-server"] if "holder" in name else [])
    assert image != "nginx:1.30.6" or made.container(name).inputs["command"][0] == "/etc/portico/port/81"


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
