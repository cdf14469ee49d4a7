"""The container of a one-off command."""

from types import SimpleNamespace
from typing import Any

import pytest

from portico.cli.commands.exec import describe, make_container
from portico.cli.deployed import Deployed
from portico.cli.refused import Refused
from portico.components.docker.engine_client import Engine

REPLICA: dict[str, Any] = {
    "Image": "sha256:1",
    "Config": {
        "User": "1234:1234",
        "WorkingDir": "/app",
        "Hostname": "replica",
        "Env": ["A=1", "PORTICO_SITE=shop", "PORTICO_ADDRESS=unix:/run/portico/x", "PORTICO_REPLICA=0"],
        "Labels": {"portico.role": "gunicorn", "portico.site": "shop", "other": "x"},
        "Healthcheck": {"Test": ["CMD", "python3"]},
    },
    "HostConfig": {"Memory": 1, "Binds": ["s:/run/portico:rw"], "RestartPolicy": {"Name": "unless-stopped"}},
    "Mounts": [
        {"Destination": "/run/portico", "Name": "s"},
        {"Destination": "/run/secrets", "Name": "k"},
        {"Destination": "/app/media", "Name": "portico.dev.shop.media"},
    ],
    "NetworkSettings": {"Networks": {"net": {"Aliases": ["shop-abc-0"]}}},
}


def test_it_is_a_replica_that_nobody_asks() -> None:
    made = describe(REPLICA, ["true"], terminal=False)
    host = made["HostConfig"]
    assert (made["User"], made["WorkingDir"], made["Image"], host["Memory"]) == ("1234:1234", "/app", "sha256:1", 1)
    assert made["Env"] == ["A=1", "PORTICO_SITE=shop"] and "Hostname" not in made
    assert made["Labels"]["portico.role"] == "exec" and made["Labels"]["portico.site"] == "shop"
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"net": {}}} and made["Healthcheck"] == {"Test": ["NONE"]}
    assert host["Binds"] is None and [one["Target"] for one in host["Mounts"]] == ["/app/media", "/run/secrets"]
    # Data is the replica's own, and the engine copies nothing of the image into it.
    assert host["Mounts"][0]["Source"] == "portico.dev.shop.media" and "Source" not in host["Mounts"][1]
    assert host["Mounts"][0]["VolumeOptions"] == {"NoCopy": True}
    assert host["RestartPolicy"] == {"Name": "no"} and host["AutoRemove"]
    bare = {**REPLICA, "Mounts": REPLICA["Mounts"][:1]}
    assert describe(bare, ["true"], terminal=True)["HostConfig"]["Mounts"] == []


@pytest.mark.parametrize(
    ("begun", "site", "found"),
    [(("shop",), "", "shop"), (("shop", "blog"), "blog", "blog"), (("shop",), "shop", "shop")],
)
def test_before_anything_is_live_the_next_release_has_the_failed_one_as_its_model(
    monkeypatch: pytest.MonkeyPatch, begun: tuple[str, ...], site: str, found: str
) -> None:
    assert start(monkeypatch, *begun).choose_begun(site, "exec").labels["portico.site"] == found


@pytest.mark.parametrize(
    ("begun", "site", "said"),
    [
        ((), "", "nothing of the stack dev was started yet; what is to run before its first version starts is its"),
        (("shop",), "blog", "nothing of blog was started yet; what is to run before its first version starts is its"),
        (("shop", "blog"), "", "which site? Write "),
    ],
)
def test_where_nothing_was_started_the_release_command_is_named(
    monkeypatch: pytest.MonkeyPatch, begun: tuple[str, ...], site: str, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        start(monkeypatch, *begun).choose_begun(site, "exec")
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("live", "site", "begun"), [({}, "", True), ({"blog": "a"}, "shop", True), ({"shop": "a"}, "shop", False)]
)
def test_a_site_of_which_nothing_is_live_may_have_been_begun(
    monkeypatch: pytest.MonkeyPatch, live: dict[str, str], site: str, begun: bool
) -> None:
    monkeypatch.setattr(Deployed, "list_containers", lambda self, role, site: [site])
    assert Deployed("dev", "portico", Engine(), live).is_begun(site) == begun
    assert not Deployed("dev", "portico", Engine(), {"shop": "a"}).is_begun("")


def test_after_an_update_that_failed_for_one_site_those_that_serve_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = {"urn": "urn:pulumi:dev::portico::pulumi:pulumi:Stack::portico-dev", "type": "pulumi:pulumi:Stack"}
    export = {"deployment": {"resources": [{**stack, "outputs": {"releases": {"shop": "a"}}}]}}
    monkeypatch.setattr("portico.cli.deployed.find_engine", lambda _: Engine())
    for served, known in ((None, {"shop": "a"}), ({"shop": "a", "blog": "b"}, {"shop": "a", "blog": "b"})):
        monkeypatch.setattr("portico.cli.deployed.find_served", lambda _, served=served: served)
        assert Deployed.of("dev", export).releases == known


def start(monkeypatch: pytest.MonkeyPatch, *sites: str) -> Deployed:
    """A stack of which nothing is live, with a replica of each of these sites."""
    replicas = [SimpleNamespace(labels={"portico.site": site}) for site in sites]
    monkeypatch.setattr(Deployed, "list_containers", lambda self, role: replicas)
    return Deployed("dev", "portico", Engine(), {})


def test_it_is_put_into_each_network_of_the_replica() -> None:
    """Before Docker 25 a container cannot be made in more than one."""
    done: list[Any] = []

    def create(config: dict[str, Any], _: str) -> dict[str, str]:
        done.append(config["NetworkingConfig"])
        return {"Id": "1"}

    api = SimpleNamespace(
        create_container_from_config=create,
        connect_container_to_network=lambda id, network: done.append((id, network)),
    )
    client: Any = SimpleNamespace(api=api, containers=SimpleNamespace(get=lambda id: id))
    replica = {**REPLICA, "Mounts": [], "NetworkSettings": {"Networks": {"db": {}, "net": {}}}}
    replica["HostConfig"] = {"Memory": 1, "NetworkMode": "net"}
    make_container(client, b"", describe(replica, ["true"], terminal=False), "one")
    assert done == [{"EndpointsConfig": {"net": {}}}, ("1", "db")]
