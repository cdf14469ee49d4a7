"""Faults that a test brings about: inside the container, as a crash or a hang of the program itself would.

Docker's own `kill` is no crash: whoever asks for it wants the container to stay down, and Docker does not restart it.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from docker.errors import APIError
from docker.models.containers import Container
from portico.components.docker.container_command import run_in
from tests.docker.engine import execute

# The workers of a replica: Gunicorn's processes whose parent is one too.
_WORKERS = """
import os, select, signal, socket, sys, time
from pathlib import Path
stats = [path.read_text().split() for path in Path("/proc").glob("[0-9]*/stat")]
parents = {int(stat[0]): int(stat[3]) for stat in stats if stat[1] == "(gunicorn)"}
workers = [pid for pid, parent in parents.items() if parent in parents]
"""
_CRASH = "print(time.monotonic(), flush=True); os.kill(-1, signal.SIGKILL)"
_CRASH_WORKER = "os.kill(workers[0], signal.SIGKILL); print(time.monotonic(), workers[0])"
_STOP = "[os.kill(pid, signal.SIGSTOP) for pid in parents]; print(time.monotonic())"
_LIST_WORKERS = """
ticks, idle = os.sysconf("SC_CLK_TCK"), time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
for pid in workers:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    print(pid, int(stat[19]) / ticks - idle)
"""
# Until nobody answers any more: which worker takes a request is chance. The callers need not stay.
_HANG = """
place = os.environ["PORTICO_ADDRESS"].removeprefix("unix:") + "." + socket.gethostname()
def send(path):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(place)
    peer.sendall(f"GET /{path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode())
    return peer
answered = True
while answered:
    peers = []
    for _ in range(20):
        peers.append(send(sys.argv[1]))
        time.sleep(0.01)
    at = time.monotonic()
    probes = [send("whoami") for _ in range(8)]
    time.sleep(1)
    answered = any(select.select(probes, [], [], 0))
print(at)
"""


def crash(container: Container) -> float:
    """Kill every process of a replica but PID 1, which ends with them. The time, by the monotonic clock."""
    _, output = run_in(container, ["python3", "-c", _WORKERS + _CRASH])
    return float(output.split()[0])


def crash_edge(container: Container) -> float:
    """Kill NGINX's master and workers at once."""
    at = time.monotonic()
    run_in(container, ["sh", "-c", "kill -9 -1"])
    return at


def crash_worker(container: Container) -> tuple[float, int]:
    """Kill one worker of a replica: when, and which process id."""
    at, pid = execute(container, "python3", "-c", _WORKERS + _CRASH_WORKER).split()
    return float(at), int(pid)


def list_workers(container: Container) -> dict[int, float]:
    """The workers of a replica, and when each began, by the monotonic clock."""
    lines = execute(container, "python3", "-c", _WORKERS + _LIST_WORKERS).splitlines()
    return {int(pid): float(at) for pid, at in (line.split() for line in lines)}


def hang(container: Container, way: str) -> float:
    """Hang a replica: `threads` and `native` by its own routes, `stopped` by SIGSTOP to all of Gunicorn."""
    script = _STOP if way == "stopped" else _HANG
    return float(execute(container, "python3", "-c", _WORKERS + script, way).split()[0])


def await_until(true: Callable[[], bool], seconds: float) -> float:
    """Wait until something is true, at most this long. The time, by the monotonic clock."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not so within {seconds:g} s"
        time.sleep(0.1)
    return time.monotonic()


def stretch(seconds: float) -> float:
    """A promised time, made longer on a machine that more processes want than it has cores."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@contextmanager
def paused(*containers: Container) -> Iterator[None]:
    """Containers that do nothing meanwhile. One that begins a health check just then is tried again."""
    with ExitStack() as stack:
        for container in containers:
            for tries in range(10):
                try:
                    container.pause()
                    break
                except APIError as error:
                    if "unable to freeze" not in str(error) or tries == 9:
                        raise
                    time.sleep(1)
            stack.callback(container.unpause)
        yield


def is_healthy(container: Container) -> bool:
    """Whether Docker calls it healthy now."""
    container.reload()
    return str(container.attrs["State"].get("Health", {}).get("Status")) == "healthy"


def is_unhealthy(container: Container) -> bool:
    """Whether Docker has given it up by now: no longer healthy is less."""
    container.reload()
    return str(container.attrs["State"].get("Health", {}).get("Status")) == "unhealthy"


def last_words(container: Container) -> str:
    """What Portico's health check wrote into the container's log."""
    lines = container.logs(timestamps=True).decode(errors="replace").splitlines()
    return "\n".join(line for line in lines if " portico: " in line)
