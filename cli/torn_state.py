"""Fixes what a full disk did to Pulumi's state in a folder.

Pulumi writes a file aside and then gives it its name; where the disk is full, it gives a part of the file that name all
the same, so the state is torn. The newest whole copy takes its place; the torn one stays beside it. Of a lock that had
no disk space an empty file stays, and Pulumi ends on it with "unexpected end of JSON input".
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path


def is_whole(file: Path) -> bool:
    """Whether this is a complete state."""
    try:
        return "checkpoint" in json.loads(file.read_bytes())
    except (OSError, ValueError, TypeError):
        return False


def fix(file: Path, home: Path) -> str:
    """Put the newest whole copy in the place of a torn state, and say what was done."""
    project, stack = file.parent.name, file.stem
    copies = [file.with_name(f"{file.name}.bak")]
    for kept in ("backups", "history"):
        copies += (home / kept / project / stack).glob("*.json")
    whole = sorted((copy for copy in copies if is_whole(copy)), key=lambda copy: copy.stat().st_mtime)
    if not whole:
        return f"The state of {stack} is damaged, and no copy of it is intact: {file}"
    shutil.copy(file, file.with_name(f"{file.name}.torn"))
    partial = file.with_name(f"{file.name}.fixed")
    shutil.copy(whole[-1], partial)
    partial.replace(file)
    return (
        f"The state of {stack} was damaged, as by a full disk; it was restored from {whole[-1].name}.\n"
        f"Run `pulumi refresh --stack {stack}` if an update was under way."
    )


def fix_all(state: Path) -> Iterator[str]:
    """Fix every state in the folder, and say what was done; nothing where there is nothing to fix."""
    home = state / ".pulumi"
    for lock in home.glob("locks/**/*.tmp"):
        if lock.stat().st_size == 0:
            lock.unlink()
    for file in home.glob("stacks/*/*.json"):
        if not is_whole(file):
            yield fix(file, home)
