"""DNS, asked by the wire: a server of the test's own answers, errs, or says nothing."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from portico.components.docker import dns_lookup, host_names
from portico.components.docker.dns_lookup import is_own, list_sources, look_up
from portico.config.messages.caa import Caa
from tests.config.sample import make_site, read_settings

# What is said of each name: records, or a code; nothing at all for None.
ZONE: dict[str, list[str] | dns.rcode.Rcode | None] = {
    "shop.example.": [],
    "example.": ['0 issue "ca.example"', '128 issue "letsencrypt.org; validationmethods=http-01"'],
    "gone.example.": dns.rcode.NXDOMAIN,
    "broken.example.": dns.rcode.SERVFAIL,
    "silent.example.": None,
    # Each shop of another parent, so that what stands above one counts for no other.
    "none.test.": [],
    "ours.test.": ['0 issue "letsencrypt.org"'],
    "other.test.": ['0 issue "ca.test"'],
    "nobody.test.": ['0 issue ";"'],
    "report.test.": ['0 iodef "mailto:security@report.test"'],
    "wild.test.": ['0 issuewild ";"'],
    "both.test.": ['0 issuewild "ca.test"', '0 issue "letsencrypt.org"'],
    "method.test.": ['0 issue "letsencrypt.org; validationmethods=dns-01"'],
    "critical.test.": ['128 future "x"', '0 issue "letsencrypt.org"'],
    "above.test.": ['0 issue "ca.test"'],
    "shop.above.test.": ['0 issue "letsencrypt.org"'],
    "below.test.": ['0 issue "letsencrypt.org"'],
    "shop.below.test.": ['0 issue "ca.test"'],
    "fails.test.": dns.rcode.SERVFAIL,
    "refuses.test.": dns.rcode.REFUSED,
    "mute.test.": None,
    "unborn.test.": dns.rcode.NXDOMAIN,
    "test.": [],
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
                # A name of which nothing stands there exists, and has no such record.
                reported = ZONE.get(name, [])
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


def preview(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a preview says, on a machine whose address is 203.0.113.7."""
    lines: list[str] = []
    log = SimpleNamespace(info=lines.append, warn=lambda line: lines.append(f"warning: {line}"))
    monkeypatch.setattr(host_names, "pulumi", SimpleNamespace(log=log))
    monkeypatch.setattr(host_names, "is_announced", lambda: True)
    monkeypatch.setattr(host_names, "is_own", lambda _: True)
    monkeypatch.setattr(host_names, "list_sources", lambda: ["203.0.113.7"])
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(dns_lookup, "MOST", 20.0)
    # No public authority signs for names below .test, which nobody else has.
    monkeypatch.setattr("portico.config.ordered_names._PRIVATE", ())
    return lines


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


@pytest.mark.parametrize(
    ("domain", "said", "wrong"),
    [
        ("none.test", "CAA allows every authority.", False),
        ("ours.test", "CAA at ours.test allows letsencrypt.org.", False),
        (
            "other.test",
            'CAA at other.test allows ca.test, so letsencrypt.org refuses: add the record other.test CAA 0 issue "',
            True,
        ),
        ("nobody.test", "CAA at nobody.test allows none, so letsencrypt.org refuses: add the record ", True),
        ("report.test", "CAA at report.test allows every authority.", False),
        ("wild.test", "CAA at wild.test allows every authority.", False),
        ("both.test", "CAA at both.test allows letsencrypt.org.", False),
        ("method.test", "CAA at method.test allows letsencrypt.org by dns-01 alone, and Portico answers by ", True),
        ("critical.test", 'CAA at critical.test has a critical record "future", which makes authorities refuse.', True),
        # The nearest counts, whatever is above it.
        ("above.test", "CAA at shop.above.test allows letsencrypt.org.", False),
        ("below.test", "CAA at shop.below.test allows ca.test, so letsencrypt.org refuses: add the record ", True),
        ("unborn.test", "CAA allows every authority.", False),
        ("fails.test", "The CAA records could not be read from DNS.", False),
        ("refuses.test", "The CAA records could not be read from DNS.", False),
        ("mute.test", "The CAA records could not be read from DNS.", False),
    ],
)
def test_the_preview_says_what_a_server_of_dns_answers(
    server: list[str], root: Path, monkeypatch: pytest.MonkeyPatch, domain: str, said: str, wrong: bool
) -> None:
    lines = preview(monkeypatch)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("203.0.113.7", 80))])
    # So that a busy machine hears every answer, but not for long of a server that has none.
    monkeypatch.setattr(dns_lookup, "MOST", 1.0 if domain == "mute.test" else 20.0)
    acme = {"acme": {"email": "ops@shop.example"}}
    settings = read_settings(root, make_site(hosts=[f"shop.{domain}"]), tls=acme)
    host_names.announce_names(settings, {}, None)
    begin = f"{'warning: ' if wrong else ''}shop.{domain} leads to 203.0.113.7, which is here. "
    (line,) = lines
    assert line.startswith(begin + said)
    assert f"{domain}." in server


@pytest.mark.parametrize(
    ("domain", "said", "wrong"),
    [
        (
            "wild.test",
            "CAA at wild.test allows none, so letsencrypt.org refuses: add the record wild.test CAA 0 is",
            True,
        ),
        ("both.test", "CAA at both.test allows ca.test, so letsencrypt.org refuses: add the record ", True),
        ("ours.test", "CAA at ours.test allows letsencrypt.org.", False),
        ("method.test", "CAA at method.test allows letsencrypt.org.", False),
        ("none.test", "CAA allows every authority.", False),
    ],
)
def test_the_preview_says_it_of_names_with_a_star(
    server: list[str], root: Path, monkeypatch: pytest.MonkeyPatch, domain: str, said: str, wrong: bool
) -> None:
    lines, asked = preview(monkeypatch), list[str]()

    def answer(name: str, *_: object, **__: object) -> list[object]:
        asked.append(name)
        return [(0, 0, 0, "", ("203.0.113.7", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    acme = {"acme": {"email": "ops@shop.example", "dns": {"provider": "route53", "accessKey": "AKIAIOSFODNN7EXAMPLE"}}}
    settings = read_settings(root, make_site(hosts=[f"*.{domain}"]), tls=acme)
    host_names.announce_names(settings, {}, None)
    (line,) = lines
    begin = (
        f"{'warning: ' if wrong else ''}*.{domain} is proven by DNS-01 with Route 53, and leads to 203.0.113.7, which "
    )
    assert line.startswith(f"{begin}is here. {said}")
    # No resolver is asked for a star itself: what stands below it is asked for.
    assert f"{domain}." in server and asked == [f"portico-asks.{domain}"]


def test_what_a_star_stands_for_is_proven_with_it(
    server: list[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = preview(monkeypatch)

    def answer(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "nobody")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    acme = {"acme": {"email": "ops@shop.example", "dns": {"provider": "route53", "accessKey": "AKIAIOSFODNN7EXAMPLE"}}}
    settings = read_settings(root, make_site(hosts=["*.wild.test", "shop.wild.test", "a.shop.wild.test"]), tls=acme)
    host_names.announce_names(settings, {}, None)
    star, below, deeper = lines
    refused = "nobody gets here by it. CAA at wild.test allows none"
    assert star.startswith(f"warning: *.wild.test is proven by DNS-01 with Route 53, and leads nowhere yet: {refused}")
    assert below.startswith(
        f"warning: shop.wild.test is proven by DNS-01 with Route 53, and leads nowhere yet: {refused}"
    )
    assert deeper.startswith(
        "warning: a.shop.wild.test leads nowhere yet: it gets no certificate until DNS leads it here."
    )


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
