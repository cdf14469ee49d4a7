"""Whatever is set, AWS takes what is planned: botocore knows every parameter with its lengths, moto every reference."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from moto import mock_aws
from pulumi.runtime import set_all_config

from portico.components.deploy import deploy
from portico.config.load import load
from portico.policies import check
from portico.policies.graph import Graph
from tests.cloud.replay import Replay
from tests.components.aws.sample import make_host
from tests.components.recorder import run
from tests.config.sample import SHOP, make_site, write_files
from tests.policies.recorded import read_graph
from tests.program.conftest import reach_everything
from tests.program.stackfile import spell_config
from tests.property.machines import machines
from tests.property.pool import Tried, holds_for_stacks
from tests.property.profile import SOAK, collect, holds_for
from tests.property.simple_values import Values

# VMs that `make test` tries; `make soak` tries 500.
_MACHINES = 4
RECORD = "aws:route53/record:Record"
pytestmark = pytest.mark.timeout(3600 if SOAK else 600)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a Pulumi.yaml with one site; AWS's own images and kinds of VMs are left out of moto."""
    root = tmp_path_factory.mktemp("machines")
    write_files(root / "shop", SHOP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        # One account for all: to fill it with AWS's own policies takes seconds.
        with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
            yield root


@pytest.mark.extended
@holds_for_stacks("ecs", every=4)
def test_aws_takes_any_fleet_and_it_keeps_the_rules(stack: Tried) -> None:
    graph = plan(stack)
    with mock_aws():
        # moto's zone would have to answer for names that are made up.
        replay = Replay([one for one in graph if one.type != RECORD])
    assert len(replay.made) > 40
    assert [str(violation) for violation in check(graph)] == []


def check_machine(root: Path, machine: Values) -> None:
    data = [{"name": "store", "path": "/var/lib/shop"}] if machine["data"] else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILDX_CONFIG", str(root / "buildx"))
        reach_everything(patch)
        made = make_host(root, machine["section"], sites=[make_site(data=data)], **machine["stack"])
    graph = [one for one in read_graph(made) if one.type != RECORD]
    replay = Replay(graph)
    assert len(replay.made) > 15
    assert [str(violation) for violation in check(graph)] == []


def test_aws_takes_some_machines_and_they_keep_the_rules(shop: Path) -> None:
    for machine in collect(_MACHINES, machines()):
        try:
            check_machine(shop, machine)
        except BaseException as error:
            error.add_note(f"The machine: {machine}")
            raise


@pytest.mark.soak
@holds_for(machine=machines())
def test_aws_takes_any_machine_and_it_keeps_the_rules(shop: Path, machine: Values) -> None:
    check_machine(shop, machine)


def plan(stack: Tried) -> Graph:
    """All that such a stack registers."""
    values: dict[str, Any] = dict(stack.values)
    # A certificate that is there already, and zones of each letter: moto has none of both.
    # Without one a stack is not protected.
    values.pop("protect", None)
    values["ecs"] = {key: value for key, value in values["ecs"].items() if key not in ("certificate", "zones")}
    secrets = {
        site["name"]: {"KEY": "hidden"} | dict.fromkeys(site.get("buildSecrets", ()), "reported")
        for site in values["sites"]
    }

    def build() -> None:
        set_all_config(spell_config({**values, "secrets": secrets}))
        for name, value in deploy(load(stack.root, None), stack.root, {}).outputs.items():
            pulumi.export(name, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUILDX_CONFIG", str(stack.root / "buildx"))
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        # Host names are made up, and in no zone.
        patch.setattr("portico.components.ecs.deploy.require_zone", lambda *_: None)
        return read_graph(run(build))
