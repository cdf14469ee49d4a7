"""Which folder holds an application's static files, found without running it: that of its Flask object."""

import ast
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from portico.config.source.files import File
from portico.config.source.wsgi_entry import MOST, FoundEntry

# Modules that are read: who has not found the Flask object by then, does not find it.
_MODULES = 60


def find_static_folder(entry: FoundEntry, files: Mapping[str, File]) -> str | None:
    """The folder of static files, relative to the source; None where there is none that NGINX could serve.

    `files` are those of the source, by their paths in it. The Flask object is looked for in the entry's module, then in
    those that it imports. Where none is found, the folder `static` beside the entry's module counts.
    """
    if entry.file is None:
        return None
    folder: str | None = str(entry.file.parent / "static")
    for file, tree in _list_modules(entry.file, PurePosixPath(entry.root), files):
        if made := [*_list_made(tree)]:
            folders = {_read_folder(call, file.parent) for call in made}
            # Of two applications in one module nothing tells which one it is.
            folder = folders.pop() if len(folders) == 1 else None
            break
    if folder is None or not any(path.startswith(f"{folder}/") for path in files):
        return None
    return folder


def _list_modules(
    first: PurePosixPath, root: PurePosixPath, files: Mapping[str, File]
) -> Iterator[tuple[PurePosixPath, ast.Module]]:
    """The entry's module and those of the source that are imported from there, the nearest first."""
    waiting, seen = [first], {first}
    while waiting and len(seen) <= _MODULES:
        file = waiting.pop(0)
        try:
            content = files[str(file)].content
            if len(content) > MOST:
                continue
            tree = ast.parse(content)
        except (KeyError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield file, tree
        for name in _list_imported(tree, file.relative_to(root)):
            path = root / name
            for found in (path / "__init__.py", path.with_name(f"{path.name}.py")):
                if str(found) in files and found not in seen:
                    seen.add(found)
                    waiting.append(found)


def _list_imported(tree: ast.Module, file: PurePosixPath) -> Iterator[PurePosixPath]:
    """What may be modules of the source, as paths without an ending from the folder that imports count from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (PurePosixPath(alias.name.replace(".", "/")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = PurePosixPath()
            if node.level:
                base = file.parent
                for _ in range(node.level - 1):
                    base = base.parent
            base /= (node.module or "").replace(".", "/")
            if base.parts:
                yield base
            yield from (base / alias.name for alias in node.names if alias.name != "*")


def _list_made(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls that make a Flask object, or one of a class that is made like it: `Name(__name__, ...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = node.args[0] if node.args else _find(node, "import_name")
            if name == "Flask" or (name[:1].isupper() and isinstance(given, ast.Name) and given.id == "__name__"):
                yield node


def _read_folder(call: ast.Call, beside: PurePosixPath) -> str | None:
    """The static folder of one such call; None where it has none, or says it by something that only runs."""
    said = call.args[2] if len(call.args) > 2 else _find(call, "static_folder")
    name = "static" if said is None else getattr(said, "value", None)
    if not isinstance(name, str) or name.startswith("/"):
        return None
    folder = posixpath.normpath(beside / name)
    return None if folder.startswith("..") or folder == "." else folder


def _find(call: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in call.keywords if one.arg == name), None)
