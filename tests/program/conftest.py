"""What the tests of the program share."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.runtime import set_all_config

from tests.components.recorder import Recorder, run
from tests.program.stackfile import EVERY, ROOT, merge_values, run_program, spell_config


@pytest.fixture(autouse=True, scope="package")
def without_images() -> Iterator[None]:
    """Moto's AWS has none of the 1,300 machine images that it makes up otherwise, again for every test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recorder]:
    """All that __main__.py registers, for each stack; run on a copy, since it writes build contexts beside itself."""
    return run_stacks(tmp_path_factory.mktemp("program"))


def run_stacks(home: Path, **more: object) -> dict[str, Recorder]:
    """Each stack in an empty folder, with these settings besides its own."""
    shutil.copy(ROOT / "__main__.py", home)
    shutil.copytree(ROOT / "examples", home / "examples")
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(home)
            patch.setenv("BUILDX_CONFIG", str(home / "buildx"))
            reach_everything(patch)
            return {stack: _run(home, stack, more) for stack in EVERY}
    finally:
        signal.signal(signal.SIGINT, interrupt)


def reach_everything(patch: pytest.MonkeyPatch) -> None:
    """Nobody is asked: the machines of these stacks are examples. They could be reached, and are ready."""

    async def ready(*_: object) -> None:
        pass

    def lost(*_: object) -> None:
        raise OSError("an example's engine")

    patch.setattr("portico.config.load.list_placeholders", lambda _: [])
    patch.setattr("portico.components.hosts.preflight.find_obstacle", lambda _: None)
    patch.setattr("portico.components.docker.free_ports.require_vacant", lambda *_: None)
    patch.setattr("portico.components.hosts.aws.require_command", lambda _: None)
    patch.setattr("portico.components.hosts.aws.wait_ready", ready)
    patch.setattr("portico.components.hosts.vm_connection.wait_ready", ready)
    patch.setattr("portico.components.hosts.data_disk.mount", ready)
    # Their engines answer nobody: to try it by SSH takes 15 s of each program.
    patch.setattr("portico.components.docker.engine_client.open_tunnel", lambda *_: Path("/nowhere/docker.sock"))
    patch.setattr("portico.components.docker.engine_client.run_remotely", lost)


def _run(home: Path, stack: str, more: dict[str, object]) -> Recorder:
    def build() -> None:
        set_all_config(spell_config(merge_values(stack) | more))
        run_program(home)

    return run(build, stack)
