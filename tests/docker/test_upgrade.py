"""A stack that an earlier version of Portico made, updated by this one on the real engine: its containers stay."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest

from tests.docker.conftest import Deploy
from tests.docker.engine import HELLO, Deployment
from tests.docker.traffic import light

pytestmark = [pytest.mark.docker, pytest.mark.extended]
# A commit from which on stacks are updated, and the newest one since which no update replaces a container. What those
# between them replaced stands in CHANGELOG.md.
FIRST: Final = "f9f9f1e5ded086f2acadd4238a76f8d847f22f69"
KEPT: Final = "7c655ebeee087271bf9e21e52a3c275fbcb32a47"
# What a version is; the rest of a checkout is set-up, which is the same for both.
PROGRAM: Final = ("cli", "components", "config", "__init__.py", "__main__.py", "Pulumi.yaml")
SERVING: Final = ("gunicorn", "worker", "nginx", "port", "files")


def find_earlier(folder: Path) -> str:
    """The newest tag before the present commit, or KEPT."""
    asked = ["git", "describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^"]
    return subprocess.run(asked, cwd=folder, capture_output=True, text=True).stdout.strip() or KEPT


def read_archive(folder: Path, commit: str) -> bytes:
    """The program of that commit; skips where a shallow checkout does not have it."""
    done = subprocess.run(["git", "archive", commit, *PROGRAM], cwd=folder, capture_output=True)
    if done.returncode:
        pytest.skip(f"the history here does not go back to {commit}; tests/program/test_upgrades.py needs none")
    return done.stdout


def replace_program(deployment: Deployment, archive: bytes) -> Path:
    """Put an earlier program into the place of the present one, which is in the folder that this returns."""
    present = deployment.folder.with_name(f"{deployment.folder.name}-present")
    present.mkdir()
    for name in PROGRAM:
        shutil.move(deployment.folder / name, present / name)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(deployment.folder, filter="data")
    return present


def bring_back(deployment: Deployment, present: Path) -> None:
    for name in PROGRAM:
        there = deployment.folder / name
        shutil.rmtree(there) if there.is_dir() else there.unlink()
        shutil.move(present / name, there)


def update(deployment: Deployment, commit: str) -> tuple[set[str], set[str]]:
    """Make a stack by the program of a commit and update it by the present one; its containers before and after."""
    present = replace_program(deployment, read_archive(deployment.folder, commit))
    deployment.up()
    before = deployment.ids_of(*SERVING)
    assert len(before) == 6
    bring_back(deployment, present)
    with light(deployment, "localhost") as load:
        deployment.up()
    report = load.report()
    assert report.lossless, report.details()
    return before, deployment.ids_of(*SERVING)


SITE: Final = {
    **HELLO,
    "workers": [{"name": "queue", "command": "sleep infinity"}],
    "data": [{"name": "d", "path": "/d"}],
}


def test_its_containers_stay(deploy: Deploy) -> None:
    deployment = deploy(SITE, replicas=2)
    before, after = update(deployment, find_earlier(deployment.folder))
    assert after == before


def test_an_older_stack_is_updated_without_a_lost_request(deploy: Deploy) -> None:
    before, after = update(deploy(SITE, replicas=2), FIRST)
    assert len(after) == len(before)
