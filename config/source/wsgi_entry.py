"""Where a WSGI entry such as `shop.web:app` stands in the source, found without running it."""

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class FoundEntry:
    """What is known of an entry: the problem, if any; else the import root and the module's folder.

    Both folders are relative to the source; `folder` is None where the module comes from a package
    that the requirements name (its files are not in the source).
    """

    problem: str | None = None
    root: str = "."
    folder: PurePosixPath | None = None


def find_entry(source: Path, entry: str) -> FoundEntry:
    """Find the module and the name that `entry` speaks of, below `source` or in its requirements."""
    module, _, name = entry.partition(":")
    top = module.partition(".")[0]
    missing = None
    for root in (".", "src"):
        if not ((source / root / top).is_dir() or (source / root / f"{top}.py").is_file()):
            continue
        path = PurePosixPath(root) / module.replace(".", "/")
        for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if (source / file).is_file():
                problem = _find_name(source / file, file, entry, name.removesuffix("()"), name.endswith("()"))
                return FoundEntry(problem, root, file.parent)
        missing = missing or f"{path}.py"
    if missing:
        return FoundEntry(
            f'"{entry}" cannot be imported: there is no {missing} in the source; write package.module:app'
        )
    if (source / "Dockerfile").is_file() or _normalize(top) in list_requirements(source):
        return FoundEntry()
    modules = sorted(file.stem for file in source.glob("*.py"))
    hint = f"the modules there are {', '.join(modules)}" if modules else "the folder holds no module"
    return FoundEntry(
        f'"{entry}" cannot be imported: the source holds no {top}.py and no folder {top}, '
        f"and the requirements do not name it; {hint}"
    )


def list_requirements(source: Path) -> set[str]:
    """Names of the packages that the source requires, normalized as package indexes do."""
    lines: list[str] = []
    if (source / "requirements.txt").is_file():
        lines = read_lines(source / "requirements.txt")
    elif (source / "pyproject.toml").is_file():
        lines = read_dependencies(source / "pyproject.toml")
    names = (re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line) for line in lines)
    return {_normalize(name[1]) for name in names if name}


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; what is not UTF-8 in it is replaced, since names and options never need it."""
    return path.read_text(errors="replace").splitlines()


def read_dependencies(pyproject: Path) -> list[str]:
    """The `[project] dependencies` of a pyproject.toml; empty where the file cannot be read."""
    try:
        project = tomllib.loads(pyproject.read_text()).get("project")
    except (FileNotFoundError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []
    listed = project.get("dependencies") if isinstance(project, dict) else None
    return [str(line) for line in listed] if isinstance(listed, list) else []


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _find_name(path: Path, shown: PurePosixPath, entry: str, name: str, called: bool) -> str | None:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return f'"{entry}" cannot be imported: {shown} is not valid Python (line {line}); mend it'
    names = _list_names(tree.body)
    if name in names or "*" in names or "__getattr__" in names:
        function = names.get(name) == "function"
        if function and not called and name.startswith(("create_", "make_")):
            return f'"{entry}" is a factory; write {entry}() so that it is called'
        return None
    close = [found for found, kind in names.items() if kind in ("value", "function")]
    hint = f"the names there are {', '.join(close[:8])}" if close else "the module defines none"
    return f'"{entry}" cannot be imported: {shown} defines no {name}; {hint}'


def _list_names(body: list[ast.stmt]) -> dict[str, str]:
    """Names that a module binds at its top level, inside `if`, `try`, `with` and the like too."""
    names: dict[str, str] = {}
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop(0)
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names[name] = "function"
                continue
            case ast.ClassDef(name=name):
                names[name] = "class"
                continue
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                continue
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    names[alias.asname or alias.name.partition(".")[0]] = "import"
            case ast.Name(id=name, ctx=ast.Store()):
                names[name] = "value"
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                names[name] = "value"
            case _:
                pass
        waiting = [*ast.iter_child_nodes(node), *waiting]
    return names
