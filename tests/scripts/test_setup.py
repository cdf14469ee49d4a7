"""What set-up sees to, for each place where Docker may run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.command import ROOT

PARTS = ("python", "pulumi", "docker", "images", "ssh", "vm", "env")
PROJECT = "config:\n  portico:target:\n    type: string\n    default: local\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of set-up whose parts only write down that they were called, and with which words."""
    parts = tmp_path / "scripts" / "setup"
    parts.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    for name in ("target.py", "base_images.py"):
        shutil.copy(ROOT / "scripts" / "setup" / name, parts)
    for name in PARTS:
        file = parts / f"{name}.sh"
        file.write_text(f'#!/bin/sh\necho {name} "$@" >>"{tmp_path}/called"\n')
        file.chmod(0o755)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  portico:port: 8080\n")
    (tmp_path / "Pulumi.staging.yaml").write_text("config:\n  portico:target: ssh\n")
    (tmp_path / "Pulumi.empty.yaml").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "called"),
    [
        ([], ["python", "pulumi", "docker", "images dev", "env"]),
        (["dev"], ["python", "pulumi", "docker", "images dev", "env"]),
        (["empty"], ["python", "pulumi", "docker", "images empty", "env"]),
        (["staging"], ["python", "pulumi", "ssh", "env"]),
    ],
)
def test_a_docker_engine_is_seen_to_only_where_it_is_used(folder: Path, words: list[str], called: list[str]) -> None:
    env = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", folder / "scripts" / "setup.sh", *words], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert (folder / "called").read_text().splitlines() == called


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
