"""Two engines behind one seam: neither knows of the other."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program.stackfile import ROOT

COMPONENTS = ROOT / "components"
ECS = {COMPONENTS / "engines" / "ecs.py", *(COMPONENTS / "ecs").glob("*.py")}
CHOICE = COMPONENTS / "engines" / "__init__.py"
DOCKER = set(COMPONENTS.rglob("*.py")) - ECS - {CHOICE}
# What Docker alone is made of; where images are built, both have in common.
PARTS = ("engines.docker", "flask", "gunicorn", "hosts", "network", "nginx", "port", "portico", "release")
CONTAINERS = tuple(f"components.{name}" for name in PARTS)


def list_imports(file: Path) -> set[str]:
    """The modules that a file names, and what it takes out of them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


@pytest.mark.parametrize("file", sorted(DOCKER), ids=lambda file: str(file.relative_to(COMPONENTS)))
def test_no_module_of_docker_names_ecs(file: Path) -> None:
    assert not [name for name in list_imports(file) if "ecs" in name.split(".")]
    assert "portico.components.ecs" not in file.read_text() and "portico.config.targets.ecs" not in file.read_text()


@pytest.mark.parametrize("file", sorted(ECS), ids=lambda file: str(file.relative_to(COMPONENTS)))
def test_no_module_of_ecs_names_the_containers_of_docker(file: Path) -> None:
    assert not [name for name in list_imports(file) if name.startswith(CONTAINERS)]


def test_who_deploys_onto_docker_waits_for_nothing_of_aws() -> None:
    script = (
        "import sys\nimport portico.components\nfrom portico.components.deploy import docker\n"
        "print(*(name for name in sys.modules if name.startswith(('pulumi_aws', 'portico.components.ecs', 'portico.components.aws'))))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_is_common_to_both_loads_neither() -> None:
    script = (
        "import sys\nimport portico.components\nprint(*(name for name in sys.modules if name.startswith('pulumi_')))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
