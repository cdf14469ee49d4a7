"""The clients of a load: their mix, their pace, and where they stop."""

import time

import pytest

from tests.docker.load import Client, Load, Response, Target, standard_clients, stream_client
from tests.docker.peer import KEPT, Peer, Server, run

pytestmark = pytest.mark.extended


def test_the_rate_holds_for_all_clients_together() -> None:
    with Server(Peer.honest) as server:
        with Load("127.0.0.1", server.port, [KEPT] * 8, rate=100) as load:
            time.sleep(0.6)
        report = load.report()
    assert 20 <= report.sent <= 100 * report.seconds + 1


def test_rare_senders_pause() -> None:
    with Server(Peer.honest) as server:
        with Load("127.0.0.1", server.port, [Client(host="a.example", pause=(0.1, 0.15))]) as load:
            time.sleep(0.6)
        report = load.report()
    assert 2 <= report.sent <= report.seconds / 0.1 + 1


def test_the_load_ends_at_its_bounds_and_says_so() -> None:
    with Server(Peer.honest) as server:
        with Load("127.0.0.1", server.port, [KEPT] * 4, most_requests=50) as load:
            assert load.wait(5)
        assert (load.report().sent, load.report().lossless) == (50, False)
        with Load("127.0.0.1", server.port, [KEPT] * 4, most_seconds=0.2) as load:
            assert load.wait(5)
        assert not load.report().lossless
        assert "ended early: " in load.report().summary()


def test_a_mistake_in_a_hook_is_not_a_verdict() -> None:
    def mistaken(response: Response) -> str:
        raise ZeroDivisionError

    with Server(Peer.honest) as server:
        load = Load("127.0.0.1", server.port, [KEPT], observe=mistaken)
        with pytest.raises(RuntimeError, match="load generator itself"), load:
            load.wait(5)


def test_load_goes_to_this_machine_only() -> None:
    with pytest.raises(ValueError, match=r"198\.51\.100\.1 is not an address of this machine"):
        Load("198.51.100.1", 80, [KEPT])


def test_standard_clients_are_the_mix_that_was_asked_for() -> None:
    targets = [
        Target(host="a.example", expect="a"),
        Target(host="b.example", expect="b", path="/get", echo=None, slow="/delay/3"),
    ]
    clients = standard_clients(40, targets)
    assert len(clients) == 40
    assert sum(client.kept for client in clients) == 20
    assert sum(client.method == "POST" for client in clients) == 4
    assert {client.host for client in clients if client.body} == {"a.example"}
    assert sum(client.long for client in clients) == 2
    rare = [client for client in clients if client.pause == (2.0, 3.0)]
    assert len(rare) == 6
    assert all(client.kept for client in rare)
    assert {client.host for client in rare} == {"a.example", "b.example"}
    assert all(client.expect or client.body for client in clients)


def test_a_stream_is_whole_only_with_every_event() -> None:
    def events(peer: Peer) -> None:
        assert peer.path == "/events?n=5&pause=0"
        peer.send(b"".join(f"id: {number}\ndata: x\n\n".encode() for number in range(1, 6)))

    def skips_one(peer: Peer) -> None:
        peer.send(b"id: 1\n\nid: 2\n\nid: 4\n\nid: 5\n\n")

    client = stream_client("a.example", 5, pause=0)
    assert run(events, client).ok == 5
    assert run(skips_one, client).failures == {"wrong body or application": 5}
