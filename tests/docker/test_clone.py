"""The clone that a deployment of a test lives in."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docker.clone import make_clone
from tests.docker.command import ROOT, user_environment

IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *IDENTITY, *words], cwd=folder, check=True, capture_output=True)


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / name).write_text(text)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small project with what set-up has installed, and with changes of each kind that nobody has committed."""
    source = tmp_path / "source"
    for made in (".venv/bin", ".venv/lib", ".tools/bin", ".tools/pulumi/plugins", ".tools/pulumi/workspaces"):
        (source / made).mkdir(parents=True)
    shutil.copytree(ROOT / "scripts", source / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    write(source / ".tools", env="export HERE=1", **{"dockerd.pid": "1", "pulumi.version": "3"})
    write(source / ".tools/bin", pulumi="a program")
    write(source / ".venv/lib", package="a package")
    write(source / ".venv", **{"installed.lock": "the lock"})
    write(
        source, kept="1", changed="1", staged="1", gone="1", moved="1", **{".gitignore": "/.tools\n/.venv\nignored\n"}
    )
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "first")
    write(source, changed="2", staged="2", new="2", added="2", ignored="2")
    (source / "gone").unlink()
    git(source, "add", "staged", "added")
    git(source, "mv", "moved", "renamed")
    return source


def test_it_holds_what_is_not_committed_and_nothing_that_is_ignored(checkout: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    write_beside = clone / "beside"
    clone.mkdir()
    write_beside.write_text("there before")
    make_clone(clone, checkout)
    found = {path.name: path.read_text() for path in clone.iterdir() if path.is_file() and path.name != ".gitignore"}
    assert found == {
        **{"kept": "1", "changed": "2", "staged": "2", "new": "2", "added": "2", "renamed": "1"},
        "beside": "there before",
    }
    git(clone, "status")


def test_what_is_done_to_it_does_not_reach_into_the_checkout(checkout: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    make_clone(clone, checkout)
    assert (clone / ".tools/bin/pulumi").read_text() == "a program"
    assert (clone / ".venv/lib/package").read_text() == "a package"
    # Where a daemon was started that others use, `make stop-docker` of the clone must not find it.
    assert not list((clone / ".tools").glob("dockerd.*")) and not (clone / ".tools/env").exists()
    # Written in place, as set-up and Pulumi write them.
    write(clone / ".tools", **{"pulumi.version": "4", "env": "export THERE=1"})
    write(clone / ".venv", **{"installed.lock": "another"})
    write(clone / ".tools/pulumi", **{"credentials.json": "{}"})
    (clone / ".tools/pulumi/workspaces").mkdir(exist_ok=True)
    write(clone / ".tools/pulumi/workspaces", chosen="stack")
    subprocess.run(["bash", "scripts/clean.sh"], cwd=clone, check=True, env=user_environment())
    assert not (clone / ".tools").exists() and not (clone / ".venv").exists()
    assert (checkout / ".tools/bin/pulumi").read_text() == "a program"
    assert (checkout / ".venv/lib/package").read_text() == "a package"
    assert (checkout / ".tools/pulumi.version").read_text() == "3"
    assert (checkout / ".tools/env").read_text() == "export HERE=1"
    assert (checkout / ".venv/installed.lock").read_text() == "the lock"
    assert {path.name for path in (checkout / ".tools/pulumi").iterdir()} == {"plugins", "workspaces"}
    assert not list((checkout / ".tools/pulumi/workspaces").iterdir())
