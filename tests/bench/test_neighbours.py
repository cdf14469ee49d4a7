"""The table of noisy neighbours says which promise is kept; the measuring itself is `make bench`."""

import socket
import threading

import pytest

from bench.neighbours.quiet import Seen, report, watch
from tests.attacks.raw import ADDRESS

pytestmark = pytest.mark.extended


def see(attack: str, slowest: float, failed: int = 0) -> Seen:
    return Seen(attack, [0.01] * 98 + [slowest] * 2, failed)


def test_a_promise_is_kept_where_nothing_fails_and_few_wait_for_twice_as_long() -> None:
    lines = report(see("", 0.02), [see("slow", 0.04), see("slower", 0.041), see("lost", 0.02, failed=1)])
    assert [line.split("|")[-2].strip() for line in lines[2:]] == ["", "yes", "**no**", "**no**"]
    assert lines[4] == "| slower | 100 | 0 | 10 | 41 | 2.0 | **no** |"


@pytest.mark.parametrize(("length", "failed"), [(None, 0), (7, 20)], ids=["whole", "cut"])
def test_an_answer_that_is_cut_has_failed(length: int | None, failed: int) -> None:
    with socket.create_server((ADDRESS, 0), backlog=100) as listener:
        threading.Thread(target=serve, args=(listener, length), daemon=True).start()
        seen = watch("", listener.getsockname()[1], "quiet.localhost", 1)
    assert (len(seen.seconds), seen.failed) == (20 - failed, failed)


def serve(listener: socket.socket, length: int | None) -> None:
    """Answer each with as much as it asks for, or with `length` bytes of that."""
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        with peer:
            asked = int(peer.recv(4096).partition(b"length=")[2].split(b" ")[0])
            body = b"x" * (asked if length is None else length)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % asked + body)
