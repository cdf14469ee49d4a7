"""Images for a processor that Docker here has no way to run are refused before anything is made."""

import os
from pathlib import Path
from typing import Any

import docker.errors
import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.ecs.emulation import require_platform
from tests.components.ecs.sample import deploy, recall
from tests.components.recorder import Resource, run

# As Linux prints an entry of binfmt_misc.
ENTRY = (
    "{state}\ninterpreter /usr/bin/qemu\nflags: POCF\noffset 0\nmagic 7f454c460201010000000000000000000200{machine}00\n"
)
ARM, S390 = "b7", "16"


class Docker:
    """An engine that tells what it runs on, and nothing else."""

    def __init__(self, reported: dict[str, Any] | None) -> None:
        self._reported = reported

    def connect(self) -> "Docker":
        if self._reported is None:
            raise docker.errors.DockerException("nobody is there")
        return self

    def info(self) -> dict[str, Any]:
        return {"Architecture": "x86_64", "KernelVersion": os.uname().release, **(self._reported or {})}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What Linux lists where it interprets nothing."""
    (tmp_path / "register").touch()
    (tmp_path / "status").write_text("enabled\n")
    return tmp_path


def ask(monkeypatch: pytest.MonkeyPatch, folder: Path, platform: str = "linux/arm64", **reported: Any) -> None:
    monkeypatch.setattr(Engine, "connect", lambda _: Docker(reported).connect())
    run(lambda: require_platform(Engine(), platform, folder))


def test_a_docker_that_cannot_run_them_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        ask(monkeypatch, folder)
    assert str(refused.value) == (
        "ecs.architecture: the images are for arm64, and Docker here runs programs for amd64 alone. Let it emulate the "
        "other (docker run --privileged --rm tonistiigi/binfmt --install arm64), or write x86_64 at ecs.architecture. "
        "Nothing was changed."
    )


@pytest.mark.parametrize(("state", "machine"), [("disabled", ARM), ("enabled", S390)])
def test_an_interpreter_of_something_else_is_none(
    monkeypatch: pytest.MonkeyPatch, folder: Path, state: str, machine: str
) -> None:
    (folder / "qemu").write_text(ENTRY.format(state=state, machine=machine))
    with pytest.raises(pulumi.RunError):
        ask(monkeypatch, folder)


def test_with_an_interpreter_they_are_built(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "qemu-aarch64").write_text(ENTRY.format(state="enabled", machine=ARM))
    ask(monkeypatch, folder)


def test_what_docker_itself_runs_needs_none(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    ask(monkeypatch, folder, "linux/amd64")
    ask(monkeypatch, folder, Architecture="aarch64")


@pytest.mark.parametrize("reported", [{"KernelVersion": "6.6.1-linuxkit"}, {"Architecture": "riscv64"}])
def test_where_it_cannot_be_known_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, folder: Path, reported: dict[str, str]
) -> None:
    ask(monkeypatch, folder, **reported)


def test_nor_where_linux_lists_nothing_or_docker_is_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ask(monkeypatch, tmp_path)
    (tmp_path / "register").touch()
    monkeypatch.setattr(Engine, "connect", lambda _: Docker(None).connect())
    run(lambda: require_platform(Engine(), "linux/arm64", tmp_path))


def test_a_preview_warns(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(Engine, "connect", lambda _: Docker({}))
    reported: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", reported.append)
    run(lambda: require_platform(Engine(), "linux/arm64", folder), preview=True)
    assert reported and "Nothing was changed" not in reported[0]


def refuse(engine: Engine, platform: str) -> None:
    raise pulumi.RunError(f"no {platform}")


def test_nothing_is_made_before_it_is_asked(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setattr("portico.components.ecs.deploy.require_platform", refuse)
    seen: list[Resource] = []
    with pytest.raises(pulumi.RunError, match="no linux/arm64"):
        deploy(root, seen=seen)
    assert not [one for one in seen if one.type.startswith("aws:")]


def test_with_nothing_to_build_it_is_not_asked(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    before = deploy(root)
    monkeypatch.setattr("portico.components.ecs.deploy.require_platform", refuse)
    deploy(root, previous=before.exports, answers={"known": recall(before)})
