"""A public address: a process that forwards its open ports to one machine, and can be pointed to another one."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cloud.plugin.process import start, tell, tell_or_start


def make_address(*words: object) -> str:
    """An address of this machine alone, another one for each thing that is named so."""
    parts = hashlib.sha256(" ".join(map(str, words)).encode()).digest()
    return f"127.{1 + parts[0] % 254}.{parts[1]}.{1 + parts[2] % 254}"


def point(folder: Path, address: str, target: str, openings: Mapping[int, Sequence[str]]) -> None:
    """Let the open ports of `address` lead to `target` from now on; connections that are open stay where they are.

    That is what AWS says of an address that is associated again. Raises ValueError where a port cannot be had.
    """
    order = {"target": target, "openings": openings}
    answer = tell_or_start(address, order, lambda: start("forwarder", folder, address, address))
    if answer != "done":
        raise ValueError(f"the address {address} could not be used: {answer}")


def release(address: str) -> None:
    """Nothing answers at the address any more."""
    tell(address, None)
