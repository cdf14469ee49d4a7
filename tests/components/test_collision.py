"""What Docker says of a port that it cannot open, by the setting that names it."""

from typing import Any

import pulumi
import pytest

from portico.components.docker.port_collision import explain_collision, watch_ports
from portico.config.public_address import Public

PUBLIC = Public(address="127.0.0.1", port=8193, tls_port=8443)
FAILED = "Error response from daemon: driver failed programming external connectivity on endpoint x (0123): "


@pytest.mark.parametrize(
    ("error", "setting", "why"),
    [
        ("Bind for 127.0.0.1:8193 failed: port is already allocated", "port: Docker", "port is already allocated"),
        (
            "Error starting userland proxy: listen tcp4 127.0.0.1:8443: bind: address already in use",
            "tls.port: Docker",
            "address already in use",
        ),
        ("listen udp [::1]:8443: bind: address already in use", "tls.port: Docker", "address already in use"),
        (
            "listen tcp4 192.0.2.1:8193: bind: cannot assign requested address",
            "address: Docker",
            "cannot assign requested address",
        ),
        ("listen tcp 127.0.0.1:8193: bind: permission denied", "port: Docker", "permission denied"),
    ],
)
def test_each_is_reported_by_the_setting(error: str, setting: str, why: str) -> None:
    said = explain_collision(PUBLIC, ["other words", FAILED + error])
    assert said and said.startswith(f"portico:{setting} could not open port 8") and f": {why}. Free it" in said


def test_other_errors_are_not_its_business() -> None:
    assert explain_collision(PUBLIC, ["no space left on device", "listening on 127.0.0.1"]) is None


def test_it_is_said_where_the_container_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.error", said.append)
    hook: Any = (watch_ports(PUBLIC, "test").on_error or [])[0]
    args: dict[str, Any] = {"urn": "", "id": "", "name": "x", "type": "", "failed_operation": "create"}
    for errors in ([FAILED + "Bind for 127.0.0.1:8193 failed: port is already allocated"], ["something else"]):
        # Never again: who has it keeps it.
        assert hook(pulumi.ErrorHookArgs(errors=errors, **args)) is False
    assert len(said) == 1 and "port is already allocated" in said[0]
