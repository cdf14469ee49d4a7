"""Where there is no browser, its tests are left out, and the run says so."""

import shutil
from pathlib import Path

import pytest

from tests.docker.figures import LEFT_OUT

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Set-up installs Chromium where it may use apt (scripts/setup/chromium.sh)."""
    out = [item for item in items if item.path.is_relative_to(HERE)]
    missing = [name for name in ("chromium", "certutil") if not shutil.which(name)]
    if out and missing:
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)
        LEFT_OUT.append(f"{len(out)} tests of a browser are left out: there is no {' and no '.join(missing)}")
