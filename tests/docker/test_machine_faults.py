"""A release command, and the machine that runs it: it restarts in the middle, or has no space for what is written.

On a machine of the test's own (tests/docker/machine.py). The command is not seen as done, the release before keeps
serving, and the next `up` on a machine that is well runs it again, once.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.docker.applications import small, write_offline, write_small
from tests.docker.ask import get
from tests.docker.engine import Deployment, execute
from tests.docker.figures import Figures
from tests.docker.killed import Running
from tests.docker.machine import Machine

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.soak, pytest.mark.timeout(900)]

# Each begin and each end is written down where it stays.
SLOW: Final = "sh -c 'echo begin >>/data/commands; sync; sleep 20; echo end >>/data/commands'"
LARGE: Final = "sh -c 'head -c 200M /dev/zero >/data/large && rm /data/large && echo large >>/data/commands'"


@pytest.fixture(scope="module")
def shop(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    settings: dict[str, Any] = {"data": [{"name": "store", "path": "/data"}]}
    with Deployment(tmp_path_factory.mktemp("shop"), small("shop", **settings), machine=machine) as deployment:
        write_small(deployment, "shop")
        write_offline(deployment, "shop")
        deployment.up()
        execute(deployment.container("gunicorn", "shop"), "touch", "/data/commands")
        yield deployment


def read_commands(deployment: Deployment) -> list[str]:
    return execute(deployment.container("gunicorn", "shop"), "cat", "/data/commands").split()


def read_live(machine: Machine, deployment: Deployment) -> str:
    """The release that answers."""
    with machine.network():
        return str(get(deployment.port, "shop.localhost", "/whoami").json()["release"])


def test_a_machine_that_restarts_in_the_middle_of_a_release_command(
    machine: Machine, shop: Deployment, figures: Figures
) -> None:
    before, live = read_commands(shop), read_live(machine, shop)
    shop.configure_site("shop", release={"command": SLOW, "timeout": "2m"})
    running = Running(shop, 1)
    end = time.monotonic() + 300
    while read_commands(shop) != [*before, "begin"]:
        assert running.process.poll() is None and time.monotonic() < end, running.log.read_text()
        time.sleep(0.2)
    machine.cut_power()
    assert running.process.wait(300) != 0, running.log.read_text()
    said = running.log.read_text()
    assert said.count("The Docker engine went away in the middle of this update") == 1, said
    assert "registration" not in said, said
    machine.start()
    await_answer(machine, shop)
    # Nothing went live, and nothing runs on by itself.
    assert read_live(machine, shop) == live and read_commands(shop) == [*before, "begin"]
    shop.up(door="make")
    done = read_commands(shop)
    figures.record(
        "P2",
        "the machine restarts while a release command runs: runs of it that end, releases before that",
        target="1; 0",
        measured=f"{done.count('end') - before.count('end')}; 0",
        met=done == [*before, "begin", "begin", "end"] and read_live(machine, shop) != live,
    )
    assert [one.status for one in shop.containers("release")] in ([], ["exited"])


def test_a_disk_that_has_no_space_for_what_a_release_command_writes(
    machine: Machine, shop: Deployment, figures: Figures
) -> None:
    before, live = read_commands(shop), read_live(machine, shop)
    shop.configure_site("shop", release={"command": LARGE}, environment={"STAGE": "second"})
    with machine.full(but=50_000):
        failed = [shop.up(fails=True, door="make") for _ in range(2)]
        kept = read_live(machine, shop)
    for one in failed:
        assert "The disk of the Docker engine is full" in one.output and "keeps serving" in one.output, one.tail()
        assert "Traceback" not in one.output and "provider2.go" not in one.output, one.tail()
    shop.up(door="make")
    figures.record(
        "P2",
        "the disk of the data is full while a release command writes, twice: its release serves; good with space",
        target="yes; yes",
        measured=f"{kept == live}; {read_live(machine, shop) != live}",
        met=kept == live != read_live(machine, shop) and read_commands(shop) == [*before, "large"],
    )


def await_answer(machine: Machine, deployment: Deployment) -> None:
    """Wait until the machine serves again, by itself."""
    end = time.monotonic() + 120
    while True:
        try:
            read_live(machine, deployment)
        except (OSError, ValueError, KeyError, AssertionError):
            assert time.monotonic() < end
            time.sleep(0.5)
        else:
            return
