"""What of the stack goes before a port can be opened, by Pulumi's record."""

from typing import Any

import pytest

from portico.components.docker.port_predecessors import list_predecessors
from portico.config.public_address import Public

CONTAINER = "docker:index/container:Container"
PUBLIC = Public(address="127.0.0.1", port=80, tls_port=443)


def record(name: str, *ports: tuple[str, int, str], type: str = CONTAINER) -> dict[str, Any]:
    listed = [{"ip": ip, "external": port, "internal": 8080, "protocol": protocol} for ip, port, protocol in ports]
    return {f"urn:pulumi:test::portico::{type}::{name}": {"type": type, "outputs": {"ports": listed}}}


def find(*records: dict[str, Any], public: Public = PUBLIC) -> list[str]:
    resources = {urn: one for found in records for urn, one in found.items()}
    urns = list_predecessors(public, resources, "portico-port-holder", "portico-nginx-edge")
    return [urn.rpartition("::")[2] for urn in urns]


HTTP, HTTPS = ("127.0.0.1", 80, "tcp"), ("127.0.0.1", 443, "tcp")


@pytest.mark.parametrize(
    ("name", "ports", "goes"),
    [
        ("portico-nginx-edge-80", [HTTP], True),
        ("portico-port-holder-81", [("127.0.0.1", 81, "tcp"), HTTPS], True),
        # As an earlier Portico named them.
        ("portico-port-holder", [("0.0.0.0", 80, "tcp")], True),
        ("portico-nginx-edge", [HTTP], True),
        # It has the name that the new one has: Pulumi finds it without help.
        ("portico-port-holder-80", [HTTP], False),
        ("portico-port-holder-81", [("127.0.0.1", 81, "tcp")], False),
        ("portico-port-holder-81", [("127.0.0.2", 80, "tcp")], False),
        ("portico-port-holder-81", [("127.0.0.1", 443, "udp")], False),
        # It lies on another machine.
        ("portico-vm-1-port-holder-80", [HTTP], False),
        ("portico-port-holder-vm-80", [HTTP], False),
        ("shop-gunicorn-0", [HTTP], False),
    ],
    ids=str,
)
def test_whoever_has_a_port_that_is_wanted_goes_first(name: str, ports: list[tuple[str, int, str]], goes: bool) -> None:
    assert find(record(name, *ports)) == ([name] if goes else [])


def test_nothing_else_is_a_container_with_ports() -> None:
    name = "portico-nginx-edge-80"
    assert (
        find({f"urn::{name}": {"type": CONTAINER, "outputs": {}}}, record(name, HTTP, type="portico:index:Port")) == []
    )
    # One that was made and never started has no address in the record.
    assert find({f"urn::{name}": {"type": CONTAINER, "outputs": {"ports": [{"internal": 8080, "external": 80}]}}}) == [
        name
    ]
