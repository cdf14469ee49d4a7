"""Nginx: the container that answers, which outlives releases, and the port that it takes or holds."""

import re
from typing import Any

import pytest

from portico.components.docker.nginx import Nginx, NginxArgs
from portico.config.public_address import Public
from portico.config.settings import Nginx as Settings
from portico.config.settings.nginx import count_stores
from tests.components.recorder import CONTAINER, Recorder, run

PUBLIC = Public(address="127.0.0.1", port=8080)
ARGS: dict[str, Any] = {
    "public": PUBLIC,
    "settings": Settings(),
    "image": "sha256:nginx",
    "network": "net",
    "config": "config",
    "sockets": "sockets",
    "static": "static",
    "verdict": "tree",
}


def make(**changes: Any) -> Recorder:
    return run(lambda: Nginx("edge", NginxArgs(**(ARGS | changes))))


def server(**changes: Any) -> dict[str, Any]:
    return make(**changes).container("edge-server").inputs


def test_its_only_child_is_the_container() -> None:
    made = make()
    assert made.children(made.component("Nginx")) == {"edge-server": CONTAINER}
    made = make(takes=False)
    assert made.children(made.component("Nginx")) == {"edge-edge-8080": CONTAINER}


@pytest.mark.parametrize(("address", "port"), [("127.0.0.1", 8080), ("0.0.0.0", 80), ("::1", 65535)])
def test_it_is_published_where_the_settings_say(address: str, port: int) -> None:
    edge = make(public=Public(address=address, port=port), takes=False).container(f"edge-edge-{port}")
    assert edge.inputs["ports"] == [{"internal": 8080, "external": port, "ip": address}]


def test_it_publishes_nothing_where_it_takes_the_port() -> None:
    assert not server().get("ports")
    assert server()["entrypoints"][:2] == ["perl", "-e"]
    assert server()["entrypoints"][3:] == ["/etc/portico/live/nginx.conf"]
    assert server()["envs"] == ["PLACE=/etc/portico/port/8080"]


def test_it_reads_its_configuration_from_a_volume_that_it_cannot_write() -> None:
    container = make().container("edge-server")
    assert container.mounts == {"/etc/portico": "ro:config", "/run/portico": "sockets", "/srv/static": "ro:static"}
    assert "uploads" not in container.inputs
    assert "/etc/portico/live/nginx.conf" in container.inputs["command"]


def test_it_is_nginxs_own_user_in_the_image_that_was_checked() -> None:
    assert (server()["user"], server()["image"]) == ("101:101", "sha256:nginx")


def test_it_ends_as_its_script_says_and_has_the_time_for_it() -> None:
    assert server()["stopSignal"] == "SIGQUIT" and server()["destroyGraceSeconds"] == 3600
    edge = make(takes=False).container("edge-edge-8080").inputs
    assert edge["stopSignal"] == "SIGTERM" and edge["destroyGraceSeconds"] == 5
    assert 'kill -QUIT "$master"; sleep 0.2; kill -TERM "$master"' in edge["entrypoints"][2]


def test_it_is_on_the_private_network() -> None:
    assert server()["networksAdvanced"] == [{"name": "net"}]


def test_its_health_is_asked_on_its_own_loopback() -> None:
    assert server()["healthcheck"]["tests"][-1] == "http://127.0.0.1:8081/healthz"


def test_memory_is_as_set() -> None:
    assert server(settings=Settings.model_validate({"memory": "1G"}))["memory"] == 1024


def test_each_site_has_memory_and_a_store_for_its_bodies() -> None:
    settings = Settings.model_validate({"uploads": "100M", "memory": "1G"})
    own = {path: options for path, options in server(settings=settings, served=5)["tmpfs"].items() if "bodies" in path}
    assert sorted(own) == [f"/tmp/bodies-{number}" for number in range(8)]
    assert {re.sub(r".*size=(\w+),.*", r"\1", options) for options in own.values()} == {"100m"}
    assert server(settings=settings, served=5)["memory"] == 1024 + 4 * 100


def test_one_site_more_seldom_needs_another_container() -> None:
    assert [count_stores(sites) for sites in (1, 2, 4, 5, 8, 9, 1000)] == [4, 4, 4, 8, 8, 16, 1024]
    assert made_of(served=4) == made_of() != made_of(served=5)


def test_the_old_one_goes_first_where_it_holds_the_port_and_last_where_it_does_not() -> None:
    assert make(takes=False).container("edge-edge-8080").delete_before_replace is True
    assert make().container("edge-server").delete_before_replace is False


def test_its_output_is_the_containers_id() -> None:
    assert make().registered_outputs("Nginx") == {"container": "edge-server-id"}


def test_what_the_provider_updates_in_place_does_not_replace_it() -> None:
    replacing = make().container("edge-server").replace_on_changes
    assert set(replacing) == {"init", "tmpfs", "healthcheck", "#initerror"}


def made_of(**changes: Any) -> dict[str, Any]:
    made: list[Nginx] = []
    args = {**ARGS, **changes}
    run(lambda: made.append(Nginx("edge", NginxArgs(**args))))
    return made[0].made_of


def test_what_it_is_made_of_is_reported_by_name() -> None:
    reported = made_of(takes=False)
    assert {key: reported[key] for key in ("address", "port", "tls_port", "http3")} == {
        "address": "127.0.0.1",
        "port": 8080,
        "tls_port": None,
        "http3": False,
    }
    assert made_of(public=Public(address="127.0.0.1", port=81), takes=False) == {**reported, "port": 81}
    assert set(made_of()) == {"parts"}


@pytest.mark.parametrize(
    "changes",
    [
        {"public": Public(address="::1", port=81)},
        {"settings": Settings.model_validate({"memory": "1G"})},
        {"verdict": "another tree"},
    ],
    ids=["where it takes the ports", "memory", "the tree"],
)
def test_what_has_a_name_or_changes_while_it_runs_is_no_part_of_it(changes: dict[str, Any]) -> None:
    assert made_of(**changes) == made_of()


def test_how_it_is_started_is_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made_of()
    monkeypatch.setattr("portico.components.docker.nginx.CACHES", ())
    assert {key for key, value in made_of().items() if value != before[key]} == {"parts"}
