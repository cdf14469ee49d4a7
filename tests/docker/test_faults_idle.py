"""Idle connections and slow clients do not hold up a release, and a release loses no request beside them."""

import resource
import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

import pytest

from portico.config.render.layout import LISTEN
from tests.docker.applications import small, write_small
from tests.docker.ask import ADDRESS
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment
from tests.docker.figures import Figures
from tests.docker.traffic import light

pytestmark = [pytest.mark.docker, pytest.mark.extended]
HOST = "shop.localhost"
ASK = f"GET /whoami HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
SLOW = 20


@pytest.fixture(scope="module")
def shop(deploy: Deploy) -> Iterator[Deployment]:
    # A worker of NGINX may get more than its half of them.
    deployment = deploy(
        small("shop", replicas=2, gunicorn={"timeout": "10s"}),
        nginx={"connections": 16_384, "keepalive": "10m", "memory": "512M"},
    )
    write_small(deployment, "shop")
    deployment.up()
    yield deployment


def locate(deployment: Deployment) -> tuple[str, int]:
    """The port's own address on its network: Docker's proxy before the public one has no files for 10,000 clients."""
    (network,) = deployment.container("port").attrs["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"]), LISTEN


@contextmanager
def kept(address: tuple[str, int], count: int) -> Iterator[list[socket.socket]]:
    """So many connections that have had one answer and now wait."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count + 1_000)), hard))
    with ExitStack() as stack:
        peers = []
        for number in range(count):
            peer = stack.enter_context(socket.create_connection(address, 20))
            peer.sendall(ASK)
            peers.append(peer)
            if number % 50 == 49:  # what is in flight stays few
                for one in peers[-50:]:
                    assert one.recv(65536).startswith(b"HTTP/1.1 200"), "an idle client was not served"
        yield peers


def drip(port: int, stop: Event) -> None:
    """Clients that send their request byte by byte, and begin again when NGINX has had enough of one."""
    with ExitStack() as stack:
        peers: list[socket.socket] = []
        number = 0
        while not stop.wait(0.5):
            for peer in [*peers]:
                try:
                    peer.sendall(ASK[number % 20 : number % 20 + 1])
                except OSError:
                    peers.remove(peer)
            while len(peers) < SLOW:
                with suppress(OSError):
                    peers.append(stack.enter_context(socket.create_connection((ADDRESS, port), 5)))
            number += 1


def count_closed(peers: list[socket.socket]) -> int:
    """How many of them the server has closed."""
    with selectors.DefaultSelector() as selector:
        for peer in peers:
            selector.register(peer, selectors.EVENT_READ)
        return len(selector.select(0))


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_a_release_ends_and_loses_nothing_beside_idle_and_slow_clients(
    shop: Deployment, figures: Figures, count: int
) -> None:
    stop = Event()
    slow = Thread(target=drip, args=(shop.port, stop), daemon=True)
    with kept(locate(shop), count) as peers:
        assert count_closed(peers) == 0
        slow.start()
        try:
            with light(shop, HOST) as load:
                load.wait(1)
                shop.edit("shop", f"# beside {count}")
                seconds = shop.up().seconds
                closed = count_closed(peers)
                load.wait(1)
        finally:
            stop.set()
            slow.join(10)
    report = load.report()
    print(f"\nC12: {count} idle connections, {SLOW} slow clients: released in {seconds:.1f} s, {closed} asked to go")
    print(report.details())
    assert len(report.seen) == 2
    assert closed == count, "old workers still serve some"
    # NGINX's old workers end after the longest request and 5 s, whoever is connected.
    figures.record(
        "C12",
        f"a release beside {count:,} idle and {SLOW} slow clients: requests lost; seconds",
        target="0; <= 120 s",
        measured=f"{report.failed} of {report.sent}; {seconds:.1f} s",
        met=report.lossless and seconds <= 120,
    )
