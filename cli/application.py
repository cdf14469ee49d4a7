"""Finds a Flask application in its source, without running anything."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portico.config.mistake import Mistake
from portico.config.source.place import FORMS, Place
from portico.config.source.project import Project
from portico.config.source.read import read_project
from portico.config.source.wsgi_entry import find_entry

# Folders without an application of the project's own.
_SKIPPED = re.compile(
    r"\..*|venv|env|node_modules|site-packages|tests?|test_.*|migrations|docs|build|dist|deploy|__pycache__"
)
_DEPTH = 3
# Names of modules in which servers look for an application, the likeliest first.
_USUAL = ("wsgi", "app", "main", "application", "__init__", "web")
_FOR_SERVERS = "wsgi"
# Names of the application there, and of functions that make it.
_NAMES = ("app", "application")
_HEALTH = ("/healthz", "/health", "/_health", "/ping", "/status", "/up")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One application: its entry, and the folder and URL of its static files where they are not the usual ones."""

    entry: str
    static: str | None = None
    static_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a folder holds: its applications, likely ones first, a path that tells health, and its requirements.

    `requirements` is the file that says what is installed, None where none does. `mistakes` are those in it.
    """

    applications: tuple[Found, ...]
    health: str | None
    requirements: str | None
    mistakes: tuple[Mistake, ...] = ()


def look_at(folder: Path) -> Source:
    """Read the modules of a source. Modules that are not valid Python are skipped."""
    place = Place(source=folder, context=folder)
    project = read_project(place)
    found: list[tuple[int, str, Found]] = []
    paths: set[str] = set()
    for module, path in _list_modules(folder):
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, OSError):
            continue
        paths.update(_list_routes(tree))
        usual = _USUAL.index(path.stem) if path.stem in _USUAL else len(_USUAL)
        # A module of this name is meant for servers, wherever the application itself is made.
        for_servers = module.rpartition(".")[2] == _FOR_SERVERS
        first = -1000 if for_servers else 0
        for rank, one in _find_applications(module, tree, for_servers=for_servers):
            found.append((first + rank * 100 + module.count(".") * 10 + usual, one.entry, one))
    listed = [one for _, _, one in sorted(found, key=lambda each: each[:2])]
    good = [one for one in listed if not find_entry(place, one.entry, project).problem]
    health = next((path for path in _HEALTH if path in paths), None)
    return Source(
        applications=tuple(good),
        health=health,
        requirements=_find_requirements(folder, project),
        mistakes=project.mistakes if any((folder / name).is_file() for name in FORMS) else (),
    )


def _find_requirements(folder: Path, project: Project) -> str | None:
    """The file that says what it needs, None where none does."""
    if (folder / "Dockerfile").is_file():
        return "Dockerfile"
    return project.origin if project.names or not project.complete else None


def _list_modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """The importable name of each module, and its file."""
    for root in (folder, folder / "src"):
        for path in sorted(root.rglob("*.py")) if root.is_dir() else ():
            parts = path.relative_to(root).parts
            if len(parts) > _DEPTH or parts[0] == "src" or any(_SKIPPED.fullmatch(part) for part in parts[:-1]):
                continue
            if _SKIPPED.fullmatch(path.stem) and path.stem != "__init__":
                continue
            names = parts[:-1] if path.stem == "__init__" else (*parts[:-1], path.stem)
            if names and all(name.isidentifier() for name in names):
                yield ".".join(names), path


def _find_applications(module: str, tree: ast.Module, *, for_servers: bool) -> Iterator[tuple[int, Found]]:
    """The applications of a module; what is made at its top level comes before what a function makes.

    In a module that is `for_servers` one may have any name, or be imported.
    """
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            called = _name(node.value.func)
            if names and called == "Flask":
                yield 0, _describe(f"{module}:{names[0]}", node.value)
            elif (
                names
                and re.match(r"(create|make|build)_\w*app|create$", called)
                and (for_servers or names[0] in _NAMES)
            ):
                yield 0, Found(entry=f"{module}:{names[0]}")
        if isinstance(node, ast.ImportFrom) and for_servers:
            known = (one.asname or one.name for one in node.names)
            yield from ((0, Found(entry=f"{module}:{name}")) for name in known if name in _NAMES)
        if isinstance(node, ast.FunctionDef) and not _needs_arguments(node):
            made = next(
                (one for one in ast.walk(node) if isinstance(one, ast.Call) and _name(one.func) == "Flask"), None
            )
            if made is not None:
                yield 1, _describe(f"{module}:{node.name}()", made)


def _describe(entry: str, call: ast.Call) -> Found:
    reported = {one.arg: one.value.value for one in call.keywords if one.arg and isinstance(one.value, ast.Constant)}
    static, url = reported.get("static_folder"), reported.get("static_url_path")
    return Found(
        entry=entry,
        static=static if isinstance(static, str) and static != "static" else None,
        static_url=f"/{url.strip('/')}/" if isinstance(url, str) and url.strip("/") not in ("", "static") else None,
    )


def _needs_arguments(function: ast.FunctionDef) -> bool:
    own = function.args
    required = len(own.posonlyargs) + len(own.args) - len(own.defaults)
    return required > 0 or any(default is None for default in own.kw_defaults)


def _list_routes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for one in node.decorator_list:
                if isinstance(one, ast.Call) and one.args and isinstance(one.args[0], ast.Constant):
                    yield str(one.args[0].value)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
