"""The folder that a command was called from. The command itself works in the project's folder."""

import os
from pathlib import Path
from typing import Final

import click

_KEY: Final = "portico.caller"


def enter(root: Path) -> None:
    """Work in the project's folder from now on."""
    if context := click.get_current_context(silent=True):
        # The first call of a command counts: later ones already begin in the project's folder.
        context.meta.setdefault(_KEY, Path.cwd())
    os.chdir(root)


def find_caller() -> Path:
    """Where the user is."""
    context = click.get_current_context(silent=True)
    return Path(context.meta.get(_KEY, Path.cwd())) if context else Path.cwd()
