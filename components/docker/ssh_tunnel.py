"""A Docker engine behind SSH, as a socket of this machine: for programs that speak to Docker without our ssh.

Such are Docker's SDK for Python and the part of Pulumi's plugin that builds images.
"""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from portico.components.shutdown import at_end

# What Docker's own command runs on the other side.
DIAL = ("docker", "system", "dial-stdio")

# What ssh says where too many come at the same time: most servers turn some away before a word, beyond ten.
_BUSY = b"kex_exchange_identification"
_PAUSES = (0.3, 0.7, 1.5, 3.0)  # seconds


def run_remotely(
    address: str, options: tuple[str, ...], script: str, seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a shell script on the machine; ssh itself ends with 255 where it does not get there.

    Raises subprocess.TimeoutExpired, and FileNotFoundError where there is no ssh here.
    """
    command = ["ssh", *options, "-T", address, "sh", "-s"]
    return subprocess.run(command, input=script, capture_output=True, text=True, errors="replace", timeout=seconds)


@cache
def open_tunnel(address: str, options: tuple[str, ...]) -> Path:
    """The socket that leads to the engine at `address` (ssh://user@host:port) until this process ends."""
    return dig_tunnel(["ssh", *options, "-T", address, *DIAL])


def dig_tunnel(command: Sequence[str]) -> Path:
    """A socket whose connections each run this command, which reads and writes what they carry.

    One that does not get there is closed without an answer.
    """
    folder = Path(tempfile.mkdtemp(prefix="portico-"))
    at_end(lambda: shutil.rmtree(folder, ignore_errors=True))
    path = folder / "docker.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen(64)
    threading.Thread(target=_serve, args=(server, command), name="tunnel", daemon=True).start()
    return path


def _serve(server: socket.socket, command: Sequence[str]) -> None:
    while True:
        peer, _ = server.accept()
        threading.Thread(target=_carry, args=(peer, command), daemon=True).start()


def _carry(peer: socket.socket, command: Sequence[str]) -> None:
    # No pipe: where ssh stays behind to carry more, it may keep it open.
    with peer, tempfile.TemporaryFile() as errors:
        ends = peer.fileno()
        for pause in _PAUSES:
            # The command has the connection itself; it ends when one of both sides closes it.
            done = subprocess.run(command, stdin=ends, stdout=ends, stderr=errors)
            errors.seek(0)
            if done.returncode != 255 or _BUSY not in errors.read():
                return
            # Nothing was said on it yet.
            errors.truncate(0)
            time.sleep(pause)
