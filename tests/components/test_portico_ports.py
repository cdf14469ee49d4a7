"""The ports of a whole stack: who holds them, and who takes them over."""

from pathlib import Path
from typing import Any

import pytest

from tests.components.recorder import CONTAINER, Recorder
from tests.components.sample import TLS, deploy


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
