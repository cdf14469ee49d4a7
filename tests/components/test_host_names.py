"""What the preview says of host names whose certificates are ordered: what is seen, what is not known, no failure."""

import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portico.components.docker import dns_lookup, host_names
from portico.config.live.certificate import Certificate
from portico.config.messages.caa import Caa
from portico.config.messages.host_names import Here, tell_name, tell_proven
from tests.config.aws_sample import make_section
from tests.config.sample import make_site, read_settings

ACME = {"acme": {"email": "ops@shop.example"}}
OWN = {"acme": {"email": "ops@shop.example", "directory": "https://ca.example/dir"}}
HERE, OTHER, SIX = "203.0.113.7", "198.51.100.9", "2001:db8::1"
FREE = "CAA allows every authority."
KNOWN = Here([HERE])


@pytest.mark.parametrize(
    ("found", "here", "said", "wrong"),
    [
        (None, KNOWN, "DNS does not answer here", False),
        ([], KNOWN, "leads nowhere yet: it gets no certificate until DNS leads it here.", True),
        ([HERE], KNOWN, f"leads to {HERE}, which is here.", False),
        ([HERE, SIX], Here([HERE, SIX]), f"leads to {HERE}, {SIX}, which is here.", False),
        (
            [HERE, SIX],
            KNOWN,
            f"{HERE}, which is here, and to {SIX}, which is not known to be: the authority may",
            False,
        ),
        ([HERE, SIX], Here([HERE], whole=True), f"and to {SIX}, which is not: the authority may", True),
        ([HERE, OTHER], KNOWN, f"{HERE}, which is here, and to {OTHER}, which is not: the authority may", True),
        ([OTHER], KNOWN, f"and this machine is {HERE}: unless that leads here too", True),
        ([HERE], Here(), "whether that is here cannot be seen from here.", False),
        (["10.0.0.5", "fd00::1"], KNOWN, "leads to 10.0.0.5, fd00::1, which nobody reaches from outside", True),
        (["10.0.0.5", HERE], Here([HERE, "10.0.0.5"]), "which is here.", False),
    ],
)
def test_what_is_reported(found: Sequence[str] | None, here: Here, said: str, wrong: bool) -> None:
    line, reported = tell_name("shop.example", found, here)
    assert said in line and reported == wrong and line.startswith("shop.example") and line.endswith(".")


@pytest.mark.parametrize(
    ("found", "here", "said", "wrong"),
    [
        (None, KNOWN, "; DNS does not answer here, so where it leads is not known.", False),
        ([], KNOWN, ", and leads nowhere yet: nobody gets here by it.", True),
        ([HERE], KNOWN, f", and leads to {HERE}, which is here.", False),
        ([HERE], Here(), f", and leads to {HERE}; whether that is here cannot be seen from here.", False),
        (
            [OTHER],
            KNOWN,
            f"to {OTHER}, and this machine is {HERE}: nobody gets here by it, unless that leads here",
            True,
        ),
    ],
)
def test_what_is_proven_by_dns_gets_its_certificate_wherever_it_leads(
    found: Sequence[str] | None, here: Here, said: str, wrong: bool
) -> None:
    line, reported = tell_proven("*.shop.example", found, here)
    assert line.startswith("*.shop.example is proven by DNS-01 with Route 53") and said in line and reported == wrong


def test_an_authority_of_ones_own_may_be_inside() -> None:
    assert tell_name("shop.corp", ["10.0.0.5"], Here(["10.0.0.5"]), public=False) == (
        "shop.corp leads to 10.0.0.5, which is here.",
        False,
    )


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    log = SimpleNamespace(info=lines.append, warn=lambda line: lines.append(f"warning: {line}"))
    monkeypatch.setattr(host_names, "pulumi", SimpleNamespace(log=log))
    monkeypatch.setattr(host_names, "is_announced", lambda: True)
    monkeypatch.setattr(dns_lookup, "_find_records", lambda owner, found: found.update({owner: []}))
    monkeypatch.setattr(host_names, "is_own", lambda address: False)
    monkeypatch.setattr(host_names, "list_sources", lambda: ["172.17.0.2"])
    monkeypatch.delenv("DOCKER_HOST", raising=False)

    def answer(name: str, *_: Any, **__: Any) -> Any:
        if name == "gone.example":
            raise socket.gaierror(socket.EAI_NONAME, "nobody")
        if name == "silent.example":
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        if name == HERE:
            return [(0, 0, 0, "", (name, 80))]
        return [(0, 0, 0, "", (HERE if name in ("shop.example", "host.example") else OTHER, 80))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return lines


def announce(root: Path, *sites: Any, tls: Any = ACME, resources: Any = None, **stack: Any) -> None:
    host_names.announce_names(read_settings(root, *sites, tls=tls, **stack), resources or {}, None)


def test_each_name_is_reported_once_and_what_is_wrong_as_a_warning(root: Path, heard: list[str]) -> None:
    names = ["shop.example", "gone.example", "silent.example", "other.example"]
    ssh = {"target": "ssh", "ssh": {"host": "host.example", "user": "deploy"}}
    announce(root, make_site(hosts=names), **ssh)
    assert [line.startswith("warning: ") for line in heard] == [False, True, False, True]
    assert heard[0] == f"shop.example leads to {HERE}, which is here. {FREE}"


def test_a_name_that_ssh_alone_knows_tells_no_address(root: Path, heard: list[str]) -> None:
    for host in ("gone.example", "silent.example"):
        announce(root, target="ssh", ssh={"host": host, "user": "deploy"})
    assert len(heard) == 2 and all("cannot be seen from here" in line for line in heard)


def test_the_address_on_aws_is_known_from_the_state(root: Path, heard: list[str]) -> None:
    eip = {"eip": {"type": "aws:ec2/eip:Eip", "outputs": {"publicIp": HERE}}}
    stack: Any = {"target": "aws", "aws": make_section(), "address": "0.0.0.0", "port": 80}
    announce(root, resources=eip, tls={"port": 443, **ACME}, **stack)
    assert heard == [f"shop.example leads to {HERE}, which is here. {FREE}"]


def test_this_machine_knows_its_own_addresses(root: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sites = make_site(hosts=["shop.example", "other.example"])
    announce(root, sites)
    # Behind a router nobody can tell.
    assert all("cannot be seen from here" in line for line in heard)
    heard.clear()
    monkeypatch.setattr(host_names, "list_sources", lambda: [HERE])
    announce(root, sites)
    assert heard[0].startswith(f"shop.example leads to {HERE}, which is here.") and heard[1].startswith("warning: ")
    heard.clear()
    # An address besides the one that it speaks by.
    monkeypatch.setattr(host_names, "is_own", lambda address: address == OTHER)
    announce(root, sites)
    assert [line.split(":")[0] == "warning" for line in heard] == [False, False]
    # The engine is somewhere else.
    heard.clear()
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example:2376")
    announce(root, sites)
    assert all("cannot be seen from here" in line for line in heard)


def test_who_else_may_sign_is_a_warning_and_asked_of_public_authorities_alone(
    root: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_names, "list_sources", lambda: [HERE])
    rule = [Caa(0, "issue", "ca.example")]
    monkeypatch.setattr(
        dns_lookup, "_find_records", lambda owner, found: found.update({owner: rule if owner == "example" else []})
    )
    announce(root, make_site(hosts=["shop.example", "gone.example"]))
    assert heard[0].startswith("warning: shop.example leads to") and "CAA at example allows ca.example" in heard[0]
    # Of a name that leads nowhere too: both need an action.
    assert "gone.example leads nowhere yet" in heard[1] and "CAA at example allows ca.example" in heard[1]
    heard.clear()
    asked: list[str] = []
    monkeypatch.setattr(dns_lookup, "_find_records", lambda owner, _: asked.append(owner))
    announce(root, tls=OWN)
    assert not asked and heard == [f"shop.example leads to {HERE}, which is here."]


def test_what_is_there_is_reported_of_each_name(root: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    reported = {
        "hosts": ["shop.example", "silent.example"],
        "names": ["shop.example"],
        "issuer": "R12",
        "ends": "2126-01-01T00:00:00+00:00",
        "error": "429",
        "orders": [{"begins": datetime.now(UTC).isoformat(), "names": ["shop.example", "silent.example"]}],
    }
    monkeypatch.setattr(host_names, "find_report", lambda *_: {"shop": Certificate.read("shop", reported)})
    announce(root, make_site(hosts=["shop.example", "silent.example"]))
    assert "Its certificate of R12 is good until 2126-01-01" in heard[0] and not heard[0].startswith("warning")
    assert heard[1].startswith("warning: silent.example: DNS does not answer")
    assert "no certificate yet: 429; ordered for the same names in the last 7 days: 1." in heard[1]
    # Those for other names are counted for themselves.
    heard.clear()
    announce(root, make_site(hosts=["shop.example"]))
    assert "ordered for the same names in the last 7 days: 0" in heard[0]


def test_nothing_is_looked_up_where_nothing_is_ordered_or_announced(
    root: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    host_names.announce_names(read_settings(root), {}, None)
    monkeypatch.setattr(host_names, "is_announced", lambda: False)
    announce(root)
    assert heard == []
