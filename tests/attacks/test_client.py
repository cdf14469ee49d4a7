"""Behind other proxies: the client's address is taken from those that are declared, and from nobody else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.attacks.edge import Edge, render, run_nginx
from tests.attacks.raw import exchange, get, make_request, parse
from tests.attacks.sample import HOST, SECRET
from tests.docker.engine import execute

pytestmark = pytest.mark.docker
CLIENT, OTHER = "203.0.113.7", "198.51.100.9"
PROXY = f"PROXY TCP4 {CLIENT} {OTHER} 4711 80\r\n".encode()


def gateway(edge: Edge) -> str:
    """Where requests from this machine seem to come from: the address of Docker's bridge."""
    return str(next(iter(edge.container.attrs["NetworkSettings"]["Networks"].values()))["Gateway"])


@contextmanager
def behind(edge: Edge, *proxies: str, header: str = "X-Forwarded-For") -> Iterator[Edge]:
    def change(values: dict[str, Any]) -> None:
        values["client"] = {"proxies": list(proxies), "header": header}

    with run_nginx(edge, render(edge, change, {"probe": {"API_KEY": SECRET}})) as found:
        yield found


def see(edge: Edge, *fields: tuple[str, str]) -> tuple[str, str, str]:
    facts = get(edge.port, HOST, "/environ", fields=fields).json()
    environ = facts["environ"]
    return facts["client"], environ["HTTP_X_FORWARDED_FOR"], environ["HTTP_X_REAL_IP"]


def see_from_replica(edge: Edge, header: str) -> str:
    """The client's address as the application sees it when another container asks."""
    edge.container.reload()
    address = next(iter(edge.container.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"]
    program = (
        "import sys, urllib.request as u;"
        "print(u.urlopen(u.Request(f'http://{sys.argv[1]}:8080/environ', headers={'Host': sys.argv[2],"
        " sys.argv[3]: sys.argv[4]}), timeout=10).read().decode())"
    )
    replica = edge.deployment.container("gunicorn", "probe")
    answer = json.loads(execute(replica, "python3", "-c", program, address, HOST, header, CLIENT))
    return str(answer["client"])


def test_a_declared_proxy_is_believed(edge: Edge) -> None:
    with behind(edge, f"{gateway(edge)}/32") as found:
        assert see(found, ("X-Forwarded-For", CLIENT)) == (CLIENT, CLIENT, CLIENT)
        # The client may write what it likes before the address that the proxy adds.
        assert see(found, ("X-Forwarded-For", f"{OTHER}, {CLIENT}")) == (CLIENT, CLIENT, CLIENT)
        assert see(found, ("X-Forwarded-For", f"{CLIENT}, {gateway(edge)}")) == (CLIENT, CLIENT, CLIENT)
        assert see(found, ("X-Real-IP", CLIENT))[0] == gateway(edge)
        # A container of the same network is not declared.
        assert see_from_replica(found, "X-Forwarded-For") not in (CLIENT, gateway(edge))


def test_an_undeclared_proxy_is_not_believed(edge: Edge) -> None:
    with behind(edge, "10.255.0.0/16", "2001:db8::/32") as found:
        check_is_not_believed(found)


def check_is_not_believed(edge: Edge) -> None:
    peer = gateway(edge)
    for name in ("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "Forwarded"):
        assert see(edge, (name, CLIENT)) == (peer, peer, peer)


def test_only_the_declared_header_is_read(edge: Edge) -> None:
    with behind(edge, f"{gateway(edge)}/32", header="CF-Connecting-IP") as found:
        claims = (("X-Forwarded-For", OTHER), ("CF-Connecting-IP", CLIENT))
        assert see(found, *claims) == (CLIENT, CLIENT, CLIENT)
        assert see(found, ("X-Forwarded-For", OTHER))[0] == gateway(edge)


def test_the_proxy_protocol_names_the_client(edge: Edge) -> None:
    request = make_request(HOST, "/environ", fields=[("X-Forwarded-For", OTHER)])
    with behind(edge, f"{gateway(edge)}/32", header="proxy_protocol") as found:
        (answer,) = parse(exchange(found.port, PROXY + request))
        assert answer.json()["client"] == CLIENT
        assert answer.json()["environ"]["HTTP_X_FORWARDED_FOR"] == CLIENT
        # Who does not speak it is no proxy.
        assert all(answer.status == 400 for answer in parse(exchange(found.port, request)))
        assert exchange(found.port, PROXY + make_request("evil.example")) == b""
        # The machine's own pages know nothing of proxies.
        assert execute(found.container, "curl", "-s", "http://127.0.0.1:8081/healthz") == "ok\n"


def test_the_proxy_protocol_of_others_is_not_believed(edge: Edge) -> None:
    with behind(edge, "10.255.0.0/16", header="proxy_protocol") as found:
        (answer,) = parse(exchange(found.port, PROXY + make_request(HOST, "/environ")))
        assert answer.json()["client"] == gateway(edge)
