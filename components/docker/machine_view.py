"""The ports of the engine's machine, as far as this program can see them."""

import errno
import os
import platform
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from portico.components.docker import socket_owner as owner
from portico.components.docker.engine_client import Engine
from portico.components.docker.listeners import FOREIGN, TABLES, Machine, read_machine
from portico.components.docker.ssh_tunnel import run_remotely
from portico.config.public_address import Binding

if TYPE_CHECKING:
    from docker import DockerClient

_USUAL = "unix:///var/run/docker.sock"
# Of the sockets only those that count: a busy machine has thousands of others.
_TABLES = """
for table in {tables}; do
    echo "== $table"
    case $table in net/tcp* | net/udp*) grep -E ' (0A|07) ' "/proc/$table" ;; *) cat "/proc/$table" ;; esac
done 2>/dev/null
"""
_WAIT = 30.0  # seconds


@dataclass(frozen=True)
class View:
    """`find_program` names whoever has a socket. `can_bind` says whether a binding is free; None: nobody knows."""

    machine: Machine
    find_program: Callable[[int], str | None]
    can_bind: Callable[[Binding], bool | None]


def look(engine: Engine, client: "DockerClient") -> View | None:
    """The machine that the engine is on; None where that is another one than this, and nothing leads there."""
    if engine.address and engine.address.startswith("ssh://"):
        return _look_there(engine.address, engine.options)
    if not (engine.address or os.environ.get("DOCKER_HOST") or _USUAL).startswith("unix://"):
        return None
    if platform.system() != "Linux":
        # The engine is in a VM; what it publishes is opened out here.
        return View(Machine(()), lambda _: None, try_bind)
    # A socket leads to other machines too: out of a container, or through a tunnel.
    if client.info().get("Name") != socket.gethostname():
        return None
    tables = {name: _read(Path("/proc", name)) for name in (*TABLES, *FOREIGN)}
    return View(read_machine(tables), owner.find_program, try_bind)


def try_bind(binding: Binding) -> bool | None:
    """Whether this machine gives the binding to a program now. None: it gives it to nobody like us."""
    family = socket.AF_INET6 if ":" in binding.address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM if binding.protocol == "udp" else socket.SOCK_STREAM) as probe:
            if binding.protocol == "tcp":
                # As Docker does: connections that have ended are in nobody's way.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((binding.address, binding.port))
            return True
    except OSError as error:
        return False if error.errno == errno.EADDRINUSE else None


def _look_there(address: str, options: tuple[str, ...]) -> View | None:
    def run(script: str) -> str:
        try:
            return run_remotely(address, options, script, _WAIT).stdout
        except (OSError, subprocess.TimeoutExpired):
            return ""

    parts = run(_TABLES.format(tables=" ".join((*TABLES, *FOREIGN)))).split("== ")
    tables = dict(part.partition("\n")[::2] for part in parts[1:])
    return View(
        read_machine(tables),
        lambda inode: owner.spell_program(run(owner.SCRIPT.replace("NUMBER", str(inode)))),
        lambda _: None,
    )


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
