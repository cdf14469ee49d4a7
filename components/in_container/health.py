"""Asks a replica for its health path, as NGINX would. Exit code 0: it may be sent requests.

It runs inside the replica, so it can also act. Docker keeps what it prints; what it does is in the replica's log.

Readiness: while the replica does not answer, its known name is renamed, so that NGINX's connect fails at once and
the next replica is asked; never the last name of a release. Liveness: a replica that accepts connections, but neither
answers its health path nor ends any request for `hung` seconds, is ended, and Docker starts it again. Where its workers
still run code, all of their threads may be in requests that are allowed to take longer: then `longest` seconds count.

With "patient" after its arguments, a late answer does not count as bad once there was a good one: for ECS, which
replaces each unhealthy task. A busy replica would be removed just when it is needed.
"""

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

watch, limits, address, path, host, *patient = sys.argv[1:]
hung, longest = map(float, limits.split(","))  # seconds; 0: never
kind, _, place = address.partition(":")
asked = f"GET {path} with Host: {host}"
name = Path(place)
own = Path(f"{place}.{socket.gethostname()}")  # its own socket: the known name may still be another container's
aside = Path(f"{place}.out")  # the known name while it is renamed, with the name of its container
LATE = 4.0  # seconds for an answer
PAUSE = 2.0  # seconds between two questions
RECENT = 6.0  # seconds; a good answer that is older was followed by a bad one

# In a file system in memory, which is empty again after a restart.
state = Path("/tmp/.portico")
progress = state / "progress"  # gunicorn.conf.py touches it when a request has ended
healthy = state / "healthy"  # how long the last good check took, in seconds: there once it had been healthy
beat = state / "progress.beat"  # every worker that can run code touches it once a second
# Since when nothing ended and nothing beat, by the monotonic clock, and the last end and the last beat by then.
failing = state / "failing"


def tell(text: str) -> None:
    """One line for the replica's log."""
    with suppress(OSError), open("/proc/1/fd/1", "w") as log:
        log.write(f"portico: {text}\n")


def last_end() -> int:
    """When the last request ended; it is only compared with itself, so no change of the clock matters."""
    return progress.stat().st_mtime_ns


def last_beat() -> int:
    """When a worker last ran code, compared in the same way; 0 where no worker says so."""
    with suppress(OSError):
        return beat.stat().st_mtime_ns
    return 0


@contextmanager
def lock() -> Iterator[None]:
    """Two replicas cannot both leave, and none leaves while another takes the name: see gunicorn.conf.py."""
    folder = os.open(name.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def owns(link: Path) -> bool:
    """Whether a name links to this container."""
    return link.is_symlink() and os.readlink(link) == own.name


def listens(link: Path) -> bool:
    """Whether a process accepts connections there: the socket of a killed container stays behind as a file."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.setblocking(False)
        try:
            peer.connect(str(link))
        except BlockingIOError:
            return True  # its queue is full: alive, and busy or hung
        except OSError:
            return False
        return True


def leave(why: str) -> None:
    """Rename the known name, unless it is the last one of this release that links to a replica."""
    if kind != "unix" or not healthy.exists():
        return
    with lock():
        others = name.parent.glob(f"{name.name.rpartition('-')[0]}-*.sock")
        if owns(name) and any(other != name and listens(other) for other in others):
            name.rename(aside)
            tell(f"{asked} -> {why}; NGINX sends nothing here until it answers again")


def come_back() -> None:
    """Rename it back, if this container renamed it and no other one has taken the name since."""
    if kind == "unix" and aside.is_symlink():
        with lock():
            if owns(aside) and not name.is_symlink():
                aside.rename(name)
                tell("it answers again; NGINX sends requests again")


def judge(before: tuple[int, int]) -> None:
    """There was no answer: end the replica if that has lasted too long and no request has ended meanwhile.

    A refused connection never comes here: a replica that is stopping refuses, and still ends its requests. Whatever
    its threads were in when the first answer was missing has ended, or is over its time, after `longest` seconds.
    """
    if not healthy.exists() or not hung:
        return
    now, seen = time.monotonic(), (last_end(), last_beat())
    words = failing.read_text().split() if failing.exists() else []
    since, still = map(float, words[:2]) if words else (began, began)
    known = tuple(map(int, words[2:])) or before
    if known[0] != seen[0]:
        since = now
    if known[1] != seen[1]:
        still = now
    failing.write_text(f"{since} {still} {seen[0]} {seen[1]}")
    if now - since >= hung and (now - still >= hung or now - since >= longest):
        limit = f"gunicorn.hungAfter is {hung:g} s"
        if now - still < hung:
            limit = f"requests may take {longest:g} s"
        tell(
            f"{asked} -> no answer for {now - since:.0f} s, and no request ended in that time "
            f"({limit}): this replica is ended and starts again"
        )
        os.kill(-1, signal.SIGKILL)  # all of this container but PID 1 and this process; PID 1 ends with them


def ask(before: int) -> bytes:
    """Send the request and return the first bytes of the answer; leave as soon as one is later than usual."""
    if kind == "unix":
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(LATE)
        try:
            peer.connect(str(own))
        except BlockingIOError:
            raise TimeoutError from None  # a full queue: a process listens, and accepts nothing
    else:
        peer = socket.create_connection(("127.0.0.1", int(place)), timeout=LATE)
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: portico-health", "Connection: close", "", ""]
    peer.sendall("\r\n".join(lines).encode())
    usual = float(healthy.read_text() or 0) if healthy.exists() else LATE
    soon = min(LATE, 1 + 4 * usual)
    peer.settimeout(soon)
    try:
        return peer.recv(4096)
    except TimeoutError:
        # A busy replica goes on ending requests: taking it out would only make the others busier.
        if last_end() == before:
            leave(f"no answer for {soon:.1f} s, and no request ended in that time")
        peer.settimeout(max(0.01, LATE - soon))
        return peer.recv(4096)


def check() -> str:
    """Ask once, act on the answer, and print it; ends this process where the answer is bad."""
    global began
    began, before = time.monotonic(), (last_end(), last_beat())
    try:
        answer = ask(before[0]).split(b"\r\n", 1)[0].decode("latin-1")
    except TimeoutError:
        print(f"{asked} -> no answer in time")
        judge(before)
        if patient and healthy.exists():
            return f"{asked} -> no answer in time; it is busy, or ended soon"
        sys.exit(1)
    except OSError as error:
        print(f"{asked} -> no answer since Gunicorn does not listen ({error})")
        sys.exit(1)
    failing.unlink(missing_ok=True)
    said = f"{asked} -> {answer or 'no answer'}"
    status = answer[9:12]
    # These are answers of a working application, 429 one that limits how often it is asked; 400 is how Flask refuses a
    # host name.
    if status[:1] not in ("2", "3") and status not in ("401", "403", "404", "405", "429"):
        print(said)
        leave(answer or "the connection was closed")
        sys.exit(1)
    healthy.write_text(f"{time.monotonic() - began:.3f}")
    come_back()
    return said


state.mkdir(exist_ok=True)
if not progress.exists():
    progress.touch()
began = 0.0
# To start a process in a container costs far more than to ask. So one process asks for a while, unless
# somebody may be waiting for its verdict: at the start, and after a bad answer.
steady = healthy.exists() and time.time() - healthy.stat().st_mtime < RECENT
until = time.monotonic() + (float(watch) if steady else 0)
said = check()
while time.monotonic() < until:
    time.sleep(PAUSE)
    said = check()
print(said)
