"""Pulumi's own commands, each run until it ends; their output is read, not shown."""

import json
import subprocess
from pathlib import Path
from typing import Any

from portico.cli.holder import find_backend, is_new
from portico.cli.refused import Refused
from portico.cli.renamed_outputs import rename
from portico.cli.spelling import spell


def call(*words: str, root: Path | None = None, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run `pulumi` with these words, never asking anything. Raises Refused where it is not installed.

    `given` is what it reads, such as a secret, which would be seen among its words.
    """
    try:
        return subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            cwd=root,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise Refused(f"pulumi is not installed here: {spell('setup')}") from None


def ask(*words: str, root: Path | None = None, given: str = "") -> str:
    """What it prints. Raises Refused, with its own words, where it fails."""
    done = call(*words, root=root, given=given)
    if done.returncode:
        raise Refused(f"`pulumi {' '.join(words[:2])}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def exists(stack: str, root: Path | None = None) -> bool:
    """Whether the stack was created. A state in a folder is looked at, other backends are asked."""
    if find_backend(root) is not None:
        return not is_new(stack, root)
    return call("stack", "select", stack, root=root).returncode == 0


def require_stack(stack: str, root: Path | None = None) -> None:
    """Raises Refused where the stack was not created."""
    if not exists(stack, root):
        raise Refused(f"the stack {stack} does not exist yet; {spell('up', stack)} creates it")


def create(stack: str, root: Path | None = None) -> None:
    """Create the stack, if it is not there. Raises Refused."""
    if not exists(stack, root):
        ask("stack", "select", stack, "--create", root=root)


def has_failed(stack: str, root: Path | None = None) -> bool:
    """Whether the newest update or destroy of the stack ended badly. Raises Refused."""
    # A refresh in between says nothing of what was asked for.
    runs = json.loads(ask("stack", "history", "--json", "--page-size", "10", "--stack", stack, root=root) or "[]")
    changes = [one for one in runs or [] if one.get("kind") in ("update", "destroy")]
    return bool(changes) and changes[0].get("result") == "failed"


def read_outputs(stack: str, root: Path | None = None) -> dict[str, Any]:
    """The stack's outputs, secrets in plain text. Raises Refused."""
    outputs: dict[str, Any] = json.loads(
        ask("stack", "output", "--json", "--show-secrets", "--stack", stack, root=root)
    )
    return rename(outputs)
