"""Dumps of servers while others write: what comes back is what was there; damage, and a disk that is full."""

import os
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.docker.figures import SOAK
from tests.docker.server_scene import SITE, Scene, call, make_scene
from tests.docker.test_backups import build

pytestmark = [pytest.mark.docker, pytest.mark.extended]
_TABLES = """
SET ROLE shop;
CREATE TABLE orders (id serial PRIMARY KEY, price integer);
CREATE TABLE lines (id serial PRIMARY KEY, price integer, text text);
CREATE INDEX ON lines (price);
"""
# Each in one transaction; what was acknowledged is the number that comes back.
_ORDER = (
    "BEGIN; INSERT INTO orders (price) VALUES ({price}); INSERT INTO lines (price, text) VALUES ({price}, '{text}'); "
    "COMMIT; SELECT count(*) FROM orders;\n"
)
_PSQL = ("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "/var/lib/postgresql/run", "-U", "postgres", "-d", SITE)
_LUA = "EVAL \"redis.call('SET', 'k' .. redis.call('INCR', 'n'), 'x'); return redis.call('GET', 'n')\" 0\n"
# What a server says that begins with a copy of what came back, beside the one that runs.
_LOOK = """
cp -r /data/.portico-restore/new /tmp/new && cd /tmp/new
valkey-server --dir . --port 0 --unixsocket /tmp/s --save '' --appendonly yes --daemonize yes >/dev/null
until [ "$(valkey-cli -s /tmp/s ping)" = PONG ]; do sleep 0.1; done
valkey-cli -s /tmp/s get n; valkey-cli -s /tmp/s dbsize
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    image = build(tmp_path_factory.mktemp("image"))
    made = make_scene(f"portico-dumps-{os.getpid()}", tmp_path_factory.mktemp("scene"), image)
    try:
        for service in ("db", "cache"):
            made.start(service)
        made.start_maker()
        made.ask(_TABLES)
        yield made
    finally:
        made.remove()


class Writer:
    """Writes until it is ended; `acknowledged` is the last number that a server has confirmed."""

    def __init__(self, client: "subprocess.Popen[str]", line: Callable[[], str]) -> None:
        self.acknowledged, self._client, self._line = 0, client, line
        self._ended, self._thread = threading.Event(), threading.Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        assert self._client.stdin and self._client.stdout
        with suppress(OSError, ValueError):
            while not self._ended.is_set():
                self._client.stdin.write(self._line())
                if not (said := self._client.stdout.readline().strip().strip('"')):
                    return
                self.acknowledged = int(said)

    def await_first(self, least: int = 1) -> None:
        """Until so many were confirmed."""
        end = time.monotonic() + 120
        while self.acknowledged < least:
            assert time.monotonic() < end and self._thread.is_alive()
            time.sleep(0.05)

    def await_end(self, seconds: float) -> bool:
        """Whether the server has confirmed nothing more, or ended, in that time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def end(self) -> None:
        """End it now."""
        self._ended.set()
        self._client.kill()
        self._client.wait()
        self._thread.join()


def write_orders(scene: Scene, seed: int) -> Writer:
    chance = random.Random(seed)
    return Writer(
        scene.open("db", *_PSQL),
        lambda: _ORDER.format(price=chance.randint(1, 1000), text=chance.randbytes(chance.randint(0, 3000)).hex()),
    )


def write_keys(scene: Scene) -> Writer:
    words = ("valkey-cli", "-s", "/data/run/socket", "--user", SITE, "--pass", "secret", "--no-auth-warning")
    return Writer(scene.open("cache", *words), lambda: _LUA)


@pytest.mark.timeout(5400 if SOAK else 1200)
def test_what_comes_back_is_what_was_confirmed_while_others_wrote(scene: Scene) -> None:
    """A hundred by `make soak`. Nothing of the proof that the program itself makes is used here."""
    chance, wrong = random.Random(1), list[str]()
    for number in range(100 if SOAK else 3):
        orders, keys = write_orders(scene, number), write_keys(scene)
        try:
            orders.await_first()
            keys.await_first()
            time.sleep(chance.random())
            least = orders.acknowledged, keys.acknowledged
            run = scene.ask_maker("now")
            most = orders.acknowledged + 1, keys.acknowledged + 1
        finally:
            orders.end()
            keys.end()
        if run["outcome"] != "proven":
            wrong.append(str(run))
            continue
        names = (f"db/{SITE}", "cache/valkey")
        scene.ask_maker("fetch", run["snapshot"], *names)
        rows = scene.ask(
            "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM lines), "
            "(SELECT sum(price) FROM orders) = (SELECT sum(price) FROM lines)",
            f"{SITE}-restore",
        ).split("|")
        if rows[0] != rows[1] or rows[2] != "t" or not least[0] <= int(rows[0]) <= most[0]:
            wrong.append(f"{rows} of {least} to {most}")
        volume = f"{scene.name}-cache:/data:ro"
        look = ("run", "--rm", "--network=none", "--volume", volume, "--tmpfs=/tmp", "--user=0:0", "--entrypoint=sh")
        last, count = map(int, call(*look, scene.find("cache").pinned, "-c", _LOOK).split())
        if count != last + 1 or not least[1] <= last <= most[1]:
            wrong.append(f"{last} and {count} keys of {least} to {most}")
        scene.ask_maker("clear", *names)
    assert wrong == []


def flip(scene: Scene, service: str, path: str, place: int) -> None:
    """Change one bit of a file of a server's data."""
    script = (
        "import sys; f = open(sys.argv[1], 'r+b'); f.seek(int(sys.argv[2])); b = f.read(1); f.seek(int(sys.argv[2])); "
        "f.write(bytes([b[0] ^ 1]))"
    )
    words = ("run", "--rm", "--network=none", "--volume", f"{scene.name}-{service}:/d", "--entrypoint=python3")
    call(*words, scene.image, "-c", script, f"/d/{path}", str(place))


def test_damage_of_a_server_is_found_and_reported(scene: Scene) -> None:
    scene.ask("INSERT INTO orders (price) VALUES (1); CHECKPOINT;")
    path = f"data/{scene.ask('SELECT pg_relation_filepath($$orders$$)')}"
    call("stop", f"{scene.name}-db")
    for _ in range(2):
        flip(scene, "db", path, 8000)
        call("start", f"{scene.name}-db")
        until = time.monotonic() + 60
        while not is_ready(scene) and time.monotonic() < until:
            time.sleep(0.5)
        run = scene.ask_maker("now")
        if run["outcome"] == "proven":
            break
        assert f"db/{SITE} could not be dumped: db says: " in run["why"] and "invalid page in block" in run["why"]
        call("stop", f"{scene.name}-db")
    # The bit is what it was.
    assert run["outcome"] == "proven"

    (name,) = call("exec", f"{scene.name}-cache", "sh", "-c", "ls /data/appendonlydir | grep incr").split()
    writer = write_keys(scene)
    time.sleep(1)
    writer.end()
    flip(scene, "cache", f"appendonlydir/{name}", 0)
    run = scene.ask_maker("now")
    flip(scene, "cache", f"appendonlydir/{name}", 0)
    assert run["outcome"] == "failed" and "cache/valkey could not be dumped: cache says: " in run["why"]
    assert "Bad file format" in run["why"], run
    assert scene.ask_maker("now")["outcome"] == "proven"


def is_ready(scene: Scene) -> bool:
    """Whether the database answers."""
    words = ("docker", "exec", f"{scene.name}-db", "pg_isready", "-q", "-h", "/var/lib/postgresql/run")
    return subprocess.run(words, capture_output=True).returncode == 0


def test_a_full_disk_loses_no_confirmed_row(tmp_path: Path) -> None:
    """Nobody can write meanwhile; with free space again, all that was confirmed is there, and it goes on by itself."""
    made = make_scene(f"portico-full-{os.getpid()}", tmp_path)
    ballast = "/var/lib/postgresql/ballast"
    try:
        made.start("db", "--driver=local", "--opt=type=tmpfs", "--opt=device=tmpfs", "--opt=o=size=150m")
        made.ask(_TABLES)
        writer = write_orders(made, 1)
        until = time.monotonic() + 300
        writer.await_first(100)
        # All that is left; then the next table that grows, or the next file of the log, has no space.
        fill = f"head -c 1G /dev/zero >{ballast} 2>/dev/null || true"
        call("exec", "--user=999", f"{made.name}-db-keeper", "sh", "-c", fill)
        assert writer.await_end(until - time.monotonic()), "it never was full"
        writer.end()
        confirmed = writer.acknowledged
        call("exec", f"{made.name}-db-keeper", "rm", ballast)
        # It may be on its way: one that had no space for its log has ended itself, and Docker starts it again.
        while not is_ready(made) and time.monotonic() < until + 180:
            time.sleep(0.5)
        rows = int(made.ask("SELECT count(*) FROM orders"))
        assert confirmed <= rows <= confirmed + 1 and confirmed >= 100
        assert int(made.ask("INSERT INTO orders (price) VALUES (1) RETURNING 1"))
    finally:
        made.remove()
