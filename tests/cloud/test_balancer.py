"""The balancer of the double is a proxy that behaves as AWS says of its own, so that what a release loses is seen."""

import asyncio
import http.client
import json
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cloud.balanced import Balanced, Target
from tests.cloud.caller import Caller, Refused
from tests.cloud.plugin.balancer.__main__ import Balancer
from tests.cloud.plugin.certificates import find_file
from tests.cloud.plugin.fleet_kinds import CERTIFICATE, CERTIFICATE_VALIDATION, GROUP, LISTENER, RULE
from tests.cloud.plugin.kinds import INGRESS
from tests.cloud.plugin.process import tell
from tests.docker.engine import free_port

# Linux alone has all of 127.0.0.0/8.
pytestmark = [pytest.mark.docker, pytest.mark.extended]

RECORD = "aws:route53/record:Record"


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    return Caller(tmp_path / "cloud", monkeypatch, paper=False)


@pytest.fixture
def balanced(real: Caller) -> Iterator[Balanced]:
    made = Balanced(real, free_port())
    yield made
    tell(made.address, {"end": True})


@pytest.fixture
def targets() -> Iterator[list[Target]]:
    port = free_port()
    made = [Target(f"127.78.1.{number}", port) for number in (1, 2)]
    yield made
    for one in made:
        one.close()


def test_names_lead_to_their_group_and_nobodys_name_to_the_default(balanced: Balanced, targets: list[Target]) -> None:
    other = balanced.make_group("other", targets[1].member.port)
    balanced.lead(other, "*.other.example", 2)
    balanced.add(targets[0])
    balanced.add(targets[1], other)
    balanced.wait_healthy(targets[0])
    balanced.wait_healthy(targets[1], group=other)
    assert balanced.get(host="WEB.example:80")[1]["target"] == "127.78.1.1"
    assert balanced.get(host="www.other.example")[1]["target"] == "127.78.1.2"
    assert balanced.get(host="nobody.example")[0] == 404


def test_a_group_without_targets_is_unavailable(balanced: Balanced) -> None:
    assert balanced.get()[0] == 503


def test_it_says_who_asked_and_drops_what_is_no_header(balanced: Balanced, targets: list[Target]) -> None:
    balanced.add(targets[0])
    balanced.wait_healthy(targets[0])
    sent = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https", "bad_name": "1", "X-Good": "1"}
    status, found = balanced.get(**sent)
    headers = found["headers"]
    assert status == 200
    assert headers["X-Forwarded-For"] == "192.0.2.9, 127.0.0.1"
    assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-Port"]) == ("http", str(balanced.port))
    assert headers["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert headers["X-Good"] == "1" and "bad_name" not in headers


def test_connections_to_targets_are_kept(balanced: Balanced, targets: list[Target]) -> None:
    balanced.add(targets[0])
    balanced.wait_healthy(targets[0])
    for _ in range(20):
        assert balanced.get()[0] == 200
    assert targets[0].connections == 1


def test_bodies_pass_in_both_directions(balanced: Balanced, targets: list[Target]) -> None:
    balanced.add(targets[0])
    balanced.wait_healthy(targets[0])
    connection = balanced.connect()
    for body, length in ((b"x" * 300_000, 300_000), ((b"y" * 70_000 for _ in range(3)), 210_000)):
        connection.request("POST", "/", body=body, headers={"Host": "web.example"}, encode_chunked=length == 210_000)
        assert json.loads(connection.getresponse().read())["length"] == length
    connection.request("GET", "/chunks", headers={"Host": "web.example"})
    assert connection.getresponse().read() == b"hello!"
    connection.request("HEAD", "/", headers={"Host": "web.example"})
    assert connection.getresponse().read() == b""
    connection.request("GET", "/", headers={"Host": "web.example"})
    assert connection.getresponse().status == 200
    connection.close()


def test_requests_go_to_healthy_targets_alone_unless_there_is_none(balanced: Balanced, targets: list[Target]) -> None:
    targets[1].healthy = False
    for one in targets:
        balanced.add(one)
    balanced.wait_healthy(targets[0])
    balanced.wait(lambda: "unhealthy" in balanced.states()["127.78.1.2"])
    assert {balanced.get()[1]["target"] for _ in range(6)} == {"127.78.1.1"}
    targets[0].healthy = False
    balanced.wait(lambda: balanced.states()["127.78.1.1"] == "unhealthy Target.ResponseCodeMismatch: 500")
    assert {balanced.get()[1]["target"] for _ in range(6)} == {"127.78.1.1", "127.78.1.2"}


def test_who_drains_finishes_its_requests_and_gets_no_other(balanced: Balanced, targets: list[Target]) -> None:
    for one in targets:
        balanced.add(one)
    balanced.wait_healthy(*targets)
    got: list[tuple[int, dict[str, object]]] = []
    waiting = [threading.Thread(target=lambda: got.append(balanced.get("/wait"))) for _ in targets]
    for thread in waiting:
        thread.start()
    balanced.wait(lambda: all(one.asked["/wait"] for one in targets))
    balanced.drain(targets[0])
    assert balanced.states()["127.78.1.1"].startswith("draining")
    assert {balanced.get()[1]["target"] for _ in range(6)} == {"127.78.1.2"}
    for one in targets:
        one.go_on.set()
    for thread in waiting:
        thread.join()
    assert sorted(str(found["target"]) for status, found in got if status == 200) == ["127.78.1.1", "127.78.1.2"]


def test_who_is_forgotten_is_cut_off(balanced: Balanced, targets: list[Target]) -> None:
    balanced.add(targets[0])
    balanced.wait_healthy(targets[0])
    connection = balanced.connect()
    connection.request("GET", "/wait", headers={"Host": "web.example"})
    balanced.wait(lambda: targets[0].asked["/wait"] == 1)
    balanced.drain(targets[0])
    balanced.forget(targets[0])
    with suppress(http.client.RemoteDisconnected, ConnectionResetError):
        assert connection.getresponse().status == 502
    assert balanced.get()[0] == 503


def test_a_request_is_sent_once_whatever_becomes_of_it(balanced: Balanced, targets: list[Target]) -> None:
    for one in targets:
        balanced.add(one)
    balanced.wait_healthy(*targets)
    assert balanced.get("/hang-up")[0] == 502
    assert sum(one.asked["/hang-up"] for one in targets) == 1


def test_who_says_nothing_for_too_long_is_given_up(real: Caller, targets: list[Target]) -> None:
    balanced = Balanced(real, free_port(), idle=1)
    try:
        balanced.add(targets[0])
        balanced.wait_healthy(targets[0])
        assert balanced.get("/wait")[0] == 504
        with socket.create_connection((balanced.address, balanced.port), timeout=60) as silent:
            assert silent.recv(1) == b""
    finally:
        tell(balanced.address, {"end": True})


def test_a_length_that_can_be_read_in_two_ways_is_refused(balanced: Balanced, targets: list[Target]) -> None:
    balanced.add(targets[0])
    balanced.wait_healthy(targets[0])
    with socket.create_connection((balanced.address, balanced.port), timeout=60) as connection:
        lines = ["POST / HTTP/1.1", "Host: web.example", "Content-Length: 4", "Transfer-Encoding: chunked", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        assert connection.recv(20).startswith(b"HTTP/1.1 400")
    assert not targets[0].asked["/"]


def test_closed_security_groups_let_nothing_through(real: Caller, targets: list[Target]) -> None:
    balanced = Balanced(real, free_port(), open_to_tasks=False)
    try:
        balanced.add(targets[0])
        balanced.wait(lambda: balanced.states()["127.78.1.1"] == "unhealthy Target.Timeout")
        assert not targets[0].asked
        (public,) = [one for one in real.cloud.things(INGRESS) if one.name == "public"]
        real.update(public, cidrIpv4="192.0.2.0/24")
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            balanced.get()
    finally:
        tell(balanced.address, {"end": True})


def test_https_needs_a_certificate_that_dns_has_proved(balanced: Balanced, targets: list[Target]) -> None:
    caller, port = balanced.caller, free_port()
    certificate = caller.create(CERTIFICATE, "certificate", domainName="web.example", validationMethod="DNS")
    listener = {
        "loadBalancerArn": balanced.balancer.id,
        "port": port,
        "protocol": "HTTPS",
        "certificateArn": certificate.id,
        "defaultActions": [{"type": "forward", "targetGroupArn": balanced.group.id}],
        "routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=31536000",
    }
    with pytest.raises(Refused, match="UnsupportedCertificate"):
        caller.create(LISTENER, "https", **listener)
    with pytest.raises(Refused, match=r"no record shows that web\.example is the account's"):
        caller.create(CERTIFICATE_VALIDATION, "issued", certificateArn=certificate.id)
    (proof,) = certificate.outputs["domainValidationOptions"]
    record = {"name": proof["resourceRecordName"], "type": "CNAME", "records": [proof["resourceRecordValue"]]}
    caller.create(RECORD, "proof", zoneId="Z1", ttl=60, **record)
    caller.create(CERTIFICATE_VALIDATION, "issued", certificateArn=certificate.id)
    caller.create(LISTENER, "https", **listener)
    (public,) = [one for one in caller.cloud.things(INGRESS) if one.name == "public"]
    caller.create(INGRESS, "public-https", **{**public.inputs, "fromPort": port, "toPort": port})
    balanced.add(targets[0])
    balanced.wait_healthy(targets[0])
    context = ssl.create_default_context(cafile=find_file(caller.cloud, certificate.id))
    plain = socket.create_connection((balanced.address, port), timeout=60)
    with context.wrap_socket(plain, server_hostname="web.example") as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: web.example\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert "Strict-Transport-Security: max-age=31536000" in text
    assert json.loads(text.partition("\r\n\r\n")[2])["headers"]["X-Forwarded-Proto"] == "https"


def test_a_redirect_fills_in_what_it_keeps(balanced: Balanced) -> None:
    caller, port = balanced.caller, free_port()
    redirect = {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
    given = {**balanced.listener.inputs, "defaultActions": [{"type": "redirect", "redirect": redirect}]}
    caller.create(LISTENER, "moved", **{**given, "port": port})
    (public,) = [one for one in caller.cloud.things(INGRESS) if one.name == "public"]
    caller.create(INGRESS, "public-moved", **{**public.inputs, "fromPort": port, "toPort": port})
    connection = http.client.HTTPConnection(balanced.address, port, timeout=60)
    connection.request("GET", "/a/b?c=d", headers={"Host": "web.example"})
    response = connection.getresponse()
    assert (response.status, response.getheader("Location")) == (301, "https://web.example:443/a/b?c=d")
    connection.close()


def test_two_of_a_kind_are_refused(balanced: Balanced) -> None:
    caller = balanced.caller
    with pytest.raises(Refused, match="PriorityInUse: Priority '1'"):
        balanced.lead(balanced.group, "two.example", 1)
    with pytest.raises(Refused, match="DuplicateListener"):
        caller.create(LISTENER, "again", **balanced.listener.inputs)
    values = [f"{number}.example" for number in range(6)]
    (rule,) = caller.cloud.things(RULE)
    given = {**rule.inputs, "priority": 9, "conditions": [{"hostHeader": {"values": values}}]}
    with pytest.raises(Refused, match="a rule can have 5 condition values, and this has 6"):
        caller.create(RULE, "many", **given)
    assert caller.check(GROUP, "g" * 30, port=80).wrong == ["name must not be longer than 32 characters"]
    assert caller.check(GROUP, "g-", port=80).wrong == ["name must match (?!.*--)(?!^-)(?!.*-$)^[A-Za-z0-9-]+$"]


def test_two_orders_at_once_open_a_port_once(balanced: Balanced) -> None:
    async def look() -> list[str]:
        twin = Balancer("127.78.2.1", balanced.balancer.id, balanced.cloud)
        answers = await asyncio.gather(*(twin.obey({"look": True}) for _ in range(2)))
        await twin.obey({"end": True})
        return answers

    assert asyncio.run(look()) == ["done", "done"]


def test_a_protected_balancer_stays(balanced: Balanced) -> None:
    caller = balanced.caller
    for rule in caller.cloud.things(RULE):
        caller.delete(rule)
    caller.delete(balanced.listener)
    protected = caller.update(balanced.balancer, enableDeletionProtection=True)
    with pytest.raises(Refused, match="OperationNotPermitted"):
        caller.delete(protected)
    caller.delete(caller.update(protected, enableDeletionProtection=False))
    with pytest.raises(ConnectionRefusedError):
        balanced.get()


def test_it_ends_when_its_cloud_is_gone(balanced: Balanced) -> None:
    assert balanced.get()[0] == 503
    shutil.rmtree(balanced.cloud.folder)
    balanced.wait(lambda: tell(balanced.address, {"health": "any"}) is None)
