"""A full disk, the engine's or that of Pulumi's state: what served keeps serving; the next `up` with space is good.

On a machine of the test's own (tests/docker/machine.py).
"""

import json
import sys

import pytest

from tests.docker.applications import OFFLINE
from tests.docker.conftest import TARGETS
from tests.docker.engine import Deployment
from tests.docker.figures import Figures
from tests.docker.machine import Machine
from tests.docker.traffic import standard

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.extended]

REPORTED = "The disk of the Docker engine is full. What served before keeps serving."
STATE = "48m"  # one update adds less than one


def releases(deployment: Deployment) -> dict[str, str]:
    found: dict[str, str] = deployment.outputs()["releases"]
    return found


def resources(state: str) -> object:
    """What a state file lists; the time in it is that of each run, and so is what a secret is spelled as.

    Its order does not matter: a run that ends early lists first what it came to.
    """
    listed = sorted(json.loads(state)["checkpoint"]["latest"]["resources"], key=lambda one: str(one["urn"]))
    return json.loads(json.dumps(listed), object_hook=lambda one: "[secret]" if "ciphertext" in one else one)


# Disk space for a container but not for a build, and disk space for nothing.
@pytest.mark.parametrize("left", [20_000, pytest.param(0, marks=pytest.mark.soak)])
def test_a_release_that_the_disk_cannot_hold(machine: Machine, served: Deployment, figures: Figures, left: int) -> None:
    before = releases(served)
    with machine.network(), standard(served, *TARGETS) as load:
        load.wait(1)
        with machine.full(but=left):
            served.edit("hello", f"# with {left}")
            served.write("hello", "Dockerfile", OFFLINE + "RUN head -c 100M /dev/zero >/large && rm /large\n")
            failed = served.up(fails=True)
            # NGINX's log, and Docker's own notes of the health checks, find no disk space either.
            load.wait(3)
            assert releases(served) == before
        assert failed.output.count(REPORTED) >= 1, failed.tail()
        assert "Error response from daemon" in failed.output or "buildx build" in failed.output, failed.tail()
        assert "Traceback" not in failed.output, failed.tail()
        served.write("hello", "Dockerfile", OFFLINE)
        served.up()
        load.wait(1)
    report = load.report()
    print(f"\n{left} KiB left: {report.details()}")
    figures.record(
        "C11",
        f"the engine's disk has {left // 1000} MB left, {report.sent} requests",
        target="0 failed",
        measured=f"{report.failed} failed",
        met=report.lossless,
    )
    assert set(report.seen) == {f"{site}/{id}" for kept in (before, releases(served)) for site, id in kept.items()}
    assert served.present() == served.wanted()
    assert served.up().changes == 0


# No disk space for a lock; for a part of the state, which is then torn; for the state once, and more often.
@pytest.mark.parametrize("left", [0, *(pytest.param(left, marks=pytest.mark.soak) for left in (100, 200, 400))])
def test_a_state_that_cannot_be_written(machine: Machine, served: Deployment, figures: Figures, left: int) -> None:
    state = served.folder / ".state"
    file = f"{state}/.pulumi/stacks/portico/{served.name}.json"
    with machine.small_disk(state, STATE), machine.network(), standard(served, *TARGETS) as load:
        before = resources(machine.run("cat", file))
        with machine.full(state, but=left):
            served.edit("hello", f"# state with {left}")
            failed = served.up(fails=True)
            assert "no space left on device" in failed.output, failed.tail()
            print(f"\n{left} KiB left: {failed.tail()}")
        # As `make up` does, for an empty lock and a torn state.
        fix = "import sys, pathlib, portico.cli.torn_state as t; print(*t.fix_all(pathlib.Path(sys.argv[1])))"
        print(machine.run(sys.executable, "-c", fix, str(state)))
        assert resources(machine.run("cat", file)) == before
        served.up()
        load.wait(1)
        assert served.present() == served.wanted()
        assert served.up().changes == 0
    report = load.report()
    print(report.details())
    figures.record(
        "C11",
        f"the state's disk has {left} kB left, {report.sent} requests",
        target="0 failed",
        measured=f"{report.failed} failed",
        met=report.lossless,
    )
