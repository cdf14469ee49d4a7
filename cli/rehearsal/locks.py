"""Which locks of tables a release command keeps, and how long: seen in PostgreSQL while it runs."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from docker.models.containers import Container

from portico.cli.deployed import Deployed
from portico.cli.services import name_command, name_psql

# Seconds between two looks: what is shorter is not seen.
PAUSE: Final = 0.2
# What each keeps others from, by its name in pg_locks; weaker ones are in no query's way.
_BLOCKS: Final = {
    "AccessExclusiveLock": "reads and writes",
    "ExclusiveLock": "writes",
    "ShareRowExclusiveLock": "writes",
    "ShareLock": "writes",
}
_LOOK = (
    "SELECT json_build_array(extract(epoch FROM clock_timestamp()), pid, virtualtransaction, mode, relname) "
    "FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE locktype = 'relation' AND granted "
    "AND pid <> pg_backend_pid() AND relkind IN ('r', 'p', 'm') AND relnamespace <> 'pg_catalog'::regnamespace "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    f"AND mode IN ({', '.join(repr(one) for one in _BLOCKS)}) \\watch {PAUSE:g}\n"
)


@dataclass(frozen=True)
class Lock:
    """One that was kept for so many seconds, and what of others on that table has to wait for it."""

    table: str
    blocks: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.table} for {self.seconds:.1f} s ({self.blocks} wait)"


def find_longest(lines: Iterable[str]) -> list[Lock]:
    """Of each table and kind the longest, the longest first; `lines` are what was seen, in its order."""
    seen: dict[tuple[str, ...], list[float]] = {}
    for line in lines:
        with suppress(ValueError, TypeError):
            at, *lock = json.loads(line)
            times = seen.setdefault(tuple(map(str, lock)), [float(at), 0.0])
            times[1] = float(at)
    longest: dict[tuple[str, str], float] = {}
    for (_, _, mode, table), (first, last) in seen.items():
        key = (table, _BLOCKS.get(mode, mode))
        longest[key] = max(longest.get(key, 0.0), last - first + PAUSE)
    found = [Lock(table, blocks, round(seconds, 1)) for (table, blocks), seconds in longest.items()]
    return sorted(found, key=lambda one: (-one.seconds, one.table))


@contextmanager
def watch(deployed: Deployed, databases: Iterable[tuple[Container, str]]) -> Iterator[list[Lock]]:
    """What is kept in these databases meanwhile, (server, name); the list is filled at the end."""
    found: list[Lock] = []
    looking = [_look(deployed, server, database) for server, database in databases]
    try:
        yield found
    finally:
        for one in looking:
            one.terminate()
            said, _ = one.communicate()
            found += find_longest(said.splitlines())
        found.sort(key=lambda one: -one.seconds)


def _look(deployed: Deployed, server: Container, database: str) -> "subprocess.Popen[str]":
    command = name_command(deployed, server, name_psql(server, "psql", database, "-XqAt"))
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin
    process.stdin.write(_LOOK)
    process.stdin.flush()
    return process
