"""A public address: a process that forwards its open ports to one machine, and can be told to another one."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_WAIT: Final = 20.0  # seconds until the process must listen


def point(folder: Path, address: str, target: str, openings: Mapping[int, Sequence[str]]) -> None:
    """Let the open ports of `address` lead to `target` from now on; connections that are open stay where they are.

    That is what AWS says of an address that is associated anew. Raises ValueError where a port cannot be had.
    """
    order = {"target": target, "openings": openings}
    if (answer := _tell(address, order)) is None:
        _start(folder, address)
        answer = _tell(address, order, wait=_WAIT)
    if answer != "done":
        raise ValueError(f"the address {address} could not be used: {answer}")


def release(address: str) -> None:
    """Nothing answers at the address any more."""
    _tell(address, None)


def name_control(address: str) -> str:
    """Where the process of an address takes orders: a name that needs no file and goes with the process."""
    return f"\0portico-test-address-{address}"


def _start(folder: Path, address: str) -> None:
    with (folder / f"{address}.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "tests.cloud.plugin.forwarder", address, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it outlives the plugin, which the engine ends with the update
        )


def _tell(address: str, order: object, wait: float = 0.0) -> str | None:
    """What the process answers; None where there is none."""
    until = time.monotonic() + wait
    while True:
        with socket.socket(socket.AF_UNIX) as control:
            try:
                control.connect(name_control(address))
                control.sendall(json.dumps(order).encode() + b"\n")
                return control.makefile().readline().strip()
            except (ConnectionRefusedError, FileNotFoundError):
                if time.monotonic() >= until:
                    return None
        time.sleep(0.05)
