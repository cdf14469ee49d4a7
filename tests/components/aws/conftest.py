"""What the tests of components/aws share."""

from pathlib import Path

import pytest

from tests.components.aws.sample import make_host
from tests.components.recorder import Recorder
from tests.config.sample import SHOP, write_files
from tests.program.conftest import reach_everything


@pytest.fixture(autouse=True)
def reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No machine is asked, and nothing is written beside the program."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    reach_everything(monkeypatch)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """All that a host with the usual settings registers; the tests only look."""
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("BUILDX_CONFIG", str(root / "buildx"))
        reach_everything(patch)
        return make_host(root)
