"""The shape of the package: where modules lie, how long they are, and who imports whom."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("components", "config", "policies", *(part for part in ("cli",) if (ROOT / part).is_dir()))
# They run inside containers, so nothing imports them.
APART = ROOT / "components" / "in_container"
MODULES = sorted(
    [
        ROOT / "__init__.py",
        *(file for part in PARTS for file in (ROOT / part).rglob("*.py") if APART not in file.parents),
    ]
)
CHECKED = [*MODULES, *(file for part in ("tests", "scripts", "bench") for file in sorted((ROOT / part).rglob("*.py")))]
LONGEST = 250  # lines


def name(file: Path) -> str:
    return ".".join(("portico", *file.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


def find_imports(file: Path, *, late: bool) -> Iterator[str]:
    """The modules that a file names; `late` ones are those that a function imports when it is called."""
    tree = ast.parse(file.read_text())
    nodes = ast.walk(tree) if late else list_first(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def list_first(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What is run when a module is imported, and what stands below TYPE_CHECKING: types are no reason for a circle."""
    for one in body:
        yield one
        for inner in ("body", "orelse", "finalbody"):
            if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from list_first(getattr(one, inner, []))


def make_graph(*, late: bool = False) -> dict[str, set[str]]:
    known = {name(file) for file in MODULES}
    return {
        name(file): {one for one in find_imports(file, late=late) if one in known} - {name(file)} for file in MODULES
    }


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle, as a list whose first and last are the same; [] where there is none."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for one in sorted(graph[module]):
            if found := walk(one, [*path, module]):
                return found
        done.add(module)
        return []

    return next(filter(None, (walk(module, []) for module in sorted(graph))), [])


def test_a_circle_is_found() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_module_imports_in_a_circle() -> None:
    assert find_circle(make_graph()) == []


def test_no_module_hides_a_circle_in_a_function() -> None:
    assert find_circle(make_graph(late=True)) == []


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST


def test_config_creates_nothing() -> None:
    """So it names no component, and a wheel's user may render without Docker."""
    graph = make_graph(late=True)
    wrong = {
        module: [one for one in named if one.startswith("portico.components")]
        for module, named in graph.items()
        if module.startswith(("portico.config", "portico.policies"))
    }
    assert not {module: named for module, named in wrong.items() if named}


@pytest.mark.parametrize("file", CHECKED, ids=lambda file: str(file.relative_to(ROOT)))
def test_modules_are_named_by_the_package(file: Path) -> None:
    """In a user's program `components` or `config` may be anybody's."""
    assert [one for one in find_imports(file, late=True) if one.split(".")[0] in PARTS] == []


def test_nobody_but_the_targets_asks_which_one_it_is() -> None:
    """The one place that chooses is `find_target`, and components/deploy.py for what creates resources."""
    allowed = {ROOT / "config" / "targets" / "__init__.py", ROOT / "components" / "deploy.py"}
    asked = [
        str(file.relative_to(ROOT))
        for file in MODULES
        if file not in allowed and any('target == "ecs"' in line for line in file.read_text().splitlines())
    ]
    assert asked == []


def test_every_package_is_listed() -> None:
    """What is not in the list is not in the wheel."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {file.parent for file in MODULES} | {APART, *(file.parent for file in APART.rglob("__init__.py"))}
    assert sorted(listed) == sorted(name(folder / "__init__.py") for folder in folders)
