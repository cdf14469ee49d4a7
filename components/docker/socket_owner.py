"""Finds the program that has a socket, in /proc, as far as that shows other users' programs."""

import re
from collections.abc import Iterator
from pathlib import Path

# The same as find_program, for a machine where only a shell is sure to be there. NUMBER is the socket's.
SCRIPT = r"""
for link in $(find /proc/[0-9]*/fd -lname 'socket:\[NUMBER\]' 2>/dev/null); do
    folder=${link%/fd/*}
    echo "${folder#/proc/} $(cat "$folder/comm")"
    break
done
"""


def find_program(inode: int, root: Path = Path("/proc")) -> str | None:
    """The name of a program that has this socket, and its process; None where nobody may see that."""
    for folder in _list_processes(root):
        try:
            if any(link.readlink().name == f"socket:[{inode}]" for link in (folder / "fd").iterdir()):
                return spell_program(f"{folder.name} {(folder / 'comm').read_text()}")
        # It is another user's, or has just ended.
        except OSError:
            continue
    return None


def spell_program(line: str) -> str | None:
    """A number and a name, as one says it."""
    found = re.match(r"(\d+) (.+)", line.strip())
    return f"the program {found[2]} (process {found[1]})" if found else None


def _list_processes(root: Path) -> Iterator[Path]:
    return (folder for folder in root.iterdir() if folder.name.isdigit())
