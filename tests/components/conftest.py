"""What the tests of components/ share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.certbot_scene import Scene, make_scene
from tests.components.recorder import Recorder, use_loop
from tests.components.sample import deploy_both
from tests.components.switch_folder import SwitchFolder
from tests.config.sample import SHOP, write_files


@pytest.fixture(autouse=True)
def builders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a run keeps its builders, instead of in the user's own folder."""
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    return tmp_path / "buildx" / "instances"


@pytest.fixture(autouse=True)
def loop() -> None:
    """Whatever ran before in this process, Pulumi finds an event loop: hooks ask for one as they are made."""
    use_loop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a Pulumi.yaml, with one application, `shop`, in it."""
    write_files(tmp_path / "shop", SHOP)
    return tmp_path


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The volumes of certificates, and a certbot that does as a test tells it."""
    return make_scene(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """All that a stack of two sites registers; the tests only look."""
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)
    return deploy_both(root)


@pytest.fixture
def here() -> Iterator[SwitchFolder]:
    """Folders for the scripts of the switch."""
    with tempfile.TemporaryDirectory(prefix="portico-") as folder:
        made = SwitchFolder(Path(folder))
        yield made
        made.stop()
