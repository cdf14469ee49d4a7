"""What does a backup cost those who are answered meanwhile, and how long does it take to bring one back?

    python -m bench.backups [MEGABYTES] [SECONDS]

One site with that much data in files that do not compress (1000), in a folder of this machine. It is asked 20 times a
second for so many seconds (40), quietly and while a backup is made and proven. Then it is restored.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from docker.errors import DockerException

from bench.neighbours.application import TEXT
from bench.neighbours.quiet import report, watch
from tests.docker.engine import Deployment, execute
from tests.docker.outage import Outage

_SITE: Final = "keeper"
_HOST: Final = f"{_SITE}.localhost"
_STORE: Final = "/var/lib/keeper"
_FILES: Final = 50
_FILL: Final = """
import os, sys
for number in range(int(sys.argv[1])):
    with open(f"{sys.argv[2]}/{number}.bin", "wb") as file:
        for _ in range(int(sys.argv[3])):
            file.write(os.urandom(1_000_000))
"""


def main(megabytes: int = 1000, seconds: float = 40) -> int:
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as folder:
        place = Path(folder)
        (place / "kept").mkdir()
        (place / "stack").mkdir()
        site = {
            "name": _SITE,
            "source": f"sites/{_SITE}",
            "entry": "web:app",
            "hosts": [_HOST],
            "health": "/whoami",
            "replicas": 1,
            "data": [{"name": "store", "path": _STORE}],
        }
        # Never due while it is measured.
        backups = {"to": str(place / "kept"), "every": "9 3 29 2 *"}
        with Deployment(place / "stack", site, backups=backups) as deployment:
            deployment.write(_SITE, "web.py", TEXT)
            deployment.write(_SITE, "requirements.txt", "flask==3.1.3\n")
            deployment.portico("backup", "key")
            deployment.up()
            deployment.portico("backup", "now")  # the empty one, which is made at first by itself
            fill = ("python3", "-c", _FILL, str(_FILES), _STORE, str(max(1, megabytes // _FILES)))
            execute(deployment.containers("gunicorn")[0], *fill)
            measure(deployment, seconds)
    return 0


def measure(deployment: Deployment, seconds: float) -> None:
    """Print the table of the answers, and the seconds and mebibytes of a backup and of a restore."""
    watch("", deployment.port, _HOST, 3)  # nobody is the first
    quiet = watch("", deployment.port, _HOST, seconds)
    made: dict[str, float] = {}

    def back_up() -> None:
        made["seconds"], made["memory"] = take(deployment, "backups", "backup", "now")

    thread = threading.Thread(target=back_up)
    thread.start()
    seen = watch("a backup with its proof", deployment.port, _HOST, seconds)
    thread.join()
    print("\n".join(report(quiet, [seen])).replace("the other site is under", "meanwhile"))
    print(f"\na backup with its proof: {made['seconds']:.0f} s, at most {made['memory']:.0f} MiB of memory")
    with Outage(deployment, _HOST, "/whoami") as outage:
        took, memory = take(deployment, "restore", "restore", "--yes")
    print(f"a restore: {took:.0f} s, at most {memory:.0f} MiB of memory; {outage.seconds:.1f} s without an answer")


def take(deployment: Deployment, role: str, *words: str) -> tuple[float, float]:
    """The seconds of a command, and the most memory of the container of that role meanwhile, in MiB."""
    with watch_memory(lambda: deployment.containers(role)) as most:
        began = time.monotonic()
        deployment.portico(*words)
        return time.monotonic() - began, max(most, default=0) / 2**20


@contextmanager
def watch_memory(find: Callable[[], list[Any]]) -> Iterator[list[int]]:
    """What the processes of these containers take, in bytes; what several of them share counts for each."""
    seen: list[int] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            # It may end between two looks.
            with suppress(DockerException, OSError):
                for one in find():
                    rows = one.top(ps_args="-eo pid,rss")["Processes"] or ()
                    seen.append(1024 * sum(int(kibibytes) for _, kibibytes in rows))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    given = sys.argv[1:]
    raise SystemExit(main(*map(int, given[:1]), *map(float, given[1:2])))
