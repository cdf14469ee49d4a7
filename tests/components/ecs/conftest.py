"""What the tests of components/ecs share."""

import pytest

from tests.components.ecs.sample import deploy_both
from tests.components.recorder import Recorder
from tests.config.sample import SHOP, write_files


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """All that a stack of two sites registers; the tests only look."""
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)
    return deploy_both(root)
