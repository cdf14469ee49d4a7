"""What set-up sees to, for each place where Docker may run."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from portico.config.settings.service import IMAGES
from tests.docker.command import ROOT, environment, run

PARTS = ("python", "pulumi", "docker", "images", "ssh", "aws", "policies", "vm", "env")
PROJECT = "config:\n  portico:target:\n    type: string\n    default: local\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of set-up whose parts only write down that they were called, and with which words."""
    parts = tmp_path / "scripts" / "setup"
    parts.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    for name in ("lib.sh", "steps.sh", "versions.sh", "target.py", "base_images.py"):
        shutil.copy(ROOT / "scripts" / "setup" / name, parts)
    for name in PARTS:
        file = parts / f"{name}.sh"
        file.write_text(f'#!/bin/sh\necho {name} "$@" >>"{tmp_path}/called"\n')
        file.chmod(0o755)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  portico:port: 8080\n")
    (tmp_path / "Pulumi.staging.yaml").write_text("config:\n  portico:target: ssh\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config:\n  portico:target: aws\n")
    (tmp_path / "Pulumi.ecs.yaml").write_text("config:\n  portico:target: ecs\n")
    (tmp_path / "Pulumi.empty.yaml").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "called"),
    [
        ([], ["python", "pulumi", "docker", "images dev", "env"]),
        (["dev"], ["python", "pulumi", "docker", "images dev", "env"]),
        (["empty"], ["python", "pulumi", "docker", "images empty", "env"]),
        (["staging"], ["python", "pulumi", "ssh", "env"]),
        (["prod"], ["python", "pulumi", "ssh", "aws", "policies", "env"]),
        (["ecs"], ["python", "pulumi", "docker", "images ecs", "aws", "policies", "env"]),
    ],
)
def test_a_docker_engine_is_seen_to_only_where_it_is_used(folder: Path, words: list[str], called: list[str]) -> None:
    env = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", folder / "scripts" / "setup.sh", *words], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert (folder / "called").read_text().splitlines() == called


@pytest.mark.docker
def test_an_update_fetches_no_plugin_that_its_stack_has_no_use_for(tmp_path: Path) -> None:
    """As the program of the stack dev: pulumi_aws is there, and its plugin is not."""
    (tmp_path / "Pulumi.yaml").write_text("name: none\nruntime: {name: python, options: {virtualenv: .venv}}\n")
    (tmp_path / "__main__.py").write_text("import pulumi\n")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "state").mkdir()
    own = {"PULUMI_BACKEND_URL": f"file://{tmp_path}/state", "PULUMI_CONFIG_PASSPHRASE": "test"}
    env = {**environment(), **own}

    def call(*words: str) -> str:
        done = run(["pulumi", *words], folder=tmp_path, log=tmp_path / "log", timeout=120, env=env)
        assert done.code == 0, done.tail()
        return done.output

    call("stack", "init", "test")
    said = call("preview", "--stack", "test", "--non-interactive", "--logtostderr", "-v=7")
    assert "package aws-" in said
    assert "beginning install" not in said


def test_the_plugins_that_set_up_installs_are_those_of_the_packages() -> None:
    versions = (ROOT / "scripts" / "setup" / "versions.sh").read_text()
    for name in ("aws", "docker"):
        assert f"{name.upper()}_PLUGIN_VERSION={version(f'pulumi-{name}')} " in versions


@pytest.mark.parametrize("declared", ["", "config:\n  portico:port:\n    type: integer\n"])
def test_a_project_of_a_users_own_declares_no_target_and_is_local(folder: Path, declared: str) -> None:
    (folder / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\n{declared}")
    assert target("dev", folder) == "local"
    assert target("staging", folder) == "ssh"


def test_a_target_that_is_none_is_left_to_the_program(folder: Path) -> None:
    (folder / "Pulumi.odd.yaml").write_text("config:\n  portico:target: mars\n")
    assert target("odd", folder) == "mars"


@pytest.mark.parametrize(("stack", "where"), [("dev", "local"), ("staging", "ssh")])
def test_the_stacks_that_come_with_it(stack: str, where: str) -> None:
    assert target(stack, ROOT) == where


def target(stack: str, root: Path) -> str:
    script = ROOT / "scripts" / "setup" / "target.py"
    return subprocess.run(
        [sys.executable, script, root, stack], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.docker
@pytest.mark.parametrize("way", ["use", "variable"])
def test_the_context_of_the_docker_command_counts(tmp_path: Path, way: str) -> None:
    """The provider does not know of it. With none, the docker command is not even asked."""
    parts = tmp_path / "scripts" / "setup"
    parts.mkdir(parents=True)
    for name in ("lib.sh", "steps.sh", "versions.sh", "env.sh"):
        shutil.copy(ROOT / "scripts" / "setup" / name, parts)
    env = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    env["DOCKER_CONFIG"] = str(tmp_path / "config")

    def write() -> str:
        subprocess.run(["bash", parts / "env.sh"], env=env, check=True)
        return (tmp_path / ".tools" / "env").read_text()

    assert "DOCKER_HOST" not in write()
    create = ["docker", "context", "create", "other", "--docker", "host=tcp://127.0.0.1:1"]
    subprocess.run(create, env=env, check=True, capture_output=True)
    assert "DOCKER_HOST" not in write()
    if way == "use":
        subprocess.run(["docker", "context", "use", "other"], env=env, check=True, capture_output=True)
    else:
        env["DOCKER_CONTEXT"] = "other"
    assert "export DOCKER_HOST=tcp://127.0.0.1:1\n" in write()


def test_the_images_of_services_are_needed_too(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: mine\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n"
        "  portico:services:\n"
        "    - {name: db, kind: postgres}\n"
        '    - {name: old, kind: postgres, version: "17"}\n'
        "    - {name: own, kind: postgres, image: 'postgis/postgis:18-3.6'}\n"
        "    - {name: cache, kind: valkey}\n"
        "    - {name: wrong, kind: mysql}\n"
        "    - no mapping\n"
    )
    script = ROOT / "scripts" / "setup" / "base_images.py"
    done = subprocess.run(
        [sys.executable, script, tmp_path, "dev"], capture_output=True, text=True, check=True, timeout=60
    )
    own = ["postgres:18.6", "postgres:17.12", "postgis/postgis:18-3.6", "valkey/valkey:8.1.4"]
    assert done.stdout.split()[2:] == own
    # Each that is pinned has a stand-in where Docker Hub cannot be reached.
    stand_ins = (ROOT / "contrib" / "registry_only" / "images.sh").read_text()
    assert all(f"\n{name}) make=" in stand_ins for versions in IMAGES.values() for name in versions.values())
