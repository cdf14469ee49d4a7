"""Where a WSGI entry such as `shop.web:app` stands in the source, found without running it."""

import ast
import codecs
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from portico.config.source.bindings import list_bindings
from portico.config.source.factory_call import tell_call
from portico.config.source.made_of import tell_unfit
from portico.config.source.place import Place
from portico.config.source.project import Project
from portico.config.source.read import read_project

# A longer module is data; to read it takes seconds, and a gigabyte.
MOST: Final = 512 << 10


@dataclass(frozen=True)
class FoundEntry:
    """What is known of an entry: the problem, if any; else the folder that imports count from, and the module's file.

    Both are relative to the source; `file` is None where the module comes from a package that the requirements name
    (its files are not in the source).
    """

    problem: str | None = None
    root: str = "."
    file: PurePosixPath | None = None


def find_entry(place: Place, entry: str, project: Project | None = None) -> FoundEntry:
    """Find the module and the name that `entry` speaks of, in the source or in what `project` requires."""
    source, project = place.source, project or read_project(place)
    module, _, name = entry.partition(":")
    top = module.partition(".")[0]
    missing = None
    for root in dict.fromkeys((".", "src", *project.roots)):
        if not ((source / root / top).is_dir() or (source / root / f"{top}.py").is_file()):
            continue
        path = PurePosixPath(root) / module.replace(".", "/")
        for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if (source / file).is_file():
                problem = _find_name(source / file, file, entry, name)
                return FoundEntry(problem, root, file)
        missing = missing or f"{path}.py"
    if missing:
        plain = f"{module.removesuffix('.py')}:{name}" if module.endswith(".py") else "package.module:app"
        return FoundEntry(f'"{entry}" cannot be imported: there is no {missing} in the source; write {plain}')
    if (source / "Dockerfile").is_file() or _brings(project, top):
        return FoundEntry()
    if below := _find_below(source, module):
        said = f'"{entry}" cannot be imported: that module is in {below.parent}; write'
        return FoundEntry(f"{said} {'.'.join(below.parts)}:{name}")
    modules = sorted(file.stem for file in source.glob("*.py"))
    hint = f"the modules there are {', '.join(modules)}" if modules else "the folder holds no module"
    return FoundEntry(
        f'"{entry}" cannot be imported: the source holds no {top}.py and no folder {top}, '
        f"and the requirements do not name it; {hint}"
        + (f". If one of them brings {top} by another name, write a wsgi.py that imports it" if project.names else "")
    )


def _find_below(source: Path, module: str) -> PurePosixPath | None:
    """Where the module is in a folder of the source, or in one of that: its path, without an ending."""
    path = module.replace(".", "/")
    for pattern in (f"*/{path}.py", f"*/{path}/__init__.py", f"*/*/{path}.py", f"*/*/{path}/__init__.py"):
        for file in sorted(source.glob(pattern)):
            below = PurePosixPath(file.relative_to(source).as_posix())
            below = below.parent if below.name == "__init__.py" else below.with_suffix("")
            if all(one.isidentifier() for one in below.parts):
                return below
    return None


def _brings(project: Project, top: str) -> bool:
    """Whether a required package may hold the module `top`: by its name or a part of it, as apache-superset does."""
    wanted = str(canonicalize_name(top))
    named = any(wanted == name or wanted in name.split("-") for name in project.names)
    return named or not project.complete or bool(project.mistakes)


def _find_name(path: Path, shown: PurePosixPath, entry: str, said: str) -> str | None:
    name, called, _ = said.partition("(")
    if path.stat().st_size > MOST:
        return None
    try:
        tree = ast.parse(path.read_bytes())
    except (RecursionError, MemoryError):
        return None
    except (SyntaxError, ValueError) as error:
        return f'"{entry}" cannot be imported: {shown} {_explain(path, error)}'
    names = _list_names(tree.body)
    if unfit := tell_unfit(tree, entry, name, called=bool(called)):
        return unfit
    if name in names or "*" in names or "__getattr__" in names:
        function = names.get(name) == "function"
        if function and not called and name.startswith(("create_", "make_")):
            return f'"{entry}" is a factory; write {entry}() so that it is called'
        wrong = tell_call(tree.body, entry) if called else ""
        return f'"{entry}" {wrong}' if wrong else None
    close = [found for found, kind in names.items() if kind in ("value", "function")]
    hint = f"the names there are {', '.join(close[:8])}" if close else "the module defines none"
    return f'"{entry}" cannot be imported: {shown} defines no {name}; {hint}'


def _explain(path: Path, error: SyntaxError | ValueError) -> str:
    """Why a module is none, and what to do: its encoding, where that is why."""
    line = getattr(error, "lineno", None)
    if "codec can't decode" in str(error):
        said = f"is not in the encoding that Python reads it by (line {line})"
        return f"{said}; save it as UTF-8, or name its own in its first line, such as # coding: latin-1"
    if "unknown encoding" in str(error):
        return "names an encoding that Python does not know; save it as UTF-8, and remove that line"
    if path.read_bytes()[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "is UTF-16, which Python does not read; save it as UTF-8"
    return f"is not valid Python (line {line}); fix it"


def _list_names(body: list[ast.stmt]) -> dict[str, str]:
    """Names that a module binds at its top level, and by what kind of statement."""
    names: dict[str, str] = {}
    for name, node in list_bindings(body):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names[name] = "function"
            case ast.ClassDef():
                names[name] = "class"
            case ast.Import() | ast.ImportFrom():
                names[name] = "import"
            case ast.Name(ctx=ast.Del()) | ast.ExceptHandler():
                continue
            case _:
                names[name] = "value"
    return names
