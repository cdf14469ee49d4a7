"""DNS, asked by the wire: a server of the test's own answers, errs, or says nothing."""

import socket
import threading
import time
from collections.abc import Iterator

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from portico.components.docker.dns_lookup import is_own, list_sources, look_up
from portico.config.messages.caa import Caa

# What is said of each name: records, or a code; nothing at all for None.
ZONE: dict[str, list[str] | dns.rcode.Rcode | None] = {
    "shop.example.": [],
    "example.": ['0 issue "ca.example"', '128 issue "letsencrypt.org; validationmethods=http-01"'],
    "gone.example.": dns.rcode.NXDOMAIN,
    "broken.example.": dns.rcode.SERVFAIL,
    "silent.example.": None,
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    asked: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], own.getsockname()[1]
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)

        def serve() -> None:
            while True:
                data, peer = own.recvfrom(4096)
                if not data:
                    return
                question = dns.message.from_wire(data)
                name = str(question.question[0].name)
                asked.append(name)
                reported = ZONE[name]
                if reported is None:
                    continue
                answer = dns.message.make_response(question)
                if isinstance(reported, list):
                    answer.answer += [dns.rrset.from_text(name, 60, "IN", "CAA", *reported)] if reported else []
                else:
                    answer.set_rcode(reported)
                own.sendto(answer.to_wire(), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        own.sendto(b"", own.getsockname())
        thread.join()


def test_each_name_above_is_asked_once(server: list[str]) -> None:
    _, records = look_up([], ["shop.example", "gone.example"])
    assert records == {
        "shop.example": [],
        "gone.example": [],
        "example": [Caa(0, "issue", "ca.example"), Caa(128, "issue", "letsencrypt.org; validationmethods=http-01")],
    }
    assert sorted(server) == ["example.", "gone.example.", "shop.example."]


def test_what_dns_does_not_say_is_not_known_and_holds_up_nothing(server: list[str]) -> None:
    begun = time.monotonic()
    _, records = look_up([], ["silent.example", "broken.example", "shop.example"])
    # Without the limit it takes five seconds, as dnspython has it.
    assert time.monotonic() - begun < 5
    assert {*records} == {"shop.example", "example"}


def test_addresses_that_come_too_late_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ends.wait(10) and [])
    begun = time.monotonic()
    addresses, _ = look_up([f"{number}.example" for number in range(100)])
    ends.set()
    assert addresses == {} and time.monotonic() - begun < 9


def test_a_machine_without_a_resolver_knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "get_default_resolver", fail)
    assert look_up([], ["shop.example"]) == ({}, {})


def test_an_address_is_ones_own_where_one_can_listen() -> None:
    assert is_own("127.0.0.1") and not is_own("192.0.2.77") and not is_own("2001:db8::77")
    assert all(is_own(one) for one in list_sources())
