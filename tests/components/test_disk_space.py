"""An update does not begin where Pulumi's state has no disk space."""

import shutil
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.state_disk import require_disk_space


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)

    def disk_usage(_: Any) -> Any:
        return shutil._ntuple_diskusage(10**9, 10**9 - 3 * 2**20, 3 * 2**20)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)


@pytest.mark.usefixtures("nearly_full")
def test_a_nearly_full_disk_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".state").mkdir()
    with pytest.raises(pulumi.RunError, match="has 3 MB left, and 20 are needed"):
        require_disk_space(tmp_path)


@pytest.mark.usefixtures("nearly_full")
def test_the_folder_that_the_environment_names_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    with pytest.raises(pulumi.RunError, match=str(tmp_path)):
        require_disk_space(tmp_path / "project")


@pytest.mark.usefixtures("nearly_full")
def test_a_state_that_lies_elsewhere_is_not_our_concern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".state").mkdir()
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")
    require_disk_space(tmp_path)


def test_there_is_disk_space_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    (tmp_path / ".state").mkdir()
    require_disk_space(tmp_path)
