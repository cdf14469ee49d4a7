"""A source that imports packages and names none: its image would hold Gunicorn alone."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from portico.config.source.place import Place
from portico.config.source.project import Project
from portico.config.source.wsgi_entry import MOST, FoundEntry

# What every image has.
_THERE: Final = frozenset({"gunicorn", "packaging", "pip", "werkzeug", "__main__"})


def check_installed(place: Place, project: Project, entry: FoundEntry) -> None:
    """Note that nothing is to be installed, where the module of the entry imports what nothing brings.

    Only what it imports in any case counts: neither below `try` or `if`, nor in a function.
    """
    if (
        not project.origin
        or project.names
        or project.local
        or not project.complete
        or project.mistakes
        or entry.file is None
    ):
        return
    file = place.source / entry.file
    if not file.is_file() or file.stat().st_size > MOST:
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    roots = [place.source / root for root in dict.fromkeys((".", "src", entry.root, *project.roots))]
    for name in dict.fromkeys(_list_imported(tree)):
        if name in sys.stdlib_module_names or name in _THERE or any(_holds(root, name) for root in roots):
            continue
        said = f"it names no package, and {entry.file} imports {name}: the image would lack it"
        place.refuse(place.source / project.origin, f"{said}; name the package that brings {name}")
        return


def _list_imported(tree: ast.Module) -> Iterator[str]:
    """The first names of what a module imports in any case."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _holds(root: Path, name: str) -> bool:
    return (root / name).is_dir() or any(root.glob(f"{name}.*"))
