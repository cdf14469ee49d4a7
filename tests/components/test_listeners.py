"""Who listens on a machine: read from Linux's tables."""

import socket
from pathlib import Path

import pytest

from portico.components.docker.listeners import FOREIGN, TABLES, Listener, read_machine
from portico.config.public_address import Binding

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = (
    HEAD
    + "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41 2 0 100 0 0 10 0\n"
    + "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 42 1 0 100 0 0 10 0\n"
    # A connection is nobody who listens.
    + "   2: 0100007F:1F91 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 43 1 0 100 0 0 10 0\n"
)
TCP6 = (
    HEAD + "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 51 1 0 100 0 0 10 0\n"
    "   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 52 1 0 100 0 0 10 0\n"
    "   2: B80D0120000000000000000001000000:0052 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 53 1 0 100 0 0 10 0\n"
)
UDP = (
    HEAD + "  12: 00000000:20FB 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 61 2 0 0\n"
    "  13: 0100007F:20FC 0100007F:0035 01 00000000:00000000 00:00000000 00000000   101        0 62 2 0 0\n"
)
TRIE = """Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.7
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
     |-- 192.0.2.7
        /32 host LOCAL
"""
INET6 = (
    "00000000000000000000000000000001 01 80 10 80       lo\n"
    "20010db8000000000000000000000007 02 40 00 80     eth0\n"
    "fe800000000000000042dafffe9e8144 02 40 20 80     eth0\n"
)


def test_sockets_that_take_what_comes_are_reported_with_their_address() -> None:
    found = read_machine({"net/tcp": TCP, "net/tcp6": TCP6, "net/udp": UDP}).listeners
    assert found == (
        Listener(Binding("127.0.0.1", 8080), 41),
        Listener(Binding("0.0.0.0", 22), 42),
        Listener(Binding("::", 80), 51),
        # Of IPv4, in the table of IPv6.
        Listener(Binding("127.0.0.1", 81), 52),
        Listener(Binding("2001:db8::1", 82), 53),
        Listener(Binding("0.0.0.0", 8443, "udp"), 61),
    )


@pytest.mark.parametrize("head", [HEAD, ""], ids=["with its head", "without"])
def test_the_head_of_a_table_may_be_missing(head: str) -> None:
    """A machine that is reached over SSH sends the lines that count."""
    assert len(read_machine({"net/tcp": head + TCP.removeprefix(HEAD)}).listeners) == 2


@pytest.mark.parametrize(
    ("address", "has"),
    [
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("192.0.2.255", False),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("0.0.0.0", True),
        ("::", True),
        ("::1", True),
        ("2001:db8::7", True),
        ("2001:db8::8", False),
    ],
)
def test_which_addresses_are_the_machines(address: str, has: bool) -> None:
    machine = read_machine({"net/fib_trie": TRIE, "net/if_inet6": INET6})
    assert machine.has(address) == has
    assert machine.list_addresses() == ["192.0.2.7", "2001:db8::7"]


def test_every_address_will_do_where_nobody_knows_them_or_foreign_ones_may_be_bound() -> None:
    assert read_machine({}).has("192.0.2.8")
    assert read_machine({"net/fib_trie": TRIE}).has("2001:db8::8")
    for name in FOREIGN:
        assert read_machine({"net/fib_trie": TRIE, name: "1\n"}).has("192.0.2.8")
        assert not read_machine({"net/fib_trie": TRIE, name: "0\n"}).has("192.0.2.8")


@pytest.mark.parametrize(
    ("family", "kind", "address"),
    [
        (socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1"),
        (socket.AF_INET, socket.SOCK_DGRAM, "0.0.0.0"),
        (socket.AF_INET, socket.SOCK_STREAM, "127.9.9.9"),
    ],
)
def test_a_real_socket_is_found_in_the_real_tables(family: int, kind: int, address: str) -> None:
    with socket.socket(family, kind) as own:
        own.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            own.listen()
        machine = read_machine(
            {name: Path("/proc", name).read_text() for name in TABLES if Path("/proc", name).exists()}
        )
        wanted = Binding(address, own.getsockname()[1], "tcp" if kind == socket.SOCK_STREAM else "udp")
        (found,) = (one for one in machine.listeners if one.binding == wanted)
        assert found.inode == int(Path(f"/proc/self/fd/{own.fileno()}").readlink().name[len("socket:[") : -1])
        assert machine.has(address)
