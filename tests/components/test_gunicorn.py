"""Gunicorn: the replicas of one release."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from portico.components.docker.gunicorn import Gunicorn, GunicornArgs
from tests.components.recorder import CONTAINER, Recorder, Resource, run
from tests.components.sample import make_stack
from tests.config.sample import make_site


def make(
    root: Path,
    secrets: str | None = None,
    stack: dict[str, Any] | None = None,
    attempts: Sequence[int] = (),
    **site: Any,
) -> Recorder:
    def build() -> None:
        made = make_stack(root, make_site(**site), **(stack or {}))
        Gunicorn(
            "shop-gunicorn",
            GunicornArgs(
                release=made.releases[0],
                image="sha256:image",
                files="files-id",
                network="net",
                sockets="sockets",
                secrets=secrets,
                attempts=attempts,
            ),
        )

    return run(build)


def replica(root: Path, **site: Any) -> Resource:
    return make(root, **site).container("shop-gunicorn-0")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_there_are_as_many_replicas_as_set(root: Path, count: int) -> None:
    made = make(root, replicas=count)
    names = {f"shop-gunicorn-{index}": CONTAINER for index in range(count)}
    assert made.children(made.component("Gunicorn")) == names


def test_a_replica_runs_the_entry_of_its_image(root: Path) -> None:
    found = replica(root, entry="web:create_app()")
    assert found.inputs["image"] == "sha256:image"
    assert found.inputs["entrypoints"] == ["gunicorn"]
    assert found.inputs["command"][:2] == ["--config", "/etc/gunicorn/gunicorn.conf.py"]
    assert found.inputs["command"][-1] == "web:create_app()"


def test_a_replica_is_reported_who_it_is_and_whom_to_believe(root: Path) -> None:
    release = make_stack(root, make_site(environment={"LOG_LEVEL": "info"})).releases[0]
    made = make(root, environment={"LOG_LEVEL": "info"})
    for index in range(2):
        envs = dict(env.split("=", 1) for env in made.container(f"shop-gunicorn-{index}").inputs["envs"])
        assert envs["LOG_LEVEL"] == "info"
        assert (envs["PORTICO_SITE"], envs["PORTICO_RELEASE"], envs["PORTICO_REPLICA"]) == (
            "shop",
            release.id,
            str(index),
        )
        # Gunicorn 23 ends at once where an address of it is a network.
        assert "FORWARDED_ALLOW_IPS" not in envs


@pytest.mark.parametrize(
    ("upstream", "address"), [("socket", "unix:/run/portico/shop/{id}-{n}.sock"), ("container", "0.0.0.0:8000")]
)
def test_a_replica_listens_where_nginx_looks_for_it(root: Path, upstream: str, address: str) -> None:
    release = make_stack(root, upstream=upstream).releases[0]
    made = make(root, stack={"upstream": upstream})
    for index in range(2):
        found = made.container(f"shop-gunicorn-{index}").inputs
        expected = address.format(id=release.id, n=index)
        assert f"PORTICO_ADDRESS={expected}" in found["envs"]
        assert expected in found["healthcheck"]["tests"]


def test_a_replica_is_on_the_network_under_its_releases_name_and_its_own(root: Path) -> None:
    id = make_stack(root).releases[0].id
    for index in range(2):
        (joined,) = make(root).container(f"shop-gunicorn-{index}").inputs["networksAdvanced"]
        assert joined == {"name": "net", "aliases": [f"shop-{id}", f"shop-{id}-{index}"]}


def test_a_replica_runs_as_the_sites_own_user_and_group(root: Path) -> None:
    uid = make_stack(root).releases[0].uid
    assert replica(root).inputs["user"] == f"{uid}:{uid}"


def test_nobody_waits_for_a_replica_here(root: Path) -> None:
    """The switch asks it (tests/components/test_prove.py): the provider's verdict could be erased from the state."""
    found = make(root, stack={"healthTimeout": 90}).container("shop-gunicorn-0").inputs
    assert not found.get("wait") and "waitTimeout" not in found


def test_a_replica_writes_down_its_boots_where_the_switch_reads_them(root: Path) -> None:
    release = make_stack(root).releases[0]
    for index in range(2):
        envs = make(root).container(f"shop-gunicorn-{index}").inputs["envs"]
        assert f"PORTICO_BOOTS=/run/portico/shop/{release.id}-{index}.boots" in envs


def test_another_attempt_is_another_container_of_the_same_release(root: Path) -> None:
    made = make(root, attempts=[0, 3])
    first, second = (made.container(f"shop-gunicorn-{index}") for index in range(2))
    assert (first.labels["portico.attempt"], second.labels["portico.attempt"]) == ("0", "3")
    assert first.inputs == make(root).container("shop-gunicorn-0").inputs
    assert second.labels["portico.release"] == first.labels["portico.release"]


def test_a_replica_is_checked_by_its_health_path(root: Path) -> None:
    found = make(root, health="/healthz").container("shop-gunicorn-0").inputs
    assert found["healthcheck"]["tests"][0] == "CMD"
    assert found["healthcheck"]["tests"][-2:] == ["/healthz", "shop.example"]


@pytest.mark.parametrize(
    ("site", "limits"),
    [
        ({}, "15,30"),
        ({"gunicorn": {"timeout": "31s"}}, "31,31"),
        ({"routes": [{"path": "/events", "stream": True}]}, "3600,3600"),
        ({"gunicorn": {"hungAfter": "7500ms"}}, "7.5,30"),
        ({"gunicorn": {"timeout": "2m", "hungAfter": "20s"}}, "20,120"),
        ({"gunicorn": {"hungAfter": "never"}}, "0,0"),
    ],
)
def test_the_health_check_is_reported_when_a_replica_counts_as_hung(
    root: Path, site: dict[str, Any], limits: str
) -> None:
    script, _, reported = replica(root, **site).inputs["healthcheck"]["tests"][5:8]
    assert (script.splitlines()[0][:3], reported) == ('"""', limits)


def test_a_wildcard_host_is_asked_by_a_name_that_it_covers(root: Path) -> None:
    assert replica(root, hosts=["*.shop.example"]).inputs["healthcheck"]["tests"][-1] == "www.shop.example"


@pytest.mark.parametrize(("timeout", "seconds"), [("30s", 30), ("2m", 120)])
def test_docker_waits_longer_than_gunicorn_for_the_last_requests(root: Path, timeout: str, seconds: int) -> None:
    assert replica(root, gunicorn={"timeout": timeout}).inputs["destroyGraceSeconds"] > seconds


def test_memory_is_as_set(root: Path) -> None:
    assert replica(root, gunicorn={"memory": "1G"}).inputs["memory"] == 1024


def test_secrets_are_mounted_and_cannot_be_written(root: Path) -> None:
    assert replica(root).mounts == {"/run/portico": "sockets"}
    assert replica(root, secrets="kept").mounts == {"/run/portico": "sockets", "/run/secrets": "ro:kept"}


def test_its_outputs_are_the_containers_and_their_names(root: Path) -> None:
    assert make(root).registered_outputs("Gunicorn") == {
        "containers": ["shop-gunicorn-0-id", "shop-gunicorn-1-id"],
        "names": ["shop-gunicorn-0-0123456", "shop-gunicorn-1-0123456"],
    }


CHANGES = [
    pytest.param({"entry": "web:create_app()"}, id="entry"),
    pytest.param({"stack": {"healthTimeout": 61}}, id="healthTimeout"),
    pytest.param({"health": "/healthz"}, id="health"),
    pytest.param({"hosts": ["other.example"]}, id="first host"),
    pytest.param({"hosts": ["shop.example", "b.example"]}, id="another host"),
    pytest.param({"environment": {"A": "1"}}, id="environment"),
    pytest.param({"replicas": 3}, id="replicas"),
    pytest.param({"gunicorn": {"memory": "1G"}}, id="memory"),
    pytest.param({"gunicorn": {"timeout": "31s"}}, id="timeout"),
    pytest.param({"gunicorn": {"hungAfter": "20s"}}, id="hungAfter"),
    pytest.param({"routes": [{"path": "/events", "stream": True}]}, id="stream"),
    pytest.param({"body": "6M"}, id="body"),
    pytest.param({"stack": {"nginx": {"workers": 4}}}, id="nginx"),
    pytest.param({"stack": {"port": 81}}, id="port"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_replaces_a_replica_makes_another_release(root: Path, change: dict[str, Any]) -> None:
    before, after = replica(root), replica(root, **change)
    assert (before.inputs == after.inputs) == (before.labels["portico.release"] == after.labels["portico.release"])
