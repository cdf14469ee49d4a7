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

# Modules of tests that are longer, each with its reason. Whoever divides one deletes its line; nobody adds one.
ONE_DEPLOYMENT = "its tests share one real deployment, which a second module would make again"
ONE_CLASS = "it is one class and what that needs"
ONE_TABLE = "it is mostly one table"
SEVERAL = "it is to be divided: it is about several things, such as"
LONGER = {
    "tests/cli/test_backups.py": f"{SEVERAL} which backup is meant, who is stopped, and keys",
    "tests/cli/test_certificates.py": f"{SEVERAL} what is reported, and what `down` keeps",
    "tests/cli/test_check.py": f"{SEVERAL} replicas, workers, and what is printed",
    "tests/cli/test_tasks.py": f"{SEVERAL} commands, logs and the status",
    "tests/cloud/test_aws.py": ONE_DEPLOYMENT,
    "tests/cloud/test_balancer.py": f"{SEVERAL} rules, health and the ends of connections",
    "tests/cloud/test_ecs.py": ONE_DEPLOYMENT,
    "tests/cloud/test_plugin.py": f"{SEVERAL} what is refused, and what a change means",
    "tests/cloud/vm.py": ONE_CLASS,
    "tests/components/aws/test_disk.py": f"{SEVERAL} a disk that is made, and one that moves",
    "tests/components/aws/test_host.py": f"{SEVERAL} which VM there is, and how it is reached",
    "tests/components/ecs/test_command_run.py": f"{SEVERAL} how often a command runs, and what AWS refuses",
    "tests/components/recorder.py": ONE_CLASS,
    "tests/components/switch_folder.py": ONE_CLASS,
    "tests/components/test_backup_job.py": f"{SEVERAL} databases, files and repositories",
    "tests/components/test_backup_servers.py": f"{SEVERAL} dumps, and how they come back",
    "tests/components/test_certificate_client.py": f"{SEVERAL} what is ordered, and what is laid out",
    "tests/components/test_certificate_faults.py": f"{SEVERAL} the disk, the clock and the authority",
    "tests/components/test_context.py": f"{SEVERAL} contexts, and what pip is given",
    "tests/components/test_health.py": f"{SEVERAL} who leaves the rotation, and who is ended",
    "tests/config/test_backups.py": f"{SEVERAL} settings, what is reported, and rehearsals",
    "tests/config/test_causes.py": ONE_TABLE,
    "tests/config/test_data.py": f"{SEVERAL} settings, volumes and the URL",
    "tests/config/test_ecs.py": ONE_TABLE,
    "tests/config/test_fleet_task.py": f"{SEVERAL} containers, secrets and the release's id",
    "tests/config/test_managed_services.py": f"{SEVERAL} what is refused, what is promised, and changes",
    "tests/config/test_ordered_names.py": f"{SEVERAL} names, keys, and what NGINX answers",
    "tests/config/test_own_image.py": f"{SEVERAL} Dockerfiles, Gunicorn's file and Python's version",
    "tests/config/test_paths.py": f"{SEVERAL} hosts that sites share, and what an application is given",
    "tests/config/test_release.py": f"{SEVERAL} the id, addresses and the context",
    "tests/config/test_source.py": f"{SEVERAL} ignored files, unreadable files and links",
    "tests/docker/engine.py": ONE_CLASS,
    "tests/docker/machine.py": ONE_CLASS,
    "tests/docker/test_data.py": ONE_DEPLOYMENT,
    "tests/docker/test_processes.py": ONE_DEPLOYMENT,
    "tests/docker/test_taken_port.py": f"{SEVERAL} ports, and addresses",
    "tests/examples/test_notes.py": f"{SEVERAL} migrations, pages and workers",
    "tests/policies/bad_fleet.py": ONE_TABLE,
    "tests/program/test_replay_fleet.py": f"{SEVERAL} what AWS takes, and what it refuses",
}


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


@pytest.mark.parametrize("file", CHECKED, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_is_short(file: Path) -> None:
    """A listed one must be longer: whoever divides it deletes its line."""
    longer = len(file.read_text().splitlines()) > LONGEST
    assert longer == (str(file.relative_to(ROOT)) in LONGER)


def test_modules_that_are_longer_are_modules_of_tests() -> None:
    known = {str(file.relative_to(ROOT)) for file in CHECKED if file not in MODULES}
    assert set(LONGER) <= known


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
