"""What the tests of config/ share."""

from pathlib import Path

import pytest

from tests.config.sample import SHOP, write_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a Pulumi.yaml, with one application, `shop`, in it."""
    write_files(tmp_path / "shop", SHOP)
    return tmp_path
