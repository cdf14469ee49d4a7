"""What the tests of the double share."""

from pathlib import Path

import pytest

from tests.cloud.caller import Caller
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.kinds import INSTANCE, SUBNET, VPC


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
