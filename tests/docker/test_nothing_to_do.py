"""An `up` with nothing to do does nothing, and does it fast."""

import pytest

from tests.docker.engine import Deployment

pytestmark = pytest.mark.docker


def test_preview_finds_nothing(two_sites: Deployment) -> None:
    assert two_sites.preview("--expect-no-changes").changes == 0


def test_refresh_and_preview_find_nothing(two_sites: Deployment) -> None:
    assert two_sites.refresh("--expect-no-changes").changes == 0
    assert two_sites.preview("--expect-no-changes").changes == 0


def test_up_changes_nothing(two_sites: Deployment) -> None:
    before = two_sites.ids()
    result = two_sites.up("--expect-no-changes")
    print(f"up with nothing to do: {result.seconds:.1f} s")
    assert result.changes == 0
    assert two_sites.ids() == before
