"""What goes wrong while one VM takes the place of another, and what the next update makes of it.

One deployment lives through all of it, so the tests run in this order.
"""

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.cloud.deployment import AwsDeployment
from tests.docker.applications import write_offline
from tests.docker.ask import get
from tests.docker.engine import HELLO

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.soak, pytest.mark.timeout(2400)]

OTHER = "ami-0fedcba9876543210"


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsDeployment]:
    deployment = AwsDeployment(tmp_path_factory.mktemp("moves"), HELLO)
    write_offline(deployment, "hello")
    with deployment:
        deployment.up()
        yield deployment


@pytest.fixture(scope="module")
def good(prod: AwsDeployment) -> str:
    """The source of a release that works."""
    return module(prod).read_text()


def module(prod: AwsDeployment) -> Path:
    return min(prod.source("hello").glob("*.py"))


def serving(prod: AwsDeployment) -> str:
    return str(get(prod.port, "localhost", "/whoami", address=prod.address).json()["release"])


def test_a_release_that_fails_on_the_new_vm_leaves_the_old_one_serving(prod: AwsDeployment, good: str) -> None:
    before, release, known = prod.instance.id, serving(prod), len(prod.cloud.journal())
    module(prod).write_text(f"{good}\nimport nothing_of_that_name\n")
    prod.change_aws(ami=OTHER)
    failed = prod.up(fails=True)
    assert "hello-gunicorn-vm-2-0 did not become healthy" in failed.output
    assert serving(prod) == release
    happened = prod.happened(known)
    assert ("create", "Instance") in happened and ("move", "Eip") not in happened
    assert before in [line["id"] for line in prod.cloud.journal()[:known]]


def test_the_next_good_update_finishes_the_move(prod: AwsDeployment, good: str) -> None:
    known = len(prod.cloud.journal())
    module(prod).write_text(f"{good}\n# fixed\n")
    prod.up()
    happened = prod.happened(known)
    # The VM of the failed update is filled; no third one is made.
    assert ("create", "Instance") not in happened
    assert happened.index(("move", "Eip")) < happened.index(("delete", "Instance"))
    assert prod.instance.inputs["ami"] == OTHER and prod.present() == prod.wanted()
    assert prod.up().changes == 0


def test_a_refresh_that_a_lost_vm_has_failed_is_not_in_the_way(prod: AwsDeployment) -> None:
    before, address = prod.instance.id, prod.address
    engine = docker.from_env()
    engine.containers.get(before).remove(force=True)
    engine.close()
    prod.pulumi("refresh", "--stack", prod.name, "--yes", "--skip-preview", fails=True)
    prod.up()
    assert prod.instance.id != before and prod.address == address
    assert serving(prod) == prod.outputs()["releases"]["hello"]
    assert prod.present() == prod.wanted()
    assert prod.up().changes == 0
