"""Whatever is set, AWS takes what is planned: botocore knows every parameter with its lengths, moto every reference."""

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
from tests.components.recorder import run
from tests.policies.recorded import read_graph
from tests.program.stackfile import spell_config
from tests.property.pool import Tried, holds_for_stacks

RECORD = "aws:route53/record:Record"


@holds_for_stacks("ecs", every=4)
@pytest.mark.extended
def test_aws_takes_any_fleet_and_it_keeps_the_rules(stack: Tried) -> None:
    graph = plan(stack)
    with mock_aws():
        # moto's zone would have to answer for names that are made up.
        replay = Replay([one for one in graph if one.type != RECORD])
    assert len(replay.made) > 40
    assert [str(violation) for violation in check(graph)] == []


def plan(stack: Tried) -> Graph:
    """All that such a stack registers."""
    values: dict[str, Any] = dict(stack.values)
    # A certificate that is there already, and zones of each letter: moto has none of both.
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
