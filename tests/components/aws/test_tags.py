"""Everything on AWS that takes tags says what it is and whose."""

from pathlib import Path

import pytest

from tests.components.aws.sample import make_host
from tests.components.tagged import UNTAGGED, check_tags, takes_tags


def test_everything_is_tagged(root: Path) -> None:
    made = make_host(root, {"tags": {"Owner": "ann"}, "dns": {"zone": "Z0", "name": "shop.example"}})
    check_tags(made, "ann", more_than=15)


@pytest.mark.parametrize("type", sorted(UNTAGGED))
def test_what_has_none_cannot_have_any(type: str) -> None:
    assert not takes_tags(type)
