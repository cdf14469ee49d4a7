"""The commands `portico render` and `portico diff`, run in a project as its user does."""

import os
from pathlib import Path

from portico.cli.main import portico


def run(root: Path, *words: str) -> int:
    """Run a command in the project's folder; its exit code."""
    place, environment = Path.cwd(), dict(os.environ)
    os.chdir(root)
    try:
        portico(list(words), prog_name="portico")
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(environment)
    raise AssertionError("the command did not end")


def render(stack: str, out: Path, layout: str = "", *, root: Path) -> int:
    """Render a stack into a folder."""
    return run(root, "render", "-s", stack, "--out", str(out), *(["--layout", layout] if layout else []))


def diff(stack: str, *, root: Path) -> int:
    """Print how the live files differ."""
    return run(root, "diff", "-s", stack)
