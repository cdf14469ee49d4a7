"""Everything on AWS that takes tags says what it is and whose."""

from pathlib import Path

import pytest

from tests.components.ecs.sample import SECTION, SHOP, deploy
from tests.components.recorder import Recorder
from tests.components.sample import SECRET
from tests.components.tagged import check_tags


@pytest.mark.parametrize("network", ["public", "nat", "endpoints"])
def test_everything_is_tagged(root: Path, network: str) -> None:
    section = SECTION | {"tags": {"Owner": "ann"}, "network": network}
    made = deploy(root, SHOP, section=section, secrets={"shop": {"KEY": SECRET}})
    check_tags(made, "ann", more_than=30)


def test_tags_hold_what_aws_takes(made: Recorder) -> None:
    for one in made.resources:
        for value in (one.inputs.get("tags") or {}).values():
            assert not set(value) & set("*?[]{}"), one.name
