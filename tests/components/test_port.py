"""Port: the container that holds the public ports and hands them to NGINX."""

from typing import Any

import pytest

from portico.components.docker.port_holder import Port, PortArgs
from portico.config.public_address import Public
from tests.components.recorder import CONTAINER, Recorder, run


def spell(**public: Any) -> Public:
    values: dict[str, Any] = {"port": 80, **public}
    return Public(**values)


def make(image: str = "sha256:nginx", **public: Any) -> Recorder:
    where = spell(address="0.0.0.0", **public)
    return run(
        lambda: Port("port", PortArgs(public=where, image=image, network="net", config="config", earlier=["old"]))
    )


def holder(**public: Any) -> dict[str, Any]:
    return make(**public).container("port-holder-80").inputs


def test_its_only_child_is_the_container() -> None:
    made = make()
    assert made.children(made.component("Port")) == {"port-holder-80": CONTAINER}
    assert made.registered_outputs("Port") == {"container": "port-holder-80-id"}


@pytest.mark.parametrize(
    ("changes", "ports", "inside"),
    [
        ({}, [(8080, 80, None)], ["8080"]),
        ({"tls_port": 443}, [(8080, 80, None), (8443, 443, "tcp")], ["8080", "8443"]),
        (
            {"tls_port": 443, "http3": True},
            [(8080, 80, None), (8443, 443, "tcp"), (8443, 443, "udp")],
            ["8080", "8443", "8443/udp"],
        ),
        ({"http3": True}, [(8080, 80, None)], ["8080"]),
    ],
    ids=str,
)
def test_what_is_published_is_what_it_opens(
    changes: dict[str, Any], ports: list[tuple[int, int, str | None]], inside: list[str]
) -> None:
    made = holder(**changes)
    assert [(one["internal"], one["external"], one.get("protocol")) for one in made["ports"]] == ports
    assert {one["ip"] for one in made["ports"]} == {"0.0.0.0"}
    assert made["command"] == ["/etc/portico/port/80", *inside]


def test_it_stays_when_nginxs_image_changes_and_goes_first_when_another_takes_its_place() -> None:
    made = make().container("port-holder-80")
    assert made.ignore_changes == ("image",)
    assert made.delete_before_replace is True


def test_it_takes_the_place_of_what_had_the_port_before() -> None:
    assert make().container("port-holder-80").aliases == ("old",)


def test_it_is_nginxs_own_user_and_shares_no_folder_with_applications() -> None:
    made = make().container("port-holder-80")
    assert made.inputs["user"] == "101:101"
    assert made.mounts == {"/etc/portico": "config"}


def test_it_has_time_to_let_nginx_end_its_connections() -> None:
    assert (holder()["stopSignal"], holder()["destroyGraceSeconds"]) == ("SIGTERM", 3600)


def made_of(**changes: Any) -> dict[str, Any]:
    made: list[Port] = []
    image = changes.pop("image", "sha256:nginx")
    args = PortArgs(public=spell(address="::1", **changes), image=image, network="net", config="config")
    run(lambda: made.append(Port("port", args)))
    return made[0].made_of


def test_what_it_is_made_of_is_reported_by_name_and_its_image_is_no_part_of_it() -> None:
    reported = made_of()
    assert {key: value for key, value in reported.items() if key != "owner"} == {
        "address": "::1",
        "port": 80,
        "tls_port": None,
        "http3": False,
    }
    assert made_of(image="sha256:another") == reported
    assert made_of(port=81) == {**reported, "port": 81}
