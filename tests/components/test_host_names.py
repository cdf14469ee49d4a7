"""Where host names lead, as the preview says it: what is seen, what is not known, and never a failure."""

import socket
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portico.components.docker import host_names
from portico.config.messages.host_names import tell_name
from tests.config.sample import make_site, read_settings

ACME = {"acme": {"email": "ops@shop.example"}}
HERE = "203.0.113.7"


@pytest.mark.parametrize(
    ("found", "own", "said", "wrong"),
    [
        (None, [HERE], "DNS does not answer here", False),
        ([], [HERE], "leads nowhere yet: it gets no certificate until DNS leads it here.", True),
        ([HERE], [HERE], f"leads to {HERE}, which is here.", False),
        ([HERE, "2001:db8::1"], [HERE], f"leads to {HERE}, 2001:db8::1, which is here.", False),
        (["198.51.100.9"], [HERE], f"and this machine is {HERE}: unless that leads here too", True),
        ([HERE], [], "whether that is here cannot be seen from here.", False),
    ],
)
def test_what_is_told(found: Sequence[str] | None, own: list[str], said: str, wrong: bool) -> None:
    line, told = tell_name("shop.example", found, own)
    assert said in line and told == wrong and line.startswith("shop.example") and line.endswith(".")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    log = SimpleNamespace(info=lines.append, warn=lambda line: lines.append(f"warning: {line}"))
    monkeypatch.setattr(host_names, "pulumi", SimpleNamespace(log=log))
    monkeypatch.setattr(host_names, "is_announced", lambda: True)

    def answer(name: str, *_: Any, **__: Any) -> Any:
        if name == "gone.example":
            raise socket.gaierror(socket.EAI_NONAME, "nobody")
        if name == "silent.example":
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        if name == HERE:
            return [(0, 0, 0, "", (name, 80))]
        return [(0, 0, 0, "", (HERE if name in ("shop.example", "host.example") else "198.51.100.9", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return lines


def test_each_name_is_told_once_and_what_is_wrong_as_a_warning(root: Path, heard: list[str]) -> None:
    names = ["shop.example", "gone.example", "silent.example", "other.example"]
    ssh = {"target": "ssh", "ssh": {"host": "host.example", "user": "deploy"}}
    host_names.announce_names(read_settings(root, make_site(hosts=names), tls=ACME, **ssh), {})
    assert [line.startswith("warning: ") for line in heard] == [False, True, False, True]
    assert heard[0] == f"shop.example leads to {HERE}, which is here."


def test_the_address_on_aws_is_known_from_the_state(root: Path, heard: list[str]) -> None:
    eip = {"eip": {"type": "aws:ec2/eip:Eip", "outputs": {"publicIp": HERE}}}
    host_names.announce_names(read_settings(root, tls=ACME), eip)
    assert heard == [f"shop.example leads to {HERE}, which is here."]


def test_nothing_is_looked_up_where_nothing_is_ordered_or_announced(
    root: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    host_names.announce_names(read_settings(root), {})
    monkeypatch.setattr(host_names, "is_announced", lambda: False)
    host_names.announce_names(read_settings(root, tls=ACME), {})
    assert heard == []
