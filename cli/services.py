"""Services as they run: the sizes of their data, and their connections."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from portico.cli.data import spell_bytes
from portico.cli.engine import name_docker
from portico.cli.service_disk import find_trouble
from portico.components.docker.container_command import run_in
from portico.config.services.containers import USER
from portico.config.services.labels import KIND, NAME, ROLE
from portico.config.services.urls import VARIABLES
from portico.config.settings.service import POSTGRES

if TYPE_CHECKING:
    from docker.models.containers import Container

    from portico.cli.deployed import Deployed

_ASK = (
    "SELECT current_setting('max_connections'), '', '' UNION ALL SELECT datname, pg_database_size(oid)::text, "
    "(SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid AND backend_type = 'client backend')::text "
    "FROM pg_database d WHERE NOT datistemplate AND datname <> 'postgres'"
)


@dataclass(frozen=True)
class Seen:
    """A service: its `state` is Docker's word. `connections` are open of `most`, None where it does not answer.

    `sizes` are bytes: of each database by its name, or of all keys together by "keys". `trouble` is what is wrong with
    its disk.
    """

    name: str
    kind: str
    state: str
    connections: int | None = None
    most: int | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    trouble: str = ""

    def __str__(self) -> str:
        trouble = f"; {self.trouble}" if self.trouble else ""
        if self.connections is None:
            return f"{self.name}: {self.kind}, {self.state}{trouble}"
        sizes = "".join(f", {name} {spell_bytes(size)}" for name, size in sorted(self.sizes.items()))
        return f"{self.name}: {self.kind}, {self.state}, {self.connections} of {self.most} connections{sizes}{trouble}"


def read_services(deployed: "Deployed") -> list[Seen]:
    """The stack's services, by name; [] where Docker is silent."""
    from docker.errors import DockerException

    with suppress(DockerException, OSError):
        return [_look(one) for one in deployed.list_containers(role=ROLE)]
    return []


def name_psql(container: "Container", program: str, database: str, *options: str) -> list[str]:
    """The words of one of PostgreSQL's programs, in its container, as the administrator."""
    return [program, f"--host={find_folder(container)}/run", "--username=postgres", f"--dbname={database}", *options]


def name_command(deployed: "Deployed", server: "Container", words: list[str], *, terminal: bool = False) -> list[str]:
    """The words that run others in the server's container, from here."""
    options = ["--interactive", *(["--tty"] if terminal else []), "--user", USER]
    return name_docker(deployed.engine, "exec", *options, str(server.id), *words, terminal=terminal)


def find_folder(container: "Container") -> str:
    """Where the data of a service lies in its container: the first word of its command."""
    return str((container.attrs["Config"].get("Cmd") or [""])[0])


def run(container: "Container", words: list[str]) -> str:
    """What a command in it prints; "" where it fails. Raises DockerException, or OSError."""
    ended = run_in(container, words, user=USER)
    return "" if ended.code else ended.text


def _look(container: "Container") -> Seen:
    from docker.errors import DockerException

    name, kind = str(container.labels.get(NAME)), str(container.labels.get(KIND))
    state = container.status if container.status != "running" else container.health or "running"
    seen = Seen(name, kind if kind in VARIABLES else "service", state)
    with suppress(DockerException, OSError):
        seen = replace(seen, trouble=find_trouble(container))
    if container.status == "running":
        # Between two looks it may end.
        with suppress(DockerException, OSError, ValueError):
            return _ask_postgres(container, seen) if kind == POSTGRES else _ask_valkey(container, seen)
    return seen


def _ask_postgres(container: "Container", seen: Seen) -> Seen:
    words = name_psql(container, "psql", "postgres", "--no-psqlrc", "--tuples-only", "--no-align", f"--command={_ASK}")
    rows = [line.split("|") for line in run(container, words).splitlines() if line.count("|") == 2]
    sizes = {name: int(size) for name, size, _ in rows if size}
    open_now = sum(int(count) for _, _, count in rows if count)
    most = next((int(name) for name, size, _ in rows if not size), None)
    return replace(seen, connections=open_now if rows else None, most=most, sizes=sizes)


def _ask_valkey(container: "Container", seen: Seen) -> Seen:
    reported = run(container, ["valkey-cli", "-s", f"{find_folder(container)}/run/socket", "info"])
    values = dict(line.strip().split(":", 1) for line in reported.splitlines() if ":" in line)
    if "connected_clients" not in values:
        return seen
    # The one that asks is not counted.
    clients, most = int(values["connected_clients"]) - 1, int(values["maxclients"])
    return replace(seen, connections=clients, most=most, sizes={"keys": int(values["used_memory_dataset"])})
