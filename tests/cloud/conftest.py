"""What the tests of the double share, and what takes a VM."""

from pathlib import Path

import pytest

from tests.cloud.caller import Caller
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.kinds import INSTANCE, SUBNET, VPC
from tests.docker.figures import FIGURES, LEFT_OUT, Figures
from tests.docker.machine import find_obstacle

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes a VM, and say so, where nobody could start one."""
    ours = [item for item in items if item.path.parent == HERE]
    out = [item for item in ours if item.get_closest_marker("machine")]
    if out and (obstacle := find_obstacle()):
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)
        LEFT_OUT.append(f"{len(out)} tests of a VM on AWS are left out: {obstacle}")
    for item in ours:
        if "figures" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.figures)


@pytest.fixture
def figures() -> Figures:
    """What the tests measured: see tests/docker/figures.py."""
    return FIGURES


@pytest.fixture
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    return Caller(tmp_path, monkeypatch)


@pytest.fixture
def vpc(caller: Caller) -> Thing:
    return caller.create(VPC, "vpc", cidrBlock="10.0.0.0/16")


@pytest.fixture
def subnet(caller: Caller, vpc: Thing) -> Thing:
    return caller.create(SUBNET, "subnet", vpcId=vpc.id, cidrBlock="10.0.0.0/24")


@pytest.fixture
def instance(caller: Caller, subnet: Thing) -> Thing:
    return caller.create(
        INSTANCE, "instance", ami="ami-1", instanceType="t4g.small", subnetId=subnet.id, tags={"Name": "one"}
    )
