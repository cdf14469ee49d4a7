"""Processes of the double's cloud that outlive the plugin, and how they are given what to do.

Each takes orders at a name of its own that needs no file, and goes with the process.
"""

import asyncio
import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_WAIT: Final = 20.0  # seconds until a process must listen
_LARGEST: Final = 2**20  # bytes of an order
Order = Any  # plain data, as JSON knows it


def name_control(name: str) -> str:
    """Where the process of this name takes orders."""
    return f"\0portico-test-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def start(module: str, folder: Path, log: str, *arguments: str) -> None:
    """Start `python -m tests.cloud.plugin.MODULE ARGUMENTS FOLDER`, with its output in a file of that folder."""
    with (folder / f"{log}.log").open("ab") as file:
        subprocess.Popen(
            [sys.executable, "-m", f"tests.cloud.plugin.{module}", *arguments, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # it outlives the plugin, which the engine ends with the update
        )


def tell(name: str, order: Order, *, wait: float = 0.0) -> str | None:
    """What the process answers; None where there is none, or none within `wait` seconds."""
    until = time.monotonic() + wait
    while True:
        with socket.socket(socket.AF_UNIX) as control:
            try:
                control.connect(name_control(name))
                control.sendall(json.dumps(order).encode() + b"\n")
                return control.makefile().readline().strip()
            except (ConnectionRefusedError, ConnectionResetError, FileNotFoundError):
                if time.monotonic() >= until:
                    return None
        time.sleep(0.05)


def tell_or_start(name: str, order: Order, begin: Callable[[], None]) -> str:
    """The same, after `begin` where there is no such process. Raises ValueError where it does not start."""
    answer = tell(name, order)
    if answer is None:
        begin()
        answer = tell(name, order, wait=_WAIT)
    if answer is None:
        raise ValueError(f"the process of {name} did not start")
    return answer


async def take_orders(name: str, obey: Callable[[Order], Awaitable[str]]) -> asyncio.Server:
    """Listen for orders; `obey` gives the line that is answered."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write((await obey(json.loads(await reader.readline()))).encode() + b"\n")
            await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(serve, name_control(name), limit=_LARGEST)
