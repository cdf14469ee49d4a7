"""Services: their containers, what sites get of them, and that nobody else reaches them."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.other_version import list_volumes, refuse_other_version
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from portico.components.services.memory import require_memory
from portico.components.services.passwords import keep_passwords
from portico.config.services.urls import add_urls
from tests.components.recorder import CONTAINER, NETWORK, VOLUME, Recorder, list_texts, run
from tests.components.sample import BLOG, make_stack
from tests.config.sample import make_site, read_settings

DB = {"name": "db", "kind": "postgres"}
CACHE = {"name": "cache", "kind": "valkey"}
WORKER = {"name": "queue", "command": "python -m shop.worker"}
# What the last update left of the service db.
KNOWN = {
    "urn:pulumi:test::portico::portico:index:Portico$portico:index:Service::db-service": {
        "type": "portico:index:Service",
        "outputs": {"component": "db-service", "passwords": {"shop": "kept-password"}},
    }
}


def deploy_services(
    root: Path, *sites: Any, known: Any = None, states: Any = None, disk: Any = None, **stack: Any
) -> Recorder:
    def build() -> None:
        made = make_stack(root, *sites, **stack)
        texts = add_urls(made.settings, {})
        secrets: dict[str, Any] = {name: pulumi.Output.secret(dict(values)) for name, values in texts.items()}
        Portico(
            "portico",
            PorticoArgs(
                stack=replace(made, secrets=secrets), root=root, resources=known or {}, place="-vm-2", disk=disk
            ),
        )

    return run(build, states=states)


def test_a_site_gets_a_database_of_its_own_and_its_address_is_a_secret(root: Path) -> None:
    made = deploy_services(root, make_site(uses=["db"]), BLOG, services=[DB], known=KNOWN)
    url = "postgresql://shop:kept-password@db.portico.internal:5432/shop"
    (upload,) = made.container("shop-vm-2-files").inputs["uploads"]
    assert (upload["file"], upload["content"]) == ("/incoming/DATABASE_URL", url)
    found = {
        (one.name, secret) for one in made.resources for text, secret in list_texts(one.raw) if "kept-password" in text
    }
    assert found == {("shop-vm-2-files", True)}
    # What PostgreSQL is handed is what it keeps of the password, and that is nobody's either.
    granted = [
        (text, secret) for text, secret in list_texts(made.container("db-service-vm-2-granted").raw) if "SCRAM" in text
    ]
    assert len(granted) == 1 and granted[0][1] and 'ALTER ROLE "shop"' in granted[0][0]


def test_passwords_stay_and_new_sites_get_new_ones() -> None:
    with_more = keep_passwords(KNOWN, "db-service", ["shop", "blog"])
    assert with_more["shop"] == "kept-password"
    assert len(with_more["blog"]) > 40 and with_more["blog"] != keep_passwords(KNOWN, "db-service", ["blog"])["blog"]
    # Of another service of a longer name, or of the same name in another Portico, nothing is taken.
    assert keep_passwords(KNOWN, "db", ["shop"])["shop"] != "kept-password"


def test_nobody_but_who_uses_it_is_in_its_network(root: Path) -> None:
    shop = make_site(uses=["db"], workers=[WORKER], release={"command": "flask db upgrade"})
    made = deploy_services(root, shop, BLOG, services=[DB, CACHE])
    network = "db-service-vm-2-network"
    assert made.find(NETWORK, network).inputs["internal"] is True
    inside = {
        one.name
        for one in made.of_type(CONTAINER)
        if any(each["name"].startswith(network) for each in one.inputs.get("networksAdvanced") or [])
    }
    assert inside == {
        "db-service-vm-2-server",
        "shop-gunicorn-vm-2-0",
        "shop-gunicorn-vm-2-1",
        "shop-release-vm-2-command",
        "shop-worker-vm-2.queue-0",
    }
    server = made.container("db-service-vm-2-server")
    assert len(server.inputs["networksAdvanced"]) == 1 and not server.inputs.get("ports")


def test_one_server_ends_before_another_begins_on_its_volume(root: Path) -> None:
    made = deploy_services(root, make_site(uses=["db"]), services=[DB])
    servers = [one for one in made.of_type(CONTAINER) if "/var/lib/postgresql" in one.mounts]
    assert {one.name.removeprefix("db-service-vm-2-") for one in servers} == {"prepared", "server", "granted"}
    server = made.container("db-service-vm-2-server")
    assert server.delete_before_replace is True and server.inputs["destroyGraceSeconds"] == 120
    assert server.inputs["readOnly"] and server.inputs["capabilities"] == {"drops": ["ALL"]}
    assert server.inputs["user"] == "999:999" and server.inputs["logOpts"]["max-size"] == "10m"
    volume = made.find(VOLUME, "db-data-postgres-18-vm-2")
    assert volume.retained and volume.inputs["name"] == "portico.test.db.postgres-18"


def test_replicas_are_made_once_it_is_well_and_are_not_replaced_with_it(root: Path) -> None:
    made = deploy_services(root, make_site(uses=["db"]), BLOG, services=[DB])
    server, granted = made.container("db-service-vm-2-server"), made.container("db-service-vm-2-granted")
    assert server.urn in granted.needs["envs"]
    replica = made.container("shop-gunicorn-vm-2-0")
    # An order and no more: what an input is made of would have the engine delete it before the server.
    assert granted.urn in replica.dependencies and server.urn in replica.dependencies
    assert not {granted.urn, server.urn} & {urn for urns in replica.needs.values() for urn in urns}
    assert replica.create_hooks and not made.container("blog-gunicorn-vm-2-0").create_hooks
    assert granted.urn not in made.container("blog-gunicorn-vm-2-0").dependencies


@pytest.mark.parametrize("command", [None, {"command": "flask db upgrade"}])
def test_the_update_fails_where_its_service_is_not_well(root: Path, command: Any) -> None:
    states = {"db-service-vm-2-granted": {"exitCode": 1}}
    shop = make_site(uses=["db"], release=command)
    with pytest.raises(Exception, match="shop did not go live"):
        deploy_services(root, shop, BLOG, services=[DB], states=states)


def test_other_stacks_stay_as_they_are(root: Path) -> None:
    made, plain = deploy_services(root, make_site(), services=[CACHE]), deploy_services(root, make_site())
    names = {one.name for one in made.resources} - {one.name for one in plain.resources}
    assert {one for one in names if not one.startswith("cache-")} == set()
    assert made.container("shop-gunicorn-vm-2-0").inputs == plain.container("shop-gunicorn-vm-2-0").inputs


@pytest.mark.parametrize("where", ["recorded", "left"])
def test_another_major_version_is_refused_before_anything_is_made(root: Path, where: str) -> None:
    settings = read_settings(root, make_site(uses=["db"]), services=[DB | {"version": "18"}])
    known = [("db", "postgres-17")]
    with pytest.raises(pulumi.RunError) as raised:
        refuse_other_version(settings, *((known, []) if where == "recorded" else ([], known)))
    assert str(raised.value).splitlines() == [
        "PostgreSQL reads the data of its own major version alone; nothing was changed.",
        '  services[0].version: "18" is not the version of the data of db, 17; write version: "17", or take the data '
        "over into another service, see docs/services.md",
    ]
    refuse_other_version(settings, [*known, ("db", "postgres-18")], [])
    refuse_other_version(settings, [("other", "postgres-17"), ("db", "media")], [])


class Left(Engine):
    """An engine with a volume that `down` has left, and one of a stack of the same name elsewhere."""

    def connect(self) -> Any:
        def volumes(filters: Any) -> Any:
            assert filters["label"] == ["portico.project=project", "portico.stack=stack", "portico.role=data"]
            labels = {"portico.site": "db", "portico.data": "postgres-17"}
            return {"Volumes": [{"Name": "one", "Labels": labels}, {"Name": "two", "Labels": None}]}

        return SimpleNamespace(api=SimpleNamespace(volumes=volumes))


def test_volumes_that_down_has_left_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    # Else they are those of the last program that another test has run.
    monkeypatch.setattr(pulumi, "get_project", lambda: "project")
    monkeypatch.setattr(pulumi, "get_stack", lambda: "stack")
    assert list_volumes(Left()) == [("db", "postgres-17")] and list_volumes(None) == []


class Machine(Engine):
    """An engine whose machine has a gibibyte of memory."""

    def connect(self) -> Any:
        return SimpleNamespace(info=lambda: {"MemTotal": 2**30})


def test_a_machine_that_is_too_small_is_reported_before_anything_is_made(root: Path) -> None:
    small = read_settings(root, make_site(uses=["db"]), services=[DB | {"memory": "512M"}])
    require_memory(small, Machine())
    large = read_settings(root, make_site(uses=["db"]), services=[DB | {"memory": "512M"}, CACHE])
    require_memory(large, None)
    with pytest.raises(pulumi.RunError) as raised:
        require_memory(large, Machine())
    assert "more than half of the 1024M of memory" in str(raised.value)
    assert str(raised.value).endswith("services[1]: cache may take 256M")


def test_a_stack_that_has_another_version_is_not_touched(root: Path) -> None:
    labels = {"portico.role": "data", "portico.site": "db", "portico.data": "postgres-17"}
    listed = [{"label": key, "value": value} for key, value in labels.items()]
    known = {"urn:volume": {"type": VOLUME, "outputs": {"labels": listed, "name": "portico.test.db.postgres-17"}}}
    with pytest.raises(pulumi.RunError, match='write version: "17"'):
        deploy_services(root, make_site(uses=["db"]), services=[DB], known=known)


class Disk:
    """A disk of its own for data, which says which folders it was asked for."""

    folder = "/mnt/data"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def prepare(self, images: Any, folders: Any) -> pulumi.Output[str]:
        self.asked += folders
        return pulumi.Output.from_input(self.folder)


def test_on_a_vm_its_data_lies_on_the_disk_of_data(root: Path) -> None:
    disk = Disk()
    made = deploy_services(root, make_site(uses=["db"]), services=[DB], disk=disk)
    assert disk.asked == ["portico.test.db.postgres-18"]
    volume = made.find(VOLUME, "db-data-postgres-18-vm-2")
    device = "/mnt/data/portico.test.db.postgres-18"
    assert volume.inputs["driverOpts"] == {"type": "none", "o": "bind", "device": device}
    assert made.container("db-service-vm-2-server").mounts["/var/lib/postgresql"].startswith("db-data-postgres-18-vm-2")
