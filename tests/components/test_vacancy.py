"""Addresses and ports that are not free: refused by the setting's name, before anything is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.free_ports import require_vacant
from portico.components.docker.listeners import Listener, Machine
from portico.components.docker.machine_view import View
from portico.config.public_address import Binding, Protocol
from portico.config.settings import Settings
from tests.components.aws.sample import read as read_aws
from tests.config.sample import make_site, read_settings

TLS = {"localAuthority": True, "port": 8443}
SSH: dict[str, Any] = {"target": "ssh", "ssh": {"host": "shop.example", "user": "deploy"}}


@dataclass(frozen=True)
class Publishing(Engine):
    """An engine that runs these containers; None: it cannot be asked."""

    containers: Sequence[Mapping[str, Any]] | None = ()

    def connect(self) -> Any:
        if self.containers is None:
            raise docker.errors.DockerException("it is down")
        return SimpleNamespace(api=SimpleNamespace(containers=lambda: list(self.containers or ())))


@dataclass
class SwitchFolder:
    """The machine, as the check sees it. `refused` are bindings that nobody is given."""

    listeners: list[Listener] = field(default_factory=list)
    programs: dict[int, str] = field(default_factory=dict)
    refused: list[Binding] = field(default_factory=list)
    seen: bool = True
    asked: list[Binding] = field(default_factory=list)
    trial: bool = True

    def look(self, *_: object) -> View | None:
        if not self.seen:
            return None
        networks = (ip_network("127.0.0.0/8"), ip_network("192.0.2.7/32"))
        return View(Machine(tuple(self.listeners), networks), self.programs.get, self.can_bind)

    def can_bind(self, binding: Binding) -> bool | None:
        self.asked.append(binding)
        return binding not in self.refused if self.trial else None

    def listen(self, address: str, port: int, protocol: Protocol = "tcp", program: str | None = "") -> None:
        inode = len(self.listeners) + 1
        self.listeners.append(Listener(Binding(address, port, protocol), inode))
        if program is not None:
            self.programs[inode] = program or "the program node (process 7)"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> SwitchFolder:
    made = SwitchFolder()
    monkeypatch.setattr("portico.components.docker.free_ports.look", made.look)
    monkeypatch.setattr("pulumi.get_project", lambda: "portico")
    monkeypatch.setattr("pulumi.get_stack", lambda: "dev")
    return made


def container(name: str, *ports: tuple[str, int, str], stack: str | None = None) -> dict[str, Any]:
    labels = {"portico.project": "portico", "portico.stack": stack} if stack else {}
    listed = [{"IP": ip, "PrivatePort": 80, "PublicPort": port, "Type": kind} for ip, port, kind in ports]
    return {"Names": [f"/{name}"], "Labels": labels, "Ports": [{"PrivatePort": 9, "Type": "tcp"}, *listed]}


def holder(*ports: tuple[str, int, str]) -> dict[str, Any]:
    return container("portico-port-holder-8080-0123456", *ports, stack="dev")


HTTP = ("127.0.0.1", 8080, "tcp")


def refuse(root: Path, *containers: Mapping[str, Any], **settings: Any) -> list[str]:
    """What is said of each setting; [] where nothing is refused."""
    return judge(read_settings(root, make_site(), **settings), *containers)


def judge(settings: Settings, *containers: Mapping[str, Any]) -> list[str]:
    try:
        require_vacant(Publishing(containers=containers), settings)
    except pulumi.RunError as error:
        first, *lines = str(error).splitlines()
        assert first == "NGINX cannot be published where the settings say; nothing was changed."
        assert lines and all(line.startswith("  portico:") for line in lines)
        return [line.removeprefix("  portico:") for line in lines]
    return []


def test_what_nobody_has_is_taken_without_a_word(root: Path, here: SwitchFolder) -> None:
    here.listen("127.0.0.1", 8081)
    here.listen("127.0.0.2", 8080)
    here.listen("::1", 8080)
    here.listen("0.0.0.0", 8080, "udp")
    assert refuse(root, container("db", ("0.0.0.0", 5432, "tcp"))) == []


def test_a_program_is_named(root: Path, here: SwitchFolder) -> None:
    here.listen("0.0.0.0", 8080)
    assert refuse(root) == [
        "port: port 8080 of 127.0.0.1 is taken by the program node (process 7); end that program, or write another, "
        "such as 8081"
    ]


def test_a_program_that_nobody_may_see_is_another_one(root: Path, here: SwitchFolder) -> None:
    here.listen("127.0.0.1", 8080, program=None)
    assert refuse(root) == [
        "port: port 8080 of 127.0.0.1 is taken by another program; end that one, or write another, such as 8081"
    ]


def test_a_container_is_named_and_dockers_own_program_is_not(root: Path, here: SwitchFolder) -> None:
    here.listen("127.0.0.1", 8080, program="the program docker-proxy (process 9)")
    assert refuse(root, container("db", HTTP)) == [
        "port: port 8080 of 127.0.0.1 is taken by the container db; stop that container, or write another, such as 8081"
    ]
    (said,) = refuse(root, container("portico-port-holder-8080-7", HTTP, stack="staging"))
    assert "the container portico-port-holder-8080-7 of the stack staging; stop" in said


def test_a_container_is_seen_where_the_machine_is_not(root: Path, here: SwitchFolder) -> None:
    here.seen = False
    assert len(refuse(root, container("db", ("0.0.0.0", 8080, "tcp")))) == 1
    assert refuse(root) == []


def test_the_stacks_own_ports_are_its_own_and_nothing_else_is_asked(
    root: Path, here: SwitchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portico.components.docker.free_ports.look", lambda *_: pytest.fail("the machine was asked"))
    assert refuse(root, holder(HTTP)) == []


def test_the_same_stack_of_another_project_is_somebody_else(root: Path, here: SwitchFolder) -> None:
    other = holder(HTTP)
    other["Labels"]["portico.project"] = "other"
    assert len(refuse(root, other)) == 1


def test_https_and_http3_are_reported_by_their_own_settings(root: Path, here: SwitchFolder) -> None:
    here.listen("0.0.0.0", 8443)
    assert refuse(root, holder(HTTP), tls=TLS) == [
        "tls.port: port 8443 of 127.0.0.1 is taken by the program node (process 7); end that program, or write "
        "another, such as 8444"
    ]
    here.listeners.clear()
    here.listen("0.0.0.0", 8443, "udp")
    assert refuse(root, holder(HTTP), tls=TLS) == []
    assert refuse(root, holder(HTTP), tls={**TLS, "http3": True}) == [
        "tls.http3: UDP port 8443 of 127.0.0.1 is taken by the program node (process 7); end that program, or write "
        "false, or another portico:tls.port, such as 8444"
    ]


def test_all_that_is_taken_is_reported_at_once(root: Path, here: SwitchFolder) -> None:
    here.listen("0.0.0.0", 8080)
    assert [line.partition(":")[0] for line in refuse(root, container("db", ("0.0.0.0", 8443, "tcp")), tls=TLS)] == [
        "port",
        "tls.port",
    ]


def test_another_address_of_the_same_port_is_reported_by_the_address(root: Path, here: SwitchFolder) -> None:
    here.listen("127.0.0.1", 8080, program="the program docker-proxy (process 9)")
    assert refuse(root, holder(HTTP), address="0.0.0.0") == []
    # Its own port is in the way of a trial.
    assert here.asked == []
    here.listen("192.0.2.7", 8080)
    assert refuse(root, holder(HTTP), address="0.0.0.0") == [
        "address: port 8080 of 0.0.0.0 is taken by the program node (process 7); end that program, or write another "
        "address"
    ]


@pytest.mark.parametrize("address", ["192.0.2.8", "10.0.0.1"])
def test_an_address_that_the_machine_has_not_is_reported_once(root: Path, here: SwitchFolder, address: str) -> None:
    here.listen("0.0.0.0", 8080)
    for own in ((), (holder(HTTP),)):
        assert refuse(root, *own, address=address, tls=TLS) == [
            f"address: {address} is not an address of this machine; write one that it has (192.0.2.7, 127.0.0.1), or "
            "0.0.0.0 for all of them"
        ]


def test_a_program_on_all_addresses_of_ipv6_may_have_left_ipv4(root: Path, here: SwitchFolder) -> None:
    here.listen("::", 8080)
    assert refuse(root) == []
    here.refused.append(Binding("127.0.0.1", 8080))
    assert len(refuse(root)) == 1
    # Where nobody can try, most such programs have both.
    here.refused.clear()
    here.trial = False
    assert len(refuse(root)) == 1


def test_what_the_machine_gives_nobody_is_taken_also_where_no_table_tells(root: Path, here: SwitchFolder) -> None:
    here.refused.append(Binding("127.0.0.1", 8080))
    assert refuse(root) == [
        "port: port 8080 of 127.0.0.1 is taken by another program; end that one, or write another, such as 8081"
    ]
    here.trial = False
    assert refuse(root) == []


@pytest.mark.parametrize(("port", "other"), [(80, 8080), (443, 8443), (8080, 8082), (65535, None)])
def test_the_port_that_is_proposed_is_free(root: Path, here: SwitchFolder, port: int, other: int | None) -> None:
    here.listen("0.0.0.0", port)
    here.listen("127.0.0.9", 8081)
    (said,) = refuse(root, port=port)
    assert said.endswith(f"write another, such as {other}" if other else "write another")


def test_on_another_machine_that_one_is_named(root: Path, here: SwitchFolder) -> None:
    here.listen("0.0.0.0", 80)
    assert refuse(root, port=80, **SSH) == [
        "port: port 80 of 127.0.0.1 is taken on shop.example by the program node (process 7); end that program, or "
        "write another, such as 8080"
    ]
    assert "is not an address of shop.example; " in refuse(root, address="192.0.2.8", **SSH)[0]


def test_on_a_vm_no_other_port_can_be_written(root: Path, here: SwitchFolder) -> None:
    here.listen("0.0.0.0", 80)
    assert judge(read_aws(root)) == [
        "port: port 80 of 0.0.0.0 is taken on the VM by the program node (process 7); end that program"
    ]


def test_nothing_is_refused_where_nobody_can_be_asked(root: Path, here: SwitchFolder) -> None:
    here.listen("0.0.0.0", 8080)
    settings = read_settings(root, make_site())
    require_vacant(None, settings)
    require_vacant(Publishing(containers=None), settings)
