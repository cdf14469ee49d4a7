"""The health check, run as Docker runs it, against sockets of this test: who leaves the rotation, and who comes back.

What would end a replica only writes a file here: outside of a container that would be every process of the user.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

SCRIPT = (Path(__file__).parents[2] / "components" / "in_container" / "health.py").read_text()
HOST = socket.gethostname()
LATE = "LATE = 4.0 "


class Replica:
    """A socket that gives one fixed answer to everybody, or none."""

    def __init__(self, folder: Path, number: int, owner: str, answer: bytes) -> None:
        self.name = folder / f"r-{number}.sock"
        self.answer = answer
        self.peers: list[socket.socket] = []
        self.listener = socket.socket(socket.AF_UNIX)
        own = Path(f"{self.name}.{owner}")
        self.listener.bind(str(own))
        self.listener.listen()
        self.name.symlink_to(own.name)
        Thread(target=self.serve, daemon=True).start()

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)  # or the thread that waits in accept would keep it open
        self.listener.close()

    def serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            if self.answer:
                with suppress(OSError):  # some only look whether anybody listens
                    peer.recv(4096)
                    peer.sendall(self.answer)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path


@pytest.fixture
def first(folder: Path) -> Iterator[Replica]:
    replica = Replica(folder, 0, HOST, OK)
    yield replica
    replica.listener.close()


OK = b"HTTP/1.1 200 OK\r\n\r\n"
BROKEN = b"HTTP/1.1 500 INTERNAL SERVER ERROR\r\n\r\n"


def check(folder: Path, hung: str = "0,0", watch: str = "0", *more: str, silent: bool = False) -> int:
    """Run it once for the first replica; its state is kept in `folder`, not in /tmp.

    Where the replica is `silent`, its answer is not waited for as long as elsewhere.
    """
    script = SCRIPT.replace("os.kill(-1, signal.SIGKILL)", f'Path("{folder}/ended").touch()')
    assert "kill" not in script.replace("a killed container", "")
    script = script.replace("/tmp/.portico", str(folder / "state")).replace("/proc/1/fd/1", str(folder / "log"))
    assert LATE in script
    script = script.replace(LATE, "LATE = 1.5 ") if silent else script
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        script,
        watch,
        hung,
        f"unix:{folder}/r-0.sock",
        "/healthz",
        "localhost",
        *more,
    ]
    return subprocess.run(command, timeout=120, capture_output=True).returncode


@contextmanager
def touching(file: Path) -> Iterator[None]:
    """What the workers of a replica touch, touched all the time."""
    stop = Event()

    def touch() -> None:
        while not stop.wait(0.2):
            file.touch()

    worker = Thread(target=touch)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


def test_a_replica_that_fails_leaves_and_comes_back(folder: Path, first: Replica) -> None:
    Replica(folder, 1, "another", OK)
    assert check(folder) == 0 and first.name.is_socket()
    first.answer = BROKEN
    assert check(folder) == 1
    assert not first.name.is_symlink() and Path(f"{first.name}.out").is_symlink()
    first.answer = OK
    assert check(folder) == 0
    assert first.name.is_socket() and not Path(f"{first.name}.out").is_symlink()


@pytest.mark.parametrize("status", ["429 TOO MANY REQUESTS", "401 UNAUTHORIZED", "404 NOT FOUND", "302 FOUND"])
def test_an_answer_of_a_working_application_is_good(folder: Path, first: Replica, status: str) -> None:
    """An application that limits how often it is asked counts this check, too."""
    Replica(folder, 1, "another", OK)
    first.answer = f"HTTP/1.1 {status}\r\n\r\n".encode()
    assert check(folder) == 0 and check(folder) == 0
    assert first.name.is_socket()


def test_a_replica_that_is_silent_leaves(folder: Path, first: Replica) -> None:
    Replica(folder, 1, "another", OK)
    check(folder)
    first.answer = b""
    assert check(folder, silent=True) == 1
    assert not first.name.is_symlink()


def test_the_last_one_stays(folder: Path, first: Replica) -> None:
    check(folder)
    first.answer = BROKEN
    assert check(folder) == 1 and first.name.is_socket()
    # The name of a killed container stands there still, and nobody listens.
    Replica(folder, 1, "dead", OK).stop()
    (folder / "s-1.sock").symlink_to(f"r-0.sock.{HOST}")  # nor does another release help
    assert check(folder) == 1 and first.name.is_socket()


def test_one_that_was_never_healthy_does_nothing(folder: Path, first: Replica) -> None:
    Replica(folder, 1, "another", OK)
    first.answer = BROKEN
    assert check(folder) == 1 and first.name.is_socket()


def test_a_name_that_a_successor_took_is_not_taken_back(folder: Path, first: Replica) -> None:
    Replica(folder, 1, "another", OK)
    check(folder)
    first.answer = BROKEN
    check(folder)
    # What a successor's gunicorn.conf.py does; see publish().
    first.name.symlink_to("r-1.sock.another")
    Path(f"{first.name}.out").unlink()
    first.answer = OK
    assert check(folder) == 0
    assert first.name.readlink() == Path("r-1.sock.another")
    # Nor when the successor is out itself: the name laid aside says whose it is.
    first.name.rename(f"{first.name}.out")
    assert check(folder) == 0 and not first.name.is_symlink()


def test_a_failure_of_somebody_elses_name_moves_nothing(folder: Path, first: Replica) -> None:
    Replica(folder, 1, "another", OK)
    check(folder)
    first.name.unlink()
    first.name.symlink_to("r-1.sock.another")
    first.answer = BROKEN
    assert check(folder) == 1
    assert first.name.readlink() == Path("r-1.sock.another")


@pytest.mark.parametrize(
    ("hung", "ended"),
    [
        pytest.param("1,1", True, id="long enough"),
        ("60,60", False),
        pytest.param("1,60", True, id="no worker runs code"),
        pytest.param("0,0", False, id="never"),
    ],
)
def test_a_silent_replica_is_ended_when_its_time_is_over(folder: Path, first: Replica, hung: str, ended: bool) -> None:
    check(folder)
    first.answer = b""
    assert check(folder, hung, silent=True) == 1
    assert (folder / "ended").exists() == ended
    assert "this replica is ended" in (folder / "log").read_text() if ended else True


def test_a_replica_that_ends_requests_is_not_ended(folder: Path, first: Replica) -> None:
    Replica(folder, 1, "another", OK)
    check(folder)
    first.answer = b""
    with touching(folder / "state" / "progress"):
        assert check(folder, "1,1", silent=True) == 1
    assert not (folder / "ended").exists() and first.name.is_socket()


@pytest.mark.parametrize(("longest", "ended"), [("60", False), ("1", True)])
def test_a_replica_whose_workers_run_is_ended_after_the_longest_request_alone(
    folder: Path, first: Replica, longest: str, ended: bool
) -> None:
    """All of its threads may be in requests that are allowed to take that long."""
    check(folder)
    first.answer = b""
    with touching(folder / "state" / "progress.beat"):
        codes = [check(folder, f"1,{longest}", silent=True) for _ in range(2)]
    assert codes == [1, 1] and (folder / "ended").exists() == ended
    assert "requests may take 1 s" in (folder / "log").read_text() if ended else True


def test_a_replica_that_starts_or_stops_is_not_ended(folder: Path, first: Replica) -> None:
    first.answer = b""
    assert check(folder, "1,1", silent=True) == 1  # it was never healthy
    first.answer = OK
    check(folder)
    first.stop()  # a stopping Gunicorn refuses, and still ends its requests
    assert check(folder, "1,1") == 1
    assert not (folder / "ended").exists()


def test_on_ecs_a_late_answer_is_no_bad_one(folder: Path, first: Replica) -> None:
    """ECS replaces whatever is unhealthy: a busy task stays, one that hangs is ended by its own check."""
    first.answer = b""
    assert check(folder, "60,60", "0", "patient", silent=True) == 1  # it was never healthy
    first.answer = OK
    assert check(folder, "60,60", "0", "patient") == 0
    first.answer = b""
    assert check(folder, "60,60", "0", "patient", silent=True) == 0 and not (folder / "ended").exists()
    assert check(folder, "1,1", "0", "patient", silent=True) == 0 and (folder / "ended").exists()
    first.answer = BROKEN
    assert check(folder, "60,60", "0", "patient") == 1
    first.stop()
    assert check(folder, "60,60", "0", "patient") == 1


def test_one_process_asks_for_a_while_and_acts_by_itself(folder: Path, first: Replica) -> None:
    Replica(folder, 1, "another", OK)
    assert check(folder) == 0
    codes: list[int] = []
    watching = Thread(target=lambda: codes.append(check(folder, watch="100")))
    watching.start()
    sleep(0.5)
    first.answer = BROKEN
    watching.join(60)
    assert codes == [1] and not first.name.exists()


def test_whoever_waits_for_a_verdict_gets_it_at_once(folder: Path, first: Replica) -> None:
    began = monotonic()
    assert check(folder, watch="100") == 0
    first.answer = BROKEN
    assert check(folder, watch="100") == 1
    # It is long ago that it was healthy.
    os.utime(folder / "state" / "healthy", (0, 0))
    first.answer = OK
    assert check(folder, watch="100") == 0
    assert monotonic() - began < 60
